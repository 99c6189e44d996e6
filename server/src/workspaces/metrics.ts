import { type Clock, type Log, toError } from '@reeve/base'
import type { ProvisionerJob, WorkspaceTransition } from '@reeve/sdk'
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { Database } from '../db/database.ts'
import { countOpen, findJob, type JobRow } from '../jobs/queries.ts'
import { buildJob } from './begin-build.ts'
import { findBuild } from './build-queries.ts'
import { buildIdOf } from './build-job.ts'
import { statusOf } from './lifecycle.ts'
import { countLatestBuilds, selectLiveAgents } from './metric-queries.ts'

/** What is measured of jobs, builds, workspaces and agents, under our names and those that dashboards of the field ask for. */

interface Measured {
  readonly db: Database
  readonly clock: Clock
  readonly log: Log
}

const seconds = [1, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600]
/** As the agents' room has it: who is not heard of for longer is not connected. */
const silentAfterMs = 60_000

export interface WorkspaceMetrics {
  /** A job of this replica ended. */
  ended(job: JobRow): void
  /** What the clock asked of a workspace was done. */
  tended(what: string): void
}

export function createWorkspaceMetrics(registry: Registry, measured: Measured): WorkspaceMetrics {
  registerGauges(registry, measured)
  return { ended: countJobs(registry, measured), tended: countTended(registry) }
}

function countTended(registry: Registry): (what: string) => void {
  const counter = new Counter({
    name: 'reeve_workspaces_tended_total',
    help: 'What this server did to workspaces as their time came.',
    labelNames: ['what'],
    registers: [registry],
  })
  return (what) => counter.inc({ what })
}

function countJobs(registry: Registry, { db, clock, log }: Measured): (job: JobRow) => void {
  const registers = [registry]
  const histogram = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Histogram({ name, help, labelNames, buckets: seconds, registers })
  const took = histogram('reeve_provisioner_job_duration_seconds', 'How long jobs took.', ['type', 'status'])
  const waited = histogram('reeve_provisioner_job_wait_seconds', 'How long jobs waited.', ['type'])
  const theirs = {
    took: histogram('coderd_provisionerd_job_timings_seconds', 'How long jobs took.', ['provisioner', 'status']),
    built: histogram('coderd_provisionerd_workspace_build_timings_seconds', 'How long builds took.', [
      'template_name',
      'template_version',
      'workspace_transition',
      'status',
    ]),
    waited: histogram('coderd_provisioner_job_queue_wait_seconds', 'How long jobs waited.', [
      'provisioner_type',
      'job_type',
      'transition',
      'build_reason',
    ]),
  }
  const builds = new Counter({
    name: 'reeve_workspace_builds_total',
    help: 'Builds of workspaces that ended on this server.',
    labelNames: ['transition', 'status', 'reason', 'template'],
    registers,
  })
  const theirBuilds = new Counter({
    name: 'coderd_workspace_builds_total',
    help: 'Builds of workspaces that ended on this server.',
    labelNames: ['action', 'status', 'template_name', 'template_version'],
    registers,
  })

  async function measure(job: JobRow): Promise<void> {
    const { type, created_at: createdAt, started_at: startedAt } = job
    const status = (await findJob(db.sql, job.id))?.status ?? 'failed'
    const run = secondsBetween(startedAt ?? createdAt, clock.now())
    const wait = secondsBetween(createdAt, startedAt ?? createdAt)
    took.observe({ type, status }, run)
    waited.observe({ type }, wait)
    theirs.took.observe({ provisioner: 'terraform', status }, run)
    const build = type === buildJob ? await findBuild(db.sql, buildIdOf(job)) : undefined
    const { transition = '', reason = '', template_name: template = '', version_name: version = '' } = build ?? {}
    theirs.waited.observe({ provisioner_type: 'terraform', job_type: type, transition, build_reason: reason }, wait)
    if (build === undefined) return
    builds.inc({ transition, status, reason, template })
    const theirTemplate = { template_name: template, template_version: version }
    theirBuilds.inc({ action: transition, status, ...theirTemplate })
    theirs.built.observe({ workspace_transition: transition, status, ...theirTemplate }, run)
  }
  return (job) => {
    measure(job).catch((thrown: unknown) => log.debug({ err: toError(thrown) }, 'a job is not measured'))
  }
}

const secondsBetween = (from: Date, to: Date): number => Math.max(0, (to.getTime() - from.getTime()) / 1000)

type Rows = readonly (readonly [labels: Readonly<Record<string, string>>, value: number])[]

/** The database has them for all replicas: each tells of all of it. */
function registerGauges(registry: Registry, { db, clock, log }: Measured): void {
  const gauge = (name: string, help: string, labelNames: readonly string[], read: () => Promise<Rows>): void => {
    // oxlint-disable-next-line no-new -- It registers itself.
    new Gauge({
      name,
      help,
      labelNames,
      registers: [registry],
      aggregator: 'max',
      async collect() {
        try {
          const rows = await read()
          this.reset()
          for (const [labels, value] of rows) this.inc({ ...labels }, value)
        } catch (thrown) {
          this.reset()
          log.debug({ err: toError(thrown), name }, 'workspaces cannot be measured')
        }
      },
    })
  }
  const latest = () => countLatestBuilds(db.sql)
  // SAFETY: the columns have no other values.
  const status = (job: string, transition: string) =>
    statusOf(job as ProvisionerJob['status'], transition as WorkspaceTransition)
  const byStatus = async (): Promise<Rows> =>
    (await latest()).map(({ job, transition, count }) => [{ status: status(job, transition) }, count])
  gauge('reeve_workspaces', 'Workspaces, by where they are.', ['status'], byStatus)
  gauge('coderd_api_workspace_latest_build', 'The same as reeve_workspaces.', ['status'], byStatus)
  gauge('reeve_workspaces_dormant', 'Workspaces that sleep, as nobody used them.', [], async () =>
    (await latest()).map(({ dormant }) => [{}, dormant]),
  )
  gauge('reeve_workspaces_not_ending', 'Workspaces whose last stop or deletion failed.', [], async () =>
    (await latest()).map(({ job, transition, count }) => [{}, job === 'failed' && transition !== 'start' ? count : 0]),
  )
  gauge(
    'coderd_workspace_latest_build_status',
    'Workspaces by their latest build.',
    ['status', 'template_name', 'template_version', 'workspace_owner', 'workspace_transition'],
    async () =>
      (await latest()).map(({ job, transition, owner, count, template_name, template_version }) => [
        { status: job, template_name, template_version, workspace_owner: owner, workspace_transition: transition },
        count,
      ]),
  )
  const agents = () => selectLiveAgents(db.sql, new Date(clock.now().getTime() - silentAfterMs))
  const stateOf = ({
    is_connected: isConnected,
    was_connected: was,
  }: {
    is_connected: boolean
    was_connected: boolean
  }) => (isConnected ? 'connected' : was ? 'disconnected' : 'connecting')
  gauge('reeve_workspace_agents', 'Agents of workspaces that run.', ['status'], async () =>
    (await agents()).map((agent) => [{ status: stateOf(agent) }, 1]),
  )
  gauge(
    'coderd_agents_up',
    'Agents of workspaces that run.',
    ['template_name', 'template_version', 'username', 'workspace_name'],
    async () =>
      (await agents()).map(({ template_name, template_version, username, workspace_name }) => [
        { template_name, template_version, username, workspace_name },
        1,
      ]),
  )
  gauge(
    'coderd_agents_connections',
    'Agents by whether they are connected.',
    ['agent_name', 'username', 'workspace_name', 'status', 'lifecycle_state'],
    async () =>
      (await agents()).map((agent) => {
        const { agent_name, username, workspace_name, lifecycle_state } = agent
        return [{ agent_name, username, workspace_name, lifecycle_state, status: stateOf(agent) }, 1]
      }),
  )
  const open = () => countOpen(db.sql)
  gauge('reeve_provisioner_jobs', 'Jobs that wait or are worked on.', ['type', 'status'], async () =>
    (await open()).map(({ type, status: is, count }) => [{ type, status: is }, count]),
  )
  gauge('reeve_provisioner_jobs_oldest_seconds', 'How long the oldest job that waits has waited.', [], async () => {
    const waiting = (await open()).filter(({ status: is }) => is === 'pending')
    return [[{}, Math.max(0, ...waiting.map(({ oldest }) => secondsBetween(oldest, clock.now())))]]
  })
  gauge('coderd_provisionerd_jobs_current', 'Jobs that are worked on.', ['provisioner'], async () => {
    const running = (await open()).filter(({ status: is }) => is !== 'pending')
    return [[{ provisioner: 'terraform' }, running.reduce((sum, { count }) => sum + count, 0)]]
  })
}
