import type {
  AgentAppState,
  AgentScriptStage,
  AgentScriptStatus,
  ProvisionerJob,
  Workspace,
  WorkspaceAppStatus,
  WorkspaceBuild,
  WorkspaceBuildTimings,
  WorkspaceResource,
} from '@reeve/sdk'
import type { AgentRow, BuildRow, ResourceRow, ScriptRunRow } from './build-queries.ts'
import { statusOf } from './lifecycle.ts'
import type { SaidRow, WorkspaceRow } from './queries.ts'
import { autostartDaysOf } from './time-queries.ts'
import { nextAutostart } from './what-is-due.ts'

export function presentBuild(row: BuildRow, job: ProvisionerJob): WorkspaceBuild {
  // SAFETY: the column has no other values.
  const transition = row.transition as WorkspaceBuild['transition']
  const { initiator_id: initiatorId } = row
  return {
    id: row.id,
    workspace_id: row.workspace_id,
    workspace_name: row.workspace_name,
    workspace_owner_id: row.owner_id,
    workspace_owner_name: row.owner_username,
    build_number: row.number,
    transition,
    status: statusOf(job.status, transition),
    template_version_id: row.template_version_id,
    template_version_name: row.version_name,
    initiator_id: initiatorId,
    initiator:
      initiatorId === null
        ? null
        : {
            id: initiatorId,
            username: row.initiator_username ?? '',
            name: row.initiator_name ?? '',
            avatar_url: row.initiator_avatar_url ?? '',
          },
    reason: row.reason,
    job,
    daily_cost: row.daily_cost,
    deadline: row.deadline?.toISOString() ?? null,
    max_deadline: row.max_deadline?.toISOString() ?? null,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  }
}

export const presentWorkspace = (
  row: WorkspaceRow,
  latest: WorkspaceBuild,
  { said, isFavorite, now }: { readonly said: SaidRow | undefined; readonly isFavorite: boolean; readonly now: Date },
): Workspace => ({
  id: row.id,
  name: row.name,
  organization_id: row.organization_id,
  organization_name: row.organization_name,
  owner_id: row.owner_id,
  owner_name: row.owner_username,
  owner: {
    id: row.owner_id,
    username: row.owner_username,
    name: row.owner_display_name,
    avatar_url: row.owner_avatar_url,
  },
  template_id: row.template_id,
  template_name: row.template_name,
  template_display_name: row.template_display_name,
  template_icon: row.template_icon,
  template_active_version_id: row.active_version_id,
  template_require_active_version: row.require_active_version,
  template_allow_user_cancel_workspace_jobs: row.allow_user_cancel_workspace_jobs,
  task_id: row.task_id,
  task_name: row.task_name ?? '',
  latest_build: latest,
  latest_app_status: said === undefined ? null : presentSaid(said),
  outdated: latest.template_version_id !== row.active_version_id,
  autostart_schedule: row.autostart_schedule,
  next_start_at: row.dormant_at === null ? (startOf(row, now)?.toISOString() ?? null) : null,
  ttl_ms: row.ttl_ms,
  // SAFETY: the column has no other values.
  automatic_updates: row.automatic_updates as Workspace['automatic_updates'],
  last_used_at: row.last_used_at.toISOString(),
  dormant_at: row.dormant_at?.toISOString() ?? null,
  deleting_at: row.deleting_at?.toISOString() ?? null,
  favorite: isFavorite,
  created_at: row.created_at.toISOString(),
  updated_at: row.updated_at.toISOString(),
})

const presentSaid = ({ state, created_at: at, ...row }: SaidRow): WorkspaceAppStatus => ({
  ...row,
  // SAFETY: the schema of the endpoint that takes it has no other values.
  state: state as AgentAppState,
  created_at: at.toISOString(),
})

const startOf = (row: WorkspaceRow, now: Date): Date | null =>
  nextAutostart(
    {
      autostart: row.autostart_schedule,
      autostartSetAt: row.autostart_set_at,
      template: {
        allowAutostart: row.allow_user_autostart,
        autostartDays: autostartDaysOf(row.autostart_requirement),
      },
    },
    now,
  )

export const presentResource = (row: ResourceRow, agents: readonly AgentRow[]): WorkspaceResource => ({
  id: row.id,
  address: row.address,
  type: row.type,
  name: row.name,
  hide: row.hide,
  icon: row.icon,
  daily_cost: row.daily_cost,
  // SAFETY: written by `keepResources` alone, in this shape.
  metadata: row.metadata as WorkspaceResource['metadata'],
  agents: agents
    .filter((agent) => agent.resource_id === row.id)
    .map((agent) => ({
      id: agent.id,
      name: agent.name,
      operating_system: agent.os,
      architecture: agent.arch,
      directory: agent.directory,
      // SAFETY: as above.
      apps: agent.apps as WorkspaceResource['agents'][number]['apps'],
    })),
})

/** Nothing where the agent has not come yet. */
export const presentConnecting = (row: AgentRow): WorkspaceBuildTimings['agent_connection_timings'] =>
  row.first_connected_at === null
    ? []
    : [
        {
          stage: 'connect',
          workspace_agent_id: row.id,
          workspace_agent_name: row.name,
          started_at: row.created_at.toISOString(),
          ended_at: row.first_connected_at.toISOString(),
        },
      ]

export const presentScriptRun = (row: ScriptRunRow): WorkspaceBuildTimings['agent_script_timings'][number] => ({
  // SAFETY: the schema of the protocol has no other values.
  stage: row.stage as AgentScriptStage,
  display_name: row.source,
  // SAFETY: as above.
  status: row.status as AgentScriptStatus,
  exit_code: row.exit_code,
  workspace_agent_id: row.agent_id,
  workspace_agent_name: row.agent_name,
  started_at: row.started_at.toISOString(),
  ended_at: row.ended_at.toISOString(),
})
