import type { Uuid } from '@reeve/base'
import type { ProvisionerJob, ProvisionerJobLog } from '@reeve/sdk'
import type { Executor } from '../db/database.ts'
import { type JobRow, type LineRow, selectJobs, selectPositions } from './queries.ts'

/** Jobs as the contract has them, by id, each with its place in the queue. */
export async function presentJobs(db: Executor, ids: readonly Uuid[]): Promise<ReadonlyMap<Uuid, ProvisionerJob>> {
  const [jobs, { size, positions }] = await Promise.all([selectJobs(db, ids), selectPositions(db, ids)])
  return new Map(jobs.map((job) => [job.id, presentJob(job, { position: positions.get(job.id) ?? 0, size })]))
}

const instant = (at: Date | null): string | null => at?.toISOString() ?? null

const presentJob = (row: JobRow, queue: { readonly position: number; readonly size: number }): ProvisionerJob => ({
  id: row.id,
  // SAFETY: what this release enqueues; the column's other values are those of the generated status.
  type: row.type as ProvisionerJob['type'],
  status: row.status as ProvisionerJob['status'],
  organization_id: row.organization_id,
  initiator_id: row.initiator_id,
  file_id: row.file_id,
  created_at: row.created_at.toISOString(),
  started_at: instant(row.started_at),
  canceled_at: instant(row.canceled_at),
  completed_at: instant(row.completed_at),
  error: row.error,
  error_code: row.error_code,
  worker_id: row.worker_id,
  worker_name: row.worker_name,
  queue_position: queue.position,
  queue_size: queue.size,
  logs_overflowed: row.log_overflowed,
})

export const presentLine = (row: LineRow): ProvisionerJobLog => ({
  id: row.seq,
  created_at: row.at.toISOString(),
  log_source: row.source === 'terraform' ? 'provisioner' : 'provisioner_daemon',
  // SAFETY: written from the levels of a run.
  log_level: row.level as ProvisionerJobLog['log_level'],
  stage: row.stage,
  output: row.output,
})
