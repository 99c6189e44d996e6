import type { Uuid } from '@reeve/base'
import { type Insertable, type Selectable, sql } from 'kysely'
import type { Schema } from '../db/__generated__/schema.ts'
import type { Executor, Tx } from '../db/database.ts'

/** SQL of dry runs; their jobs are in `jobs`. */

export type DryRunRow = Selectable<Schema['template_dry_runs']>

export async function insertDryRun(tx: Tx, row: Insertable<Schema['template_dry_runs']>): Promise<void> {
  await tx.insertInto('template_dry_runs').values(row).execute()
}

export const findDryRun = (db: Executor, jobId: Uuid): Promise<DryRunRow | undefined> =>
  db.selectFrom('template_dry_runs').selectAll().where('job_id', '=', jobId).executeTakeFirst()

export async function keepFound(tx: Tx, jobId: Uuid, found: string): Promise<void> {
  await tx.updateTable('template_dry_runs').set({ found }).where('job_id', '=', jobId).execute()
}

/** How many of these jobs somebody waits for. */
export async function countWaiting(db: Executor, type: string, initiatorId: Uuid): Promise<number> {
  const { count } = await db
    .selectFrom('provisioner_jobs')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('type', '=', type)
    .where('initiator_id', '=', initiatorId)
    .where('completed_at', 'is', null)
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** Answers that were given, and those that nobody waited for. */
export async function removeEnded(db: Executor, type: string, initiatorId: Uuid): Promise<void> {
  await sql`
    delete from provisioner_jobs
    where type = ${type} and initiator_id = ${initiatorId} and completed_at < now() - interval '1 minute'`.execute(db)
}

export async function removeJob(db: Executor, id: Uuid): Promise<void> {
  await db.deleteFrom('provisioner_jobs').where('id', '=', id).where('completed_at', 'is not', null).execute()
}
