import { type RawBuilder, type Selectable, sql } from 'kysely'
import type { Schema } from '../db/__generated__/schema.ts'
import type { Executor, Tx } from '../db/database.ts'
import { type SealedColumn, sealedColumns } from './sealed-columns.ts'

/** All SQL of the keyring: the keys that the database knows, and the sealed values of whatever table. */

export type KeyRow = Selectable<Schema['keyring_keys']>

/** Any number that nothing else locks: replicas that start together register their keys one after the other. */
const keysLock = 7_338_356_070

export async function lockKeys(tx: Tx): Promise<void> {
  await sql`select pg_advisory_xact_lock(${keysLock}::bigint)`.execute(tx)
}

/** Oldest first; empty in a database that has not got the table yet. */
export async function selectKeys(db: Executor): Promise<KeyRow[]> {
  if (!(await tableExists(db, 'keyring_keys'))) return []
  return db.selectFrom('keyring_keys').selectAll().orderBy('created_at').orderBy('id').execute()
}

export async function insertKey(tx: Tx, row: Pick<KeyRow, 'id' | 'sealed_check' | 'created_at'>): Promise<void> {
  await tx.insertInto('keyring_keys').values(row).execute()
}

export async function setRetired(tx: Tx, id: string, at: Date | null): Promise<void> {
  await tx.updateTable('keyring_keys').set({ retired_at: at }).where('id', '=', id).execute()
}

export async function tableExists(db: Executor, table: string): Promise<boolean> {
  const { rows } = await sql<{ found: boolean }>`select to_regclass(${table}) is not null as found`.execute(db)
  return rows[0]?.found === true
}

/** How many values of a column a key seals. */
export interface SealedCount {
  readonly column: SealedColumn
  readonly keyId: string
  readonly values: number
}

export async function countByColumn(
  db: Executor,
  columns: readonly SealedColumn[] = sealedColumns,
): Promise<SealedCount[]> {
  const counts: SealedCount[] = []
  for (const column of columns) {
    if (!(await tableExists(db, column.table))) continue
    const value = sql.ref(column.column)
    const { rows } = await sql<{ id: string; count: number }>`
      select ${keyIdIn(value)} as id, count(*)::integer as count
      from ${sql.table(column.table)} where ${value} is not null group by 1`.execute(db)
    counts.push(...rows.map(({ id, count }) => ({ column, keyId: id, values: count })))
  }
  return counts
}

/** How many values each key seals, over all columns. */
export async function countSealed(
  db: Executor,
  columns: readonly SealedColumn[] = sealedColumns,
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>()
  for (const { keyId, values } of await countByColumn(db, columns)) {
    counts.set(keyId, (counts.get(keyId) ?? 0) + values)
  }
  return counts
}

export interface SealedRow {
  readonly key: readonly string[]
  readonly sealed: string
}

/**
 * The next rows, in the order of their keys, whose value is sealed with another key than the given one. They are locked
 * until the transaction ends; rows that somebody else holds are left for the next walk.
 */
export async function lockStaleRows(
  tx: Tx,
  { table, column, key }: SealedColumn,
  keyId: string,
  after: readonly string[] | null,
  limit: number,
): Promise<SealedRow[]> {
  const keyTexts = key.map((name) => sql`${sql.ref(name)}::text collate "C"`)
  const value = sql.ref(column)
  const beyond =
    after === null ? sql`true` : sql`(${sql.join(keyTexts)}) > (${sql.join(after.map((part) => sql`${part}::text`))})`
  const { rows } = await sql<{ key: string[]; sealed: string }>`
    select array[${sql.join(key.map((name) => sql`${sql.ref(name)}::text`))}] as key, ${value} as sealed
    from ${sql.table(table)}
    where ${value} is not null and ${keyIdIn(value)} <> ${keyId} and ${beyond}
    order by ${sql.join(keyTexts)} limit ${limit} for update skip locked`.execute(tx)
  return rows
}

export async function replaceSealed(
  tx: Tx,
  { table, column, key }: SealedColumn,
  row: SealedRow,
  sealed: string,
): Promise<void> {
  const isRow = sql.join(
    key.map((name, index) => sql`${sql.ref(name)}::text = ${row.key[index]}`),
    sql` and `,
  )
  await sql`update ${sql.table(table)} set ${sql.ref(column)} = ${sealed} where ${isRow}`.execute(tx)
}

/** The part between the first two dots of a sealed text; what is not sealed gives an empty one, or something else. */
const keyIdIn = (value: RawBuilder<unknown>): RawBuilder<string> => sql<string>`split_part(${value}, '.', 2)`
