import type {
  MinimalUser,
  ProvisionerJob,
  ProvisionerJobLog,
  Workspace,
  WorkspaceBuild,
  WorkspacePortShare,
} from '@reeve/sdk'
import { taskAnswers } from './testing-tasks.ts'
import type { Handler, Name } from './testing.ts'

/** What a server answers about workspaces, with the job and the words of a template's. */
export function workspaceAnswers(
  empty: boolean,
  given: {
    readonly hostile: string
    readonly id: string
    readonly at: string
    readonly job: ProvisionerJob
    readonly line: ProvisionerJobLog
  },
): Partial<Record<Name, Handler>> {
  const { hostile, id, at, job, line } = given
  const who: MinimalUser = { id, username: hostile, name: hostile, avatar_url: '' }
  const build: WorkspaceBuild = {
    id,
    workspace_id: id,
    workspace_name: 'billing',
    workspace_owner_id: id,
    workspace_owner_name: hostile,
    build_number: 2,
    transition: 'start',
    status: 'running',
    template_version_id: id,
    template_version_name: 'v2',
    initiator_id: id,
    initiator: who,
    reason: 'cli',
    job: { ...job, type: 'workspace_build' },
    daily_cost: 0,
    deadline: at,
    max_deadline: null,
    created_at: at,
    updated_at: at,
  }
  const workspace: Workspace = {
    id,
    name: 'billing',
    organization_id: id,
    organization_name: hostile,
    owner_id: id,
    owner_name: hostile,
    owner: who,
    template_id: id,
    template_name: hostile,
    template_display_name: hostile,
    template_icon: '',
    template_active_version_id: id,
    template_require_active_version: false,
    template_allow_user_cancel_workspace_jobs: true,
    latest_build: build,
    latest_app_status: {
      id,
      workspace_id: id,
      agent_id: id,
      app_slug: hostile,
      state: 'idle',
      message: hostile,
      uri: hostile,
      created_at: at,
    },
    task_id: id,
    task_name: hostile,
    outdated: false,
    autostart_schedule: 'CRON_TZ=Europe/Berlin 30 9 * * 1-5',
    next_start_at: at,
    ttl_ms: null,
    automatic_updates: 'never',
    last_used_at: at,
    dormant_at: null,
    deleting_at: null,
    favorite: false,
    created_at: at,
    updated_at: at,
  }
  const agent = {
    id: '00000000-0000-4000-8000-00000000a9e1',
    name: 'main',
    workspace_id: workspace.id,
    resource_id: '00000000-0000-4000-8000-00000000a9e2',
    operating_system: 'linux',
    architecture: 'amd64',
    directory: '',
    version: hostile,
    status: 'connected',
    lifecycle_state: 'ready',
    startup_script_behavior: 'non-blocking',
    created_at: at,
    first_connected_at: at,
    last_connected_at: at,
    disconnected_at: null,
    started_at: at,
    ready_at: at,
    logs_length: 12,
    logs_overflowed: false,
    apps: [],
    metadata: [],
    stats: null,
    app_status: null,
  }
  const acl = empty ? { users: [], group: [] } : { users: [{ ...who, role: 'use' as const }], group: [] }
  const portShare: WorkspacePortShare = {
    workspace_id: id,
    agent_name: hostile,
    port: 3000,
    share_level: 'organization',
    protocol: 'http',
  }
  const said = { id: 1, created_at: at, level: 'info', source: hostile, output: hostile }
  return {
    ...taskAnswers(empty, { hostile, id, at, build }),
    listWorkspaceAgents: () => (empty ? [] : [agent]),
    getWorkspaceAgent: () => agent,
    listWorkspaceAgentLogs: () => [said],
    createWorkspace: () => workspace,
    setWorkspaceAutostart: () => undefined,
    setWorkspaceTtl: () => undefined,
    setWorkspaceAutomaticUpdates: () => undefined,
    renameWorkspace: () => undefined,
    favorWorkspace: () => undefined,
    unfavorWorkspace: () => undefined,
    extendWorkspace: () => workspace,
    setWorkspaceDormant: () => workspace,
    listWorkspacePortShares: () => ({ shares: empty ? [] : [portShare], max_share_level: 'public' }),
    shareWorkspacePort: () => portShare,
    unshareWorkspacePort: () => undefined,
    getWorkspaceAcl: () => acl,
    updateWorkspaceAcl: () => acl,
    getMemberWorkspaceQuota: () => ({ budget: empty ? -1 : 20, credits_consumed: 6 }),
    listWorkspaces: () => ({ workspaces: empty ? [] : [workspace], count: empty ? 0 : 1 }),
    getWorkspace: () => workspace,
    getWorkspaceByName: () => workspace,
    createWorkspaceBuild: () => build,
    getWorkspaceBuild: () => build,
    listWorkspaceBuilds: () => [build],
    followWorkspaceBuildLogs: () => (empty ? [] : [line]),
  }
}
