import type { Uuid } from '@reeve/base'
import { sql } from 'kysely'
import type { Executor, Tx } from '../db/database.ts'
import { sqlState } from '../db/failures.ts'
import { isHeld } from './hold-queries.ts'

/** SQL of removing requests and their words. */

/** Where rows are: the partition of a UTC day (YYYYMMDD), or what is in no day's partition. */
export type Place = string
export const strays: Place = 'default'

/** What is kept in partitions of days. */
export type DayTable = 'interceptions' | 'interception_items' | 'boundary_events'

/** The UTC days that have a partition, oldest first. */
export async function findDays(db: Executor, table: DayTable): Promise<Place[]> {
  const { rows } = await sql<{ day: string }>`
    select substring(child.relname from '\\d{8}$') as day
    from pg_inherits join pg_class child on child.oid = inhrelid
    where inhparent = ${table}::regclass and child.relname ~ '_\\d{8}$'
    order by day`.execute(db)
  return rows.map((row) => row.day)
}

export async function hasDay(db: Executor, day: Place): Promise<boolean> {
  const { rows } = await sql<{ there: boolean }>`
    select to_regclass(${`interceptions_${day}`}) is not null as there`.execute(db)
  return rows[0]?.there === true
}

/** Whose rows, and of which time. What is open stays until `openBelowId`: its end would bring the words back. */
export interface Due {
  readonly organizationId: Uuid
  readonly belowId: Uuid
  readonly openBelowId: Uuid
}

type RequestClass = 'content' | 'metadata'

/** Rows of the class in a place. Words that came late lie apart from the day of their request. */
function rowsOf(dataClass: RequestClass, place: Place) {
  const table = sql.table(`interceptions_${place}`)
  if (dataClass === 'metadata') return sql`${table} i where true`
  const hasWords = sql`(i.content_removed_at is null or i.request_slices is not null or i.response_slices is not null)`
  if (place !== strays) return sql`${table} i where ${hasWords}`
  // In the order in which whoever makes a day locks the two.
  return sql`interceptions i
    where i.id in (select d.id from interceptions_default d
      where d.content_removed_at is null or d.request_slices is not null or d.response_slices is not null
      union all select interception_id from interception_items_default)`
}

const isDue = ({ organizationId, belowId, openBelowId }: Due) => sql<boolean>`i.organization_id = ${organizationId}
  and i.id < ${belowId}::uuid and (i.ended_at is not null or i.id < ${openBelowId}::uuid)`

export async function findOrganizationsIn(db: Executor, dataClass: RequestClass, place: Place): Promise<Uuid[]> {
  const { rows } = await sql<{ id: Uuid }>`
    select distinct i.organization_id as id from ${rowsOf(dataClass, place)} order by 1`.execute(db)
  return rows.map((row) => row.id)
}

/** How many are due and may go, and how many are due and held. */
export async function countDue(
  db: Executor,
  dataClass: RequestClass,
  place: Place,
  due: Due,
): Promise<{ free: number; held: number }> {
  const { rows } = await sql<{ free: number; held: number }>`
    select count(*) filter (where not held)::int as free, count(*) filter (where held)::int as held
    from (select ${isHeld('i')} as held from ${rowsOf(dataClass, place)} and ${isDue(due)}) as each`.execute(db)
  return rows[0] ?? { free: 0, held: 0 }
}

/** How many rows of the class there are in a place, of whomever, whether they are due or not. */
export async function countAll(db: Executor, dataClass: RequestClass, place: Place): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from ${rowsOf(dataClass, place)}`.execute(db)
  return rows[0]?.count ?? 0
}

/** Which holds keep how many of those that are due. */
export async function countKept(
  db: Executor,
  dataClass: RequestClass,
  place: Place,
  due: Due,
): Promise<{ id: Uuid; keeps: number }[]> {
  const { rows } = await sql<{ id: Uuid; keeps: number }>`
    select h.id, count(*)::int as keeps from legal_holds h, lateral (
      select i.id from ${rowsOf(dataClass, place)} and ${isDue(due)}
        and (h.user_id is null or i.user_id = h.user_id)
        and (h.session_id is null or i.session_id = h.session_id)
        and (h.from_at is null or i.id >= uuidv7_floor(h.from_at))
        and (h.to_at is null or i.id < uuidv7_floor(h.to_at))) as kept
    where h.released_at is null group by h.id`.execute(db)
  return rows
}

/** The next that may go, in the order of their ids. */
export async function findFree(
  tx: Tx,
  dataClass: RequestClass,
  place: Place,
  due: Due,
  page: { readonly afterId: Uuid | null; readonly limit: number },
): Promise<Uuid[]> {
  const after = page.afterId === null ? sql`true` : sql`i.id > ${page.afterId}::uuid`
  const { rows } = await sql<{ id: Uuid }>`
    select i.id from ${rowsOf(dataClass, place)} and ${isDue(due)} and ${after} and not ${isHeld('i')}
    order by i.id limit ${page.limit}`.execute(tx)
  return rows.map((row) => row.id)
}

const bounds = (column: string, ids: readonly Uuid[]) => sql`${sql.ref(column)} = any(${ids}::uuid[])
  and ${sql.ref(column)} >= ${ids[0]}::uuid and ${sql.ref(column)} <= ${ids.at(-1)}::uuid`

/**
 * Takes away what was said in these requests, and leaves that it was said. Sessions are locked first and in the order of
 * the drain, so that neither waits for the other in a circle.
 */
export async function stripRequests(tx: Tx, ids: readonly Uuid[], at: Date): Promise<void> {
  await sql`
    select s.id from sessions s where s.id in (select i.session_id from interceptions i where ${bounds('i.id', ids)})
      and (s.first_prompt_from = any(${ids}::uuid[]) or s.last_prompt_from = any(${ids}::uuid[]))
    order by s.id for update`.execute(tx)
  await sql`
    update sessions s set content_removed_at = ${at},
      first_prompt = case when s.first_prompt_from = any(${ids}::uuid[]) then null else s.first_prompt end,
      last_prompt = case when s.last_prompt_from = any(${ids}::uuid[]) then null else s.last_prompt end
    where s.id in (select i.session_id from interceptions i where ${bounds('i.id', ids)})
      and (s.first_prompt_from = any(${ids}::uuid[]) or s.last_prompt_from = any(${ids}::uuid[]))`.execute(tx)
  await sql`
    update interceptions i set content_removed_at = ${at}, prompt = null, turn_sha256 = null, masked_fingerprints = '{}',
      request_slices = null, response_slices = null, sent = null, tool_names = coalesce(called.names, i.tool_names, '{}'),
      error_message = case when i.outcome in ('timeout', 'refused', 'interrupted', 'upstream_aborted')
        then i.error_message end
    from unnest(${ids}::uuid[]) as stripped (id)
    left join lateral (
      select array_agg(distinct t.tool_name order by t.tool_name) as names from interception_items t
      where t.interception_id = stripped.id and t.kind = 'tool_call' and t.tool_name is not null) as called on true
    where i.id = stripped.id and ${bounds('i.id', ids)}`.execute(tx)
}

export async function deleteItems(tx: Tx, ids: readonly Uuid[]): Promise<void> {
  await sql`delete from interception_items t where ${bounds('t.interception_id', ids)}`.execute(tx)
}

export async function deleteRequests(tx: Tx, ids: readonly Uuid[]): Promise<void> {
  await sql`delete from interceptions i where ${bounds('i.id', ids)}`.execute(tx)
}

/** Whose the objects are that providers keep: known as long as the request that made them. */
export async function forgetStoredObjects(tx: Tx, ids: readonly Uuid[], from: Date, to: Date): Promise<void> {
  await sql`delete from stored_objects o where o.created_at >= ${from} and o.created_at < ${to}
    and o.interception_id = any(${ids}::uuid[])`.execute(tx)
}

/**
 * Whether nobody is writing into the day, nor making a partition; from then on until the end of the transaction nobody
 * does. Whoever makes a day locks the default partitions of both tables, as a drop does, and would wait in a circle.
 */
export async function tryDay(tx: Tx, day: Place): Promise<boolean> {
  const { rows } = await sql<{ ours: boolean }>`
    select pg_try_advisory_xact_lock(hashtext('ensure_day_partitions'))
      and pg_try_advisory_xact_lock(hashtext('reeve day'), ${Number(day)}::int) as ours`.execute(tx)
  return rows[0]?.ours === true
}

const lockWaitMs = 150
const lockTries = 20
const lockNotAvailable = '55P03'

/**
 * Drops partitions of a day: of these tables. Everybody who uses a table waits behind whoever waits
 * for its lock, so that this one waits a moment, lets the others pass, and tries again. False when it never got it. The
 * tables are locked in the order in which the drain uses them.
 */
export async function dropDay(tx: Tx, day: Place, tables: readonly DayTable[]) {
  const names = sql.join(tables.map((table) => sql`only ${sql.table(table)}`))
  for (let tries = 0; tries < lockTries; tries++) {
    await sql`savepoint before_lock`.execute(tx)
    try {
      await sql`set local lock_timeout = ${sql.lit(lockWaitMs)}`.execute(tx)
      await sql`lock table ${names} in access exclusive mode`.execute(tx)
      for (const table of tables) await sql`drop table if exists ${sql.table(`${table}_${day}`)}`.execute(tx)
      await sql`set local lock_timeout to default`.execute(tx)
      return true
    } catch (thrown) {
      if (sqlState(thrown) !== lockNotAvailable) throw thrown
      await sql`rollback to savepoint before_lock`.execute(tx)
    }
  }
  return false
}
