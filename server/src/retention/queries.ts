import { sql } from 'kysely'
import { type Executor, type Tx } from '../db/database.ts'
import { isHeld } from './hold-queries.ts'

/** All SQL of retention. */

const lockKey = 'reeve retention'

/** One replica at a time; the lock goes with the transaction. */
export async function tryLock(tx: Tx): Promise<boolean> {
  const { rows } = await sql<{ ours: boolean }>`select pg_try_advisory_xact_lock(hashtext(${lockKey})) as ours`.execute(
    tx,
  )
  return rows[0]?.ours === true
}

/** The UTC days that have a partition, oldest first, as YYYYMMDD. */
export async function findDays(db: Executor): Promise<string[]> {
  const { rows } = await sql<{ day: string }>`
    select distinct substring(child.relname from '\\d{8}$') as day
    from pg_inherits
    join pg_class child on child.oid = inhrelid
    join pg_class parent on parent.oid = inhparent
    where parent.oid in ('interceptions'::regclass, 'interception_items'::regclass) and child.relname ~ '_\\d{8}$'
    order by day`.execute(db)
  return rows.map((row) => row.day)
}

/** How many may go, and how many are held. */
export async function countInterceptions(db: Executor, day: string): Promise<{ free: number; held: number }> {
  const { rows } = await sql<{ free: number; held: number }>`
    select count(*) filter (where not held)::int as free, count(*) filter (where held)::int as held
    from (select ${isHeld('i')} as held from ${sql.table(`interceptions_${day}`)} i) as each`.execute(db)
  return rows[0] ?? { free: 0, held: 0 }
}

/** Of a day that is held in part, what is not held. */
export async function deleteFree(tx: Tx, day: string): Promise<void> {
  const interceptions = sql.table(`interceptions_${day}`)
  await sql`delete from ${interceptions} i where not ${isHeld('i')}`.execute(tx)
  await sql`delete from ${sql.table(`interception_items_${day}`)} t
    where not exists (select from ${interceptions} i where i.id = t.interception_id)`.execute(tx)
}

export async function hasDay(db: Executor, day: string): Promise<boolean> {
  const { rows } = await sql<{
    there: boolean
  }>`select to_regclass(${`interceptions_${day}`}) is not null as there`.execute(db)
  return rows[0]?.there === true
}

/**
 * Drops both partitions of a day. The parents are locked first and in the order in which the drain uses them, so that
 * neither waits for the other in a circle.
 */
export async function dropDay(tx: Tx, day: string): Promise<void> {
  await sql`lock table interceptions, interception_items in access exclusive mode`.execute(tx)
  await sql`drop table if exists ${sql.table(`interceptions_${day}`)}`.execute(tx)
  await sql`drop table if exists ${sql.table(`interception_items_${day}`)}`.execute(tx)
}

const emptySessions = (before: Date) => sql`
  select s.id from sessions s
  where s.last_active_at < ${before} and not exists (select from interceptions i where i.session_id = s.id)`

export async function countEmptySessions(db: Executor, before: Date): Promise<number> {
  const { rows } = await sql<{
    count: number
  }>`select count(*)::int as count from (${emptySessions(before)}) as empty`.execute(db)
  return rows[0]?.count ?? 0
}

/** In steps: a long delete holds locks that the drain waits for. */
export async function deleteEmptySessions(db: Executor, before: Date, limit: number): Promise<number> {
  const { numAffectedRows } =
    await sql`delete from sessions where id in (${emptySessions(before)} limit ${limit} for update of s skip locked)`.execute(
      db,
    )
  return Number(numAffectedRows ?? 0)
}

/** Bytes that nothing has referred to since, but those that a held interception from before the limit is made of. */
const freeBlobs = (before: Date, heldBelowId: string) => sql`
  last_referenced_at < ${before} and (organization_id, encode(sha256, 'hex')) not in (
    select i.organization_id, slice ->> 'sha256' from interceptions i, jsonb_array_elements(
      coalesce(i.request_slices, '[]'::jsonb) || coalesce(i.response_slices, '[]'::jsonb)) as slice
    where i.id < ${heldBelowId}::uuid and ${isHeld('i')} and slice ->> 'sha256' is not null)`

export async function measureBlobs(
  db: Executor,
  before: Date,
  heldBelowId: string,
): Promise<{ count: number; bytes: number }> {
  const { rows } = await sql<{ count: number; bytes: number }>`
    select count(*)::int as count, coalesce(sum(length(bytes)), 0)::bigint as bytes
    from blobs where ${freeBlobs(before, heldBelowId)}`.execute(db)
  return rows[0] ?? { count: 0, bytes: 0 }
}

export async function deleteBlobs(
  db: Executor,
  before: Date,
  heldBelowId: string,
  limit: number,
): Promise<{ count: number; bytes: number }> {
  const { rows } = await sql<{ count: number; bytes: number }>`
    with gone as (
      delete from blobs where (organization_id, sha256) in (
        select organization_id, sha256 from blobs where ${freeBlobs(before, heldBelowId)}
        order by organization_id, sha256 limit ${limit} for update skip locked)
      returning length(bytes) as bytes)
    select count(*)::int as count, coalesce(sum(bytes), 0)::bigint as bytes from gone`.execute(db)
  return rows[0] ?? { count: 0, bytes: 0 }
}

/** Rows of days that cannot be, in the default partitions, that are older than the limit. */
export async function deleteStrays(db: Executor, belowId: string): Promise<number> {
  await sql`delete from interception_items_default t where t.interception_id < ${belowId}::uuid
    and not exists (select from interceptions i where i.id = t.interception_id and ${isHeld('i')})`.execute(db)
  const { numAffectedRows } =
    await sql`delete from interceptions_default i where i.id < ${belowId}::uuid and not ${isHeld('i')}`.execute(db)
  return Number(numAffectedRows ?? 0)
}
