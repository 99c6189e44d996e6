import type {
  AgentAppHealth,
  AgentLifecycle,
  ProvisionerJob,
  Task,
  TaskDetails,
  TaskState,
  WorkspaceTransition,
} from '@reeve/sdk'
import type { Uuid } from '@reeve/base'
import { connectionOf } from '../agents/lifecycle.ts'
import { statusOf as workspaceStatusOf } from '../workspaces/lifecycle.ts'
import { lineOf, statusOf, type TaskFacts } from './lifecycle.ts'
import type { TaskRow } from './queries.ts'

export function factsOf(row: TaskRow): TaskFacts {
  const { build_id: buildId } = row
  return {
    build:
      buildId === null
        ? null
        : {
            // SAFETY: the columns have no other values.
            job: row.job_status as ProvisionerJob['status'],
            transition: row.build_transition as WorkspaceTransition,
          },
    // SAFETY: the schema of the agents' protocol has no other values, here and below.
    lifecycle: row.agent_lifecycle as AgentLifecycle | null,
    health: row.app_health as AgentAppHealth | null,
  }
}

interface AppStatus {
  readonly state: 'working' | 'idle' | 'complete' | 'failure'
  readonly message: string
  readonly uri: string
  readonly created_at: string
}

/**
 * What its agent said last of what it does. It is that of the latest start alone, since each start has agents of its own;
 * before they said anything, what the task waits for is said in our words.
 */
export function stateOf(row: TaskRow): TaskState | null {
  // SAFETY: the column is written by the room of agents alone, from this type.
  const said = row.app_status as AppStatus | null
  if (said !== null) {
    const { state, message, uri, created_at: timestamp } = said
    return { timestamp, state: state === 'failure' ? 'failed' : state, message, uri }
  }
  const line = lineOf(factsOf(row))
  const since = row.build_created_at ?? row.created_at
  return line === null ? null : { timestamp: since.toISOString(), state: 'working', message: line, uri: '' }
}

/** `showsWords`: to whom they are. What others are shown of it has none of what was said. */
export function presentTask(
  row: TaskRow,
  { now, showsWords }: { readonly now: Date; readonly showsWords: boolean },
): Task {
  const facts = factsOf(row)
  const status = statusOf(facts)
  const { build } = facts
  return {
    id: row.id,
    organization_id: row.organization_id,
    organization_name: row.organization_name,
    owner_id: row.owner_id,
    owner_name: row.owner_username,
    owner_avatar_url: row.owner_avatar_url,
    name: row.name,
    display_name: row.display_name,
    template_id: row.template_id,
    template_version_id: row.template_version_id,
    template_version_name: row.version_name,
    template_name: row.template_name,
    template_display_name: row.template_display_name,
    template_icon: row.template_icon,
    workspace_id: row.workspace_id,
    workspace_name: row.workspace_name ?? '',
    ...(build === null ? {} : { workspace_status: workspaceStatusOf(build.job, build.transition) }),
    ...(row.build_id === null ? {} : { workspace_build_id: row.build_id }),
    ...(row.build_number === null ? {} : { workspace_build_number: row.build_number }),
    workspace_agent_id: row.agent_id,
    workspace_agent_lifecycle: facts.lifecycle,
    workspace_agent_health: agentHealthOf(row, now),
    workspace_app_slug: row.app_slug,
    workspace_app_health: facts.health,
    initial_prompt: showsWords ? row.prompt : null,
    last_message: showsWords ? row.last_message : null,
    status,
    current_state: stateOf(row),
    error: status === 'error' ? errorOf(row, facts) : '',
    paused_reason: status === 'paused' ? reasonOf(row) : '',
    // SAFETY: the columns are written by this room alone, from these types, here and below.
    labels: row.labels as Record<string, string>,
    token_budget: row.token_budget,
    tokens_used: row.tokens_used,
    time_limit_seconds: row.time_limit_seconds,
    seconds_used: row.seconds_used,
    on_limit: row.on_limit as Task['on_limit'],
    limit_reached: row.limit_reached as Task['limit_reached'],
    builds_counted: row.builds_counted,
    forked_from: row.forked_from,
    snapshot_at: row.snapshot_at?.toISOString() ?? null,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  }
}

export const presentDetails = (task: Task, sessionIds: readonly Uuid[]): TaskDetails => ({
  ...task,
  session_ids: [...sessionIds],
})

export const reasonOf = (row: TaskRow): string =>
  row.limit_reached === '' ? (row.build_reason ?? '') : `limit_${row.limit_reached}`

export function errorOf(row: TaskRow, { build, health }: TaskFacts): string {
  if (build?.job === 'failed') return row.job_error ?? 'The build of its workspace failed.'
  if (build?.job === 'canceled' || build?.job === 'canceling') return 'The build of its workspace was canceled.'
  return health === 'unhealthy' ? `Its app ${row.app_slug ?? ''} does not answer in its workspace.` : ''
}

function agentHealthOf(row: TaskRow, now: Date): Task['workspace_agent_health'] {
  const { agent_created_at: created, connection_timeout_seconds: timeout } = row
  if (created === null || timeout === null) return null
  const connection = connectionOf({ ...row, created_at: created, connection_timeout_seconds: timeout }, now)
  if (connection === 'connected') return { healthy: true }
  return { healthy: false, reason: `the agent of its workspace is ${connection === 'timeout' ? 'late' : connection}` }
}
