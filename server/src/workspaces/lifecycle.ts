import type { Grantable, ProvisionerJob, WorkspaceStatus, WorkspaceTransition } from '@reeve/sdk'

/**
 * A workspace is where its latest build got to, and has no state of its own:
 *
 *   start:  pending ──▶ starting ──▶ running
 *   stop:   pending ──▶ stopping ──▶ stopped
 *   delete: pending ──▶ deleting ──▶ deleted
 *
 * A build that fails or is canceled leaves `failed` or `canceled`, from where each of the three may be tried again. One
 * build at a time: whoever wants the next one while a job has not ended is refused.
 */

type JobStatus = ProvisionerJob['status']

const same = (status: WorkspaceStatus) => ({ start: status, stop: status, delete: status })

const table: Readonly<Record<JobStatus, Readonly<Record<WorkspaceTransition, WorkspaceStatus>>>> = {
  pending: same('pending'),
  running: { start: 'starting', stop: 'stopping', delete: 'deleting' },
  succeeded: { start: 'running', stop: 'stopped', delete: 'deleted' },
  failed: same('failed'),
  canceling: same('canceling'),
  canceled: same('canceled'),
}

export const statusOf = (job: JobStatus, transition: WorkspaceTransition): WorkspaceStatus => table[job][transition]

/** The jobs and transitions that make a workspace this, as `job/transition`, for queries. */
export const stagesOf = (status: WorkspaceStatus): string[] =>
  Object.entries(table).flatMap(([job, byTransition]) =>
    Object.entries(byTransition).flatMap(([transition, each]) => (each === status ? [`${job}/${transition}`] : [])),
  )

/** What one needs on the workspace to do this to it, or to end the doing of it. */
export const permissionFor: Readonly<Record<WorkspaceTransition, Grantable>> = {
  start: 'workspace:start',
  stop: 'workspace:stop',
  delete: 'workspace:delete',
}
