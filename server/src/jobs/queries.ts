import type { Uuid } from '@reeve/base'
import { type Insertable, type Selectable, sql } from 'kysely'
import type { Schema } from '../db/__generated__/schema.ts'
import type { Executor, Tx } from '../db/database.ts'

/** All SQL of jobs: the queue, who is at what, and what is said meanwhile. */

export type JobRow = Selectable<Schema['provisioner_jobs']>
export type LineRow = Selectable<Schema['provisioner_job_lines']>

export const jobsChannel = 'reeve_jobs'

export async function insertJob(tx: Tx, row: Insertable<Schema['provisioner_jobs']>): Promise<void> {
  await tx.insertInto('provisioner_jobs').values(row).execute()
}

/** Heard by every replica when the transaction commits; an id and a word, since a payload is 8 kB at most. */
export async function notifyJobs(db: Executor, kind: 'new' | 'cancel' | 'lines' | 'end', job: Uuid): Promise<void> {
  await sql`select pg_notify(${jobsChannel}, ${JSON.stringify({ kind, job })})`.execute(db)
}

export const findJob = (db: Executor, id: Uuid): Promise<JobRow | undefined> =>
  db.selectFrom('provisioner_jobs').selectAll().where('id', '=', id).executeTakeFirst()

export const selectJobs = (db: Executor, ids: readonly Uuid[]): Promise<JobRow[]> =>
  ids.length === 0
    ? Promise.resolve([])
    : db.selectFrom('provisioner_jobs').selectAll().where('id', 'in', ids).execute()

export interface Worker {
  readonly id: Uuid
  readonly name: string
}

/** Leases run by the clock of the database: those of servers may differ by more than a lease. */
const leaseUntil = (leaseMs: number) => sql<Date>`now() + ${leaseMs} * interval '1 millisecond'`

/** The next one that waits, for this worker; those that others are about to take are passed over. */
export function claimJob(
  db: Executor,
  types: readonly string[],
  worker: Worker,
  now: Date,
  leaseMs: number,
): Promise<JobRow | undefined> {
  const lease = { worker_id: worker.id, worker_name: worker.name, lease_until: leaseUntil(leaseMs) }
  return db
    .updateTable('provisioner_jobs')
    .set({ started_at: now, updated_at: now, ...lease })
    .where('id', '=', (where) =>
      where
        .selectFrom('provisioner_jobs')
        .select('id')
        .where('started_at', 'is', null)
        .where('completed_at', 'is', null)
        .where('type', 'in', types)
        .orderBy('priority', 'desc')
        .orderBy('id')
        .limit(1)
        .forUpdate()
        .skipLocked(),
    )
    .returningAll()
    .executeTakeFirst()
}

/** When it was asked to end, if it was; undefined when the job is this worker's no more. */
export const extendLease = (
  db: Executor,
  id: Uuid,
  workerId: Uuid,
  now: Date,
  leaseMs: number,
): Promise<{ readonly canceled_at: Date | null } | undefined> =>
  db
    .updateTable('provisioner_jobs')
    .set({ lease_until: leaseUntil(leaseMs), updated_at: now })
    .where('id', '=', id)
    .where('worker_id', '=', workerId)
    .where('completed_at', 'is', null)
    .returning('canceled_at')
    .executeTakeFirst()

/** Nobody else changes it until the transaction ends. */
export const lockJob = (tx: Tx, id: Uuid): Promise<JobRow | undefined> =>
  tx.selectFrom('provisioner_jobs').selectAll().where('id', '=', id).forUpdate().executeTakeFirst()

export interface Ending {
  readonly error: string | null
  readonly errorCode: string | null
}

export async function finishJob(tx: Tx, id: Uuid, { error, errorCode }: Ending, now: Date): Promise<void> {
  await tx
    .updateTable('provisioner_jobs')
    .set({ completed_at: now, updated_at: now, lease_until: null, error, error_code: errorCode })
    .where('id', '=', id)
    .execute()
}

export async function markCanceled(tx: Tx, id: Uuid, now: Date): Promise<void> {
  await tx
    .updateTable('provisioner_jobs')
    .set({ canceled_at: now, updated_at: now })
    .where('id', '=', id)
    .where('canceled_at', 'is', null)
    .execute()
}

/** One whose worker has not been heard of within its lease. */
export const lockAbandoned = (tx: Tx, types: readonly string[]): Promise<JobRow | undefined> =>
  tx
    .selectFrom('provisioner_jobs')
    .selectAll()
    .where('lease_until', '<', sql<Date>`now()`)
    .where('type', 'in', types)
    .where('completed_at', 'is', null)
    .orderBy('lease_until')
    .limit(1)
    .forUpdate()
    .skipLocked()
    .executeTakeFirst()

/** Where it stands among those that wait, from 1; 0 for one that does not wait. */
export async function selectPositions(
  db: Executor,
  ids: readonly Uuid[],
): Promise<{ readonly size: number; readonly positions: ReadonlyMap<Uuid, number> }> {
  const { rows } = await sql<{ id: Uuid; position: number; size: number }>`
    with waiting as (
      select id, row_number() over (order by priority desc, id)::int as position, (count(*) over ())::int as size
      from provisioner_jobs where started_at is null and completed_at is null)
    select id, position, size from waiting where id = any(${ids}::uuid[])
    union all (select id, position, size from waiting limit 1)`.execute(db)
  return {
    size: rows[0]?.size ?? 0,
    positions: new Map(rows.filter(({ id }) => ids.includes(id)).map(({ id, position }) => [id, position])),
  }
}

export interface NewLine {
  readonly at: Date
  readonly source: string
  readonly level: string
  readonly stage: string
  readonly output: string
}

/** False when the job is this worker's no more: what it still says is nobody's. */
export async function appendLines(
  tx: Tx,
  id: Uuid,
  workerId: Uuid,
  {
    lines,
    bytes,
    overflowed,
  }: { readonly lines: readonly NewLine[]; readonly bytes: number; readonly overflowed: boolean },
): Promise<boolean> {
  const counted = await tx
    .updateTable('provisioner_jobs')
    .set((of) => ({
      log_lines: of('log_lines', '+', lines.length),
      log_bytes: of('log_bytes', '+', bytes),
      ...(overflowed ? { log_overflowed: true } : {}),
    }))
    .where('id', '=', id)
    .where('worker_id', '=', workerId)
    .where('completed_at', 'is', null)
    .returning('log_lines')
    .executeTakeFirst()
  if (counted === undefined) return false
  const first = counted.log_lines - lines.length
  const rows = lines.map((line, index) => ({ job_id: id, seq: first + index + 1, ...line }))
  await tx.insertInto('provisioner_job_lines').values(rows).execute()
  return true
}

export function selectLines(
  db: Executor,
  id: Uuid,
  { after, before, limit }: { readonly after: number; readonly before: number | null; readonly limit: number },
): Promise<LineRow[]> {
  const lines = db.selectFrom('provisioner_job_lines').selectAll().where('job_id', '=', id).where('seq', '>', after)
  return (before === null ? lines : lines.where('seq', '<', before)).orderBy('seq').limit(limit).execute()
}

/** How many wait and how many are worked on, by type, and since when the oldest waits. */
export async function countOpen(
  db: Executor,
): Promise<
  readonly { readonly type: string; readonly status: string; readonly count: number; readonly oldest: Date }[]
> {
  const { rows } = await sql<{ type: string; status: string; count: number; oldest: Date }>`
    select type, status, count(*)::int as count, min(created_at) as oldest
    from provisioner_jobs where completed_at is null group by type, status`.execute(db)
  return rows
}
