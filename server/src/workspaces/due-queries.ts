import type { Uuid } from '@reeve/base'
import type { WorkspaceTransition } from '@reeve/sdk'
import { type Selectable, sql } from 'kysely'
import type { Schema } from '../db/__generated__/schema.ts'
import type { Executor, Tx } from '../db/database.ts'
import { autostartDaysOf, isTask } from './time-queries.ts'
import type { Standing } from './what-is-due.ts'

/** SQL of what the clock may ask of workspaces. */

type Requirement = Selectable<Schema['templates']>['autostart_requirement']

/** One replica at a time looks after workspaces: until the end of this transaction it is whoever gets true. */
export async function takeTurn(tx: Tx): Promise<boolean> {
  const { rows } = await sql<{ ours: boolean }>`
    select pg_try_advisory_xact_lock(hashtext('reeve tend workspaces')) as ours`.execute(tx)
  return rows[0]?.ours === true
}

/** Builds wait for longer than that, and none goes on: nobody takes them up. */
export async function isQueueStuck(db: Executor, since: Date): Promise<boolean> {
  const { rows } = await sql<{ stuck: boolean }>`
    select exists (select from provisioner_jobs where type = 'workspace_build' and started_at is null
        and completed_at is null and created_at <= ${since})
      and not exists (select from provisioner_jobs where type = 'workspace_build' and started_at is not null
        and (completed_at is null or completed_at > ${since})) as stuck`.execute(db)
  return rows[0]?.stuck === true
}

interface StopsSoon {
  readonly build_id: Uuid
  readonly owner_id: Uuid
  readonly name: string
  readonly deadline: Date
}

/** Workspaces of people that stop by themselves before `until`; who has a task is told by it. */
export async function selectStopsSoon(db: Executor, now: Date, until: Date): Promise<StopsSoon[]> {
  const { rows } = await sql<StopsSoon>`
    select b.id as build_id, w.owner_id, w.name, b.deadline
    from workspaces w
    join lateral (select * from workspace_builds where workspace_id = w.id order by number desc limit 1) b on true
    join provisioner_jobs j on j.id = b.job_id
    where w.deleted_at is null and b.transition = 'start' and j.status = 'succeeded'
      and b.deadline > ${now} and b.deadline <= ${until} and not ${isTask}`.execute(db)
  return rows
}

/** A workspace with what the clock may ask of it, and who is told. */
export interface Watched extends Standing {
  readonly id: Uuid
  readonly buildId: Uuid
  readonly name: string
  readonly organizationId: Uuid
  readonly ownerId: Uuid
  readonly templateId: Uuid
  readonly takesActiveVersion: boolean
  readonly activeVersionId: Uuid
  readonly deleteTtlMs: number
  readonly jobError: string | null
  /** The number of the last build before those that failed. */
  readonly failuresFrom: number
}

/** An agent that was not heard of for so long works for nobody. */
const silentAfterMs = 2 * 60_000

/** Those that something may be due of; whoever asks looks closer. `ids` narrows it to some. */
export async function selectWatched(db: Executor, now: Date, ids: readonly Uuid[] | null): Promise<Watched[]> {
  const { rows } = await sql<WatchedRow>`
    select w.id, w.name, w.organization_id, w.owner_id, w.template_id, w.autostart_schedule, w.autostart_set_at,
      w.last_used_at, w.dormant_at, w.deleting_at,
      w.automatic_updates = 'always' or t.require_active_version as takes_active_version,
      b.id as build_id, b.transition, b.reason, b.deadline, b.max_deadline, j.status as job, j.completed_at, j.error,
      t.active_version_id, t.allow_user_autostart, t.autostart_requirement, t.failure_ttl_ms, t.dormant_ttl_ms,
      t.delete_ttl_ms, t.deprecation_message <> '' as is_deprecated,
      u.status <> 'suspended' and u.deleted_at is null as owner_is_active, ${isTask} as is_task,
      b.number - good.number as failures, good.number as failures_from,
      exists (select from workspace_agents a join workspace_resources r on r.id = a.resource_id
        where r.build_id = b.id and a.token_sha256 is not null and a.disconnected_at is null
          and a.last_connected_at > ${new Date(now.getTime() - silentAfterMs)} and a.app_status ->> 'state' = 'working') as is_working
    from workspaces w
    join templates t on t.id = w.template_id
    join users u on u.id = w.owner_id
    join lateral (select * from workspace_builds where workspace_id = w.id order by number desc limit 1) b on true
    join provisioner_jobs j on j.id = b.job_id
    join lateral (
      select coalesce(max(o.number), 0) as number from workspace_builds o join provisioner_jobs oj on oj.id = o.job_id
      where o.workspace_id = w.id and (o.transition <> b.transition or oj.status <> 'failed')) good on true
    where w.deleted_at is null and j.completed_at is not null
      and (${ids}::uuid[] is null or w.id = any(${ids}::uuid[]))
      and (j.status = 'failed' or w.dormant_at is not null
        or (b.transition = 'start' and (b.deadline <= ${now} or u.status = 'suspended' or u.deleted_at is not null))
        or (b.transition = 'stop' and w.autostart_schedule is not null)
        or (t.dormant_ttl_ms > 0 and w.last_used_at + t.dormant_ttl_ms * interval '1 millisecond' <= ${now}))
    order by w.id`.execute(db)
  return rows.map(watchedOf)
}

interface WatchedRow {
  readonly id: Uuid
  readonly name: string
  readonly organization_id: Uuid
  readonly owner_id: Uuid
  readonly template_id: Uuid
  readonly autostart_schedule: string | null
  readonly autostart_set_at: Date | null
  readonly last_used_at: Date
  readonly dormant_at: Date | null
  readonly deleting_at: Date | null
  readonly takes_active_version: boolean
  readonly build_id: Uuid
  readonly transition: WorkspaceTransition
  readonly reason: string
  readonly deadline: Date | null
  readonly max_deadline: Date | null
  readonly job: string
  readonly completed_at: Date
  readonly error: string | null
  readonly active_version_id: Uuid
  readonly allow_user_autostart: boolean
  readonly autostart_requirement: Requirement
  readonly failure_ttl_ms: number
  readonly dormant_ttl_ms: number
  readonly delete_ttl_ms: number
  readonly is_deprecated: boolean
  readonly owner_is_active: boolean
  readonly is_task: boolean
  readonly failures: number
  readonly failures_from: number
  readonly is_working: boolean
}

const watchedOf = (row: WatchedRow): Watched => ({
  id: row.id,
  buildId: row.build_id,
  name: row.name,
  organizationId: row.organization_id,
  ownerId: row.owner_id,
  templateId: row.template_id,
  takesActiveVersion: row.takes_active_version,
  activeVersionId: row.active_version_id,
  deleteTtlMs: row.delete_ttl_ms,
  jobError: row.error,
  failuresFrom: row.failures_from,
  transition: row.transition,
  job: row.job,
  endedAt: row.completed_at,
  reason: row.reason,
  deadline: row.deadline,
  maxDeadline: row.max_deadline,
  failures: row.failures,
  ownerIsActive: row.owner_is_active,
  isTask: row.is_task,
  isWorking: row.is_working,
  autostart: row.autostart_schedule,
  autostartSetAt: row.autostart_set_at,
  lastUsedAt: row.last_used_at,
  dormantAt: row.dormant_at,
  deletingAt: row.deleting_at,
  template: {
    allowAutostart: row.allow_user_autostart,
    autostartDays: autostartDaysOf(row.autostart_requirement),
    failureTtlMs: row.failure_ttl_ms,
    dormantTtlMs: row.dormant_ttl_ms,
    isDeprecated: row.is_deprecated,
  },
})
