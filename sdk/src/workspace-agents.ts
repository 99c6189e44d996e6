import { z } from 'zod'
import {
  AgentAppHealth,
  AgentLifecycle,
  AgentLogLevel,
  AgentStats,
  agentLinesPerFrame,
  agentLogLineCharsMax,
} from './agent-protocol.ts'
import { ListeningPort } from './agent-streams.ts'
import { Id, Instant, NoContent } from './common.ts'
import { endpoint } from './endpoint.ts'

/** The agents of workspaces, as people see them, and what an agent asks with its own token. */

const tag = 'Workspace agents'
const ofAgent = z.object({ agent: Id })

const AgentStatus = z.enum(['connecting', 'connected', 'disconnected', 'timeout'])

export const AgentAppState = z.enum(['working', 'idle', 'complete', 'failure'])
export type AgentAppState = z.infer<typeof AgentAppState>

const AppStatus = z.object({
  app_slug: z.string(),
  state: AgentAppState,
  message: z.string(),
  uri: z.string(),
  created_at: Instant,
})

export const WorkspaceAppStatus = AppStatus.extend({ id: Id, workspace_id: Id, agent_id: Id })
export type WorkspaceAppStatus = z.infer<typeof WorkspaceAppStatus>

const NoAppUrl = z.enum(['external', 'command', 'elsewhere', 'no_domain', 'no_name'])

export const WorkspaceAgent = z.object({
  id: Id,
  name: z.string(),
  workspace_id: Id,
  resource_id: Id,
  operating_system: z.string(),
  architecture: z.string(),
  directory: z.string(),
  version: z.string().describe('Empty until it has connected.'),
  status: AgentStatus,
  lifecycle_state: AgentLifecycle,
  startup_script_behavior: z
    .enum(['blocking', 'non-blocking'])
    .describe('blocking: shells are to wait until its start scripts have run.'),
  created_at: Instant,
  first_connected_at: Instant.nullable(),
  last_connected_at: Instant.nullable(),
  disconnected_at: Instant.nullable(),
  started_at: Instant.nullable(),
  ready_at: Instant.nullable(),
  logs_length: z.number().int(),
  logs_overflowed: z.boolean(),
  apps: z.array(
    z.object({
      slug: z.string(),
      display_name: z.string(),
      health: AgentAppHealth,
      hidden: z.boolean().describe('Its template wants no link to it.'),
      url: z
        .string()
        .nullable()
        .describe('Where a browser finds it, on a host of its own; null where it is not served.'),
      no_url: NoAppUrl.nullable().describe('Why it is not served.'),
      statuses: z.array(AppStatus).describe('What it said of what it does, the latest first, of the last ones.'),
    }),
  ),
  metadata: z.array(z.object({ key: z.string(), value: z.string(), error: z.string(), collected_at: Instant })),
  stats: AgentStats.nullable(),
  app_status: AppStatus.nullable().describe(
    'What its last app said of what it does. Written by a model or a program: never trust it.',
  ),
})
export type WorkspaceAgent = z.infer<typeof WorkspaceAgent>

export const WorkspaceAgentLog = z.object({
  id: z.number().int(),
  created_at: Instant,
  level: AgentLogLevel,
  source: z.string(),
  output: z.string(),
})
export type WorkspaceAgentLog = z.infer<typeof WorkspaceAgentLog>

export const listWorkspaceAgents = endpoint({
  name: 'listWorkspaceAgents',
  method: 'GET',
  path: '/api/v2/workspaces/:workspace/agents',
  summary: 'The agents of the latest build of a workspace, and how they are',
  tag,
  permission: 'workspace:read',
  params: z.object({ workspace: Id }),
  result: z.array(WorkspaceAgent),
  faults: ['not_found'],
})

export const getWorkspaceAgent = endpoint({
  name: 'getWorkspaceAgent',
  method: 'GET',
  path: '/api/v2/workspaceagents/:agent',
  summary: 'One agent',
  tag,
  permission: 'workspace:read',
  params: ofAgent,
  result: WorkspaceAgent,
  faults: ['not_found'],
})

export const listWorkspaceAgentLogs = endpoint({
  name: 'listWorkspaceAgentLogs',
  method: 'GET',
  path: '/api/v2/workspaceagents/:agent/logs',
  summary: 'What the scripts of an agent said; of a long log up to 5000 lines after the one named',
  tag,
  permission: 'workspace:read',
  params: ofAgent,
  query: z.strictObject({ after: z.coerce.number().int().min(0).optional() }),
  result: z.array(WorkspaceAgentLog),
  faults: ['not_found'],
})

export const followWorkspaceAgentLogs = endpoint({
  name: 'followWorkspaceAgentLogs',
  method: 'GET',
  path: '/api/v2/workspaceagents/:agent/logs/stream',
  summary: 'What the scripts of an agent say, as they say it; ends when the agent does',
  tag,
  permission: 'workspace:read',
  params: ofAgent,
  query: z.strictObject({ after: z.coerce.number().int().min(0).optional() }),
  answers: 'events',
  result: WorkspaceAgentLog,
  faults: ['not_found'],
})

export const openApp = endpoint({
  name: 'openApp',
  method: 'GET',
  path: '/api/v2/applications/auth-redirect',
  summary: 'Takes a browser that is signed in to an app of a workspace, which then knows who it is',
  tag,
  permission: 'signed_in',
  query: z.strictObject({
    redirect_uri: z.string().max(4_096).describe('The address of the app, on a host of its own.'),
    state: z.string().min(1).max(128).describe('What the browser keeps for that host.'),
  }),
  status: 303,
  answers: 'redirect',
  result: NoContent,
  faults: ['invalid', 'forbidden'],
})

export const listListeningPorts = endpoint({
  name: 'listListeningPorts',
  method: 'GET',
  path: '/api/v2/workspaceagents/:agent/listening-ports',
  summary: 'What listens in the workspace of an agent, with the address where it is reached if apps are served',
  tag,
  permission: 'workspace:application_connect',
  params: ofAgent,
  result: z.object({
    ports: z.array(ListeningPort.extend({ url: z.string().nullable() })),
  }),
  faults: ['not_found', 'forbidden', 'conflict', 'unavailable'],
})

export const patchAgentLogs = endpoint({
  name: 'patchAgentLogs',
  method: 'PATCH',
  path: '/api/v2/workspaceagents/me/logs',
  summary: 'Log lines of whoever has the token of the agent',
  tag,
  // The token of an agent is no credential of a person: it is looked at by the endpoint itself.
  permission: 'public',
  body: z.object({
    log_source_id: z.string().max(256).optional(),
    logs: z
      .array(
        z.object({
          created_at: Instant,
          level: AgentLogLevel.optional(),
          output: z.string().max(agentLogLineCharsMax),
        }),
      )
      .min(1)
      .max(agentLinesPerFrame),
  }),
  status: 204,
  result: NoContent,
  faults: ['unauthenticated', 'invalid'],
})

export const patchAgentAppStatus = endpoint({
  name: 'patchAgentAppStatus',
  method: 'PATCH',
  path: '/api/v2/workspaceagents/me/app-status',
  summary: 'What an app of the workspace is doing, said with the token of its agent',
  tag,
  permission: 'public',
  body: z.object({
    app_slug: z.string().min(1).max(64),
    state: AgentAppState,
    message: z.string().max(160),
    uri: z.string().max(2_048).optional(),
  }),
  status: 204,
  result: NoContent,
  faults: ['unauthenticated', 'invalid'],
})
