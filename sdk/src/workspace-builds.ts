import { z } from 'zod'
import { AgentScriptStage, AgentScriptStatus } from './agent-protocol.ts'
import { Id, Instant, MinimalUser, NoContent, pageLimit } from './common.ts'
import { endpoint } from './endpoint.ts'
import { FollowQuery, LinesQuery, ProvisionerJob, ProvisionerJobLog } from './provisioner-jobs.ts'
import { WorkspaceStatus, WorkspaceTransition } from './workspace-status.ts'

/** Builds: the numbered attempts to start, stop or delete a workspace. */

const whole = z.number().int()
const tag = 'Workspaces'
/** What else it takes is asked of the workspace: starting, stopping and deleting are permissions of their own. */
const ofWorkspace = 'workspace:read'

const ParameterValue = z.object({ name: z.string().min(1).max(256), value: z.string().max(65_536) })
export const ParameterValues = z.array(ParameterValue).max(500)

const WorkspaceApp = z.object({
  slug: z.string(),
  display_name: z.string(),
  icon: z.string(),
  url: z.string(),
  external: z.boolean(),
  hidden: z.boolean(),
})

export const WorkspaceResource = z.object({
  id: Id,
  address: z.string(),
  type: z.string(),
  name: z.string(),
  hide: z.boolean(),
  icon: z.string(),
  daily_cost: whole,
  metadata: z.array(
    z.object({ key: z.string(), value: z.string().describe('Empty where it is sensitive.'), sensitive: z.boolean() }),
  ),
  agents: z.array(
    z.object({
      id: Id,
      name: z.string(),
      operating_system: z.string(),
      architecture: z.string(),
      directory: z.string(),
      apps: z.array(WorkspaceApp),
    }),
  ),
})
export type WorkspaceResource = z.infer<typeof WorkspaceResource>

export const WorkspaceBuild = z.object({
  id: Id,
  workspace_id: Id,
  workspace_name: z.string(),
  workspace_owner_id: Id,
  workspace_owner_name: z.string(),
  build_number: whole,
  transition: WorkspaceTransition,
  status: WorkspaceStatus,
  template_version_id: Id,
  template_version_name: z.string(),
  initiator_id: Id.nullable(),
  initiator: MinimalUser.nullable(),
  reason: z.string(),
  job: ProvisionerJob,
  daily_cost: whole,
  deadline: Instant.nullable().describe('When it stops by itself unless it is used; null: it does not.'),
  max_deadline: Instant.nullable().describe('When it stops whatever goes on in it.'),
  created_at: Instant,
  updated_at: Instant,
})
export type WorkspaceBuild = z.infer<typeof WorkspaceBuild>

const byId = z.object({ build: Id })

const State = z.string().max(1_000_000).describe('A state of Terraform, in base64.')

export const NewWorkspaceBuild = z.strictObject({
  transition: WorkspaceTransition,
  template_version_id: Id.optional().describe('Of a start; without it the version of the build before.'),
  template_version_preset_id: z.string().max(64).optional(),
  rich_parameter_values: ParameterValues.optional().describe('Of a start; what is not named stays as it was.'),
  orphan: z.boolean().optional().describe('Of a delete: what the workspace is made of is left where it is.'),
  state: State.optional().describe(
    'To go on from instead of what the build before left; for who may change the template.',
  ),
  reason: z.enum(['dashboard', 'cli', 'ssh_connection', 'vscode_connection', 'jetbrains_connection']).optional(),
})

export const createWorkspaceBuild = endpoint({
  name: 'createWorkspaceBuild',
  method: 'POST',
  path: '/api/v2/workspaces/:workspace/builds',
  summary: 'Start, stop or delete a workspace',
  tag,
  permission: ofWorkspace,
  params: z.object({ workspace: Id }),
  body: NewWorkspaceBuild,
  status: 201,
  result: WorkspaceBuild,
  faults: ['invalid', 'not_found', 'conflict'],
})

export const listWorkspaceBuilds = endpoint({
  name: 'listWorkspaceBuilds',
  method: 'GET',
  path: '/api/v2/workspaces/:workspace/builds',
  summary: 'The builds of a workspace, the latest first',
  tag,
  permission: 'workspace:read',
  params: z.object({ workspace: Id }),
  query: z.strictObject({ after_id: Id.optional(), limit: pageLimit(100) }),
  result: z.array(WorkspaceBuild),
  faults: ['not_found'],
})

export const getWorkspaceBuild = endpoint({
  name: 'getWorkspaceBuild',
  method: 'GET',
  path: '/api/v2/workspacebuilds/:build',
  summary: 'One build, and where its job stands',
  tag,
  permission: 'workspace:read',
  params: byId,
  result: WorkspaceBuild,
  faults: ['not_found'],
})

export const cancelWorkspaceBuild = endpoint({
  name: 'cancelWorkspaceBuild',
  method: 'PATCH',
  path: '/api/v2/workspacebuilds/:build/cancel',
  summary: 'End a build that is under way',
  tag,
  permission: ofWorkspace,
  params: byId,
  result: WorkspaceBuild,
  faults: ['not_found', 'conflict'],
})

const read = <T>(name: string, path: string, summary: string, result: z.ZodType<T>) =>
  endpoint({
    name,
    method: 'GET',
    path: `/api/v2/workspacebuilds/:build/${path}`,
    summary,
    tag,
    permission: 'workspace:read',
    params: byId,
    result,
    faults: ['not_found'],
  })

export const listWorkspaceBuildParameters = read(
  'listWorkspaceBuildParameters',
  'parameters',
  'The values that a build is made with',
  z.array(ParameterValue),
)
export const listWorkspaceBuildResources = read(
  'listWorkspaceBuildResources',
  'resources',
  'What a build has made, with the agents that run in it',
  z.array(WorkspaceResource),
)
const Span = { started_at: Instant, ended_at: Instant }
const ofAgent = { workspace_agent_id: Id, workspace_agent_name: z.string() }

export const WorkspaceBuildTimings = z.object({
  provisioner_timings: z.array(
    z.object({ stage: z.string(), resource: z.string(), action: z.string(), source: z.string(), ...Span }),
  ),
  agent_connection_timings: z
    .array(z.object({ stage: z.literal('connect'), ...ofAgent, ...Span }))
    .describe('From the end of the build until the agent came.'),
  agent_script_timings: z.array(
    z.object({
      stage: AgentScriptStage,
      display_name: z.string(),
      status: AgentScriptStatus,
      exit_code: z.number().int().nullable(),
      ...ofAgent,
      ...Span,
    }),
  ),
})
export type WorkspaceBuildTimings = z.infer<typeof WorkspaceBuildTimings>

export const listWorkspaceBuildTimings = read(
  'listWorkspaceBuildTimings',
  'timings',
  'How long the stages of a build took, what was done to each resource, and what ran in the workspace then',
  WorkspaceBuildTimings,
)

export const getWorkspaceBuildState = endpoint({
  name: 'getWorkspaceBuildState',
  method: 'GET',
  path: '/api/v2/workspacebuilds/:build/state',
  summary: 'The state of Terraform as a build left it; for those who may change the template, each time on record',
  tag,
  permission: ofWorkspace,
  params: byId,
  answers: 'bytes',
  result: NoContent,
  faults: ['not_found'],
})

export const putWorkspaceBuildState = endpoint({
  name: 'putWorkspaceBuildState',
  method: 'PUT',
  path: '/api/v2/workspacebuilds/:build/state',
  summary: 'Put a state in place of what the latest build left; for those who may change the template',
  tag,
  permission: ofWorkspace,
  params: byId,
  body: z.strictObject({ state: State }),
  status: 204,
  result: NoContent,
  faults: ['invalid', 'not_found', 'conflict'],
})

export const listWorkspaceTimings = endpoint({
  name: 'listWorkspaceTimings',
  method: 'GET',
  path: '/api/v2/workspaces/:workspace/timings',
  summary: 'How long the stages of the latest build of a workspace took',
  tag,
  permission: 'workspace:read',
  params: z.object({ workspace: Id }),
  result: WorkspaceBuildTimings,
  faults: ['not_found'],
})

export const listWorkspaceBuildLogs = endpoint({
  name: 'listWorkspaceBuildLogs',
  method: 'GET',
  path: '/api/v2/workspacebuilds/:build/logs',
  summary: 'What a build said',
  tag,
  permission: 'workspace:read',
  params: byId,
  query: LinesQuery,
  result: z.array(ProvisionerJobLog),
  faults: ['not_found'],
})

export const followWorkspaceBuildLogs = endpoint({
  name: 'followWorkspaceBuildLogs',
  method: 'GET',
  path: '/api/v2/workspacebuilds/:build/logs/stream',
  summary: 'What a build says, as it says it; ends with it',
  tag,
  permission: 'workspace:read',
  params: byId,
  query: FollowQuery,
  answers: 'events',
  result: ProvisionerJobLog,
  faults: ['not_found'],
})
