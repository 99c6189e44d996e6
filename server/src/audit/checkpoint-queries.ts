import { type Insertable, type Selectable, sql } from 'kysely'
import type { Schema } from '../db/__generated__/schema.ts'
import type { Executor, Tx } from '../db/database.ts'

/** SQL of checkpoints, keys and the records of removals. */

export type CheckpointRow = Selectable<Schema['audit_checkpoints']>

export async function lastCheckpoint(db: Executor): Promise<CheckpointRow | null> {
  const row = await db.selectFrom('audit_checkpoints').selectAll().orderBy('number', 'desc').limit(1).executeTakeFirst()
  return row ?? null
}

export async function insertCheckpoint(tx: Tx, row: Insertable<Schema['audit_checkpoints']>): Promise<void> {
  await tx.insertInto('audit_checkpoints').values(row).execute()
}

/** In the order of their numbers. */
export async function selectCheckpoints(db: Executor, afterNumber: number, limit: number): Promise<CheckpointRow[]> {
  return db
    .selectFrom('audit_checkpoints')
    .selectAll()
    .where('number', '>', afterNumber)
    .orderBy('number')
    .limit(limit)
    .execute()
}

/** How far each replica's journal is in the database, as one hash that its frames lead to. */
export async function selectJournalHeads(db: Executor): Promise<{ replicaId: string; seq: number; hash: string }[]> {
  const rows = await db
    .selectFrom('journal_checkpoints')
    .select(['replica_id', 'seq', 'chain_hash'])
    .where('chain_hash', 'is not', null)
    .orderBy('replica_id')
    .execute()
  return rows.map((row) => ({
    replicaId: row.replica_id,
    seq: row.seq,
    hash: row.chain_hash?.toString('base64') ?? '',
  }))
}

export async function selectHashAt(db: Executor, seq: number): Promise<Buffer | null> {
  const row = await db.selectFrom('audit_links').select('hash').where('seq', '=', seq).executeTakeFirst()
  return row?.hash ?? null
}

export async function insertKey(tx: Tx, row: Insertable<Schema['audit_keys']>): Promise<void> {
  await tx
    .insertInto('audit_keys')
    .values(row)
    .onConflict((conflict) => conflict.column('key_id').doNothing())
    .execute()
}

export async function selectKeys(db: Executor): Promise<Selectable<Schema['audit_keys']>[]> {
  return db.selectFrom('audit_keys').selectAll().orderBy('created_at').orderBy('key_id').execute()
}

export async function selectRemovals(db: Executor): Promise<{ note: string }[]> {
  return db.selectFrom('audit_removals').select('note').orderBy('first_seq').execute()
}

export interface RemovedRange {
  readonly first_seq: number
  readonly first_hash: Buffer
  readonly last_seq: number
  readonly last_hash: Buffer
  readonly removed: number
}

/** Null when there was nothing that might go. */
export async function removeEvents(tx: Tx, before: Date, most: number): Promise<RemovedRange | null> {
  const { rows } = await sql<RemovedRange>`select * from remove_audit_events(${before}, ${most})`.execute(tx)
  return rows[0] ?? null
}

export async function insertRemoval(tx: Tx, row: Insertable<Schema['audit_removals']>): Promise<void> {
  await tx.insertInto('audit_removals').values(row).execute()
}
