import { z } from 'zod'
import { Id, Instant } from './common.ts'
import { endpoint } from './endpoint.ts'

/** What is known of an agent beside how it is: what its template measures, how it is reached, what runs beside it. */

const tag = 'Workspace agents'
const params = z.object({ agent: Id })

export const WorkspaceAgentMetadata = z.object({
  description: z.object({
    key: z.string(),
    display_name: z.string(),
    interval: z.number().describe('Seconds.'),
    timeout: z.number().describe('Seconds.'),
  }),
  result: z.object({
    collected_at: Instant.nullable().describe('Null: not measured yet.'),
    age: z.number().describe('Seconds since then.'),
    value: z.string().describe('Written by a program in the workspace: never trust it.'),
    error: z.string(),
  }),
})
export type WorkspaceAgentMetadata = z.infer<typeof WorkspaceAgentMetadata>

export const watchAgentMetadata = endpoint({
  name: 'watchAgentMetadata',
  method: 'GET',
  path: '/api/v2/workspaceagents/:agent/watch-metadata',
  summary: 'What the template measures in a workspace, each time that something has changed; ends when the agent does',
  tag,
  permission: 'workspace:read',
  params,
  answers: 'events',
  result: z.array(WorkspaceAgentMetadata),
  faults: ['not_found'],
})

export const getAgentConnection = endpoint({
  name: 'getAgentConnection',
  method: 'GET',
  path: '/api/v2/workspaceagents/:agent/connection',
  summary: 'How an agent is reached: through this deployment alone, over WebSockets',
  tag,
  permission: 'workspace:read',
  params,
  result: z.object({
    streams_url: z.string().describe('The WebSocket for programs (openAgentStreams).'),
    terminal_url: z.string().describe('The WebSocket for browsers (openAgentTerminal).'),
    disable_direct_connections: z.literal(true),
    derp_force_websockets: z.literal(true),
    derp_map: z.object({ Regions: z.record(z.string(), z.never()).describe('There are no relays of a mesh.') }),
    hostname_suffix: z.literal(''),
  }),
  faults: ['not_found'],
})

const ContainerPort = z.object({
  port: z.number().int(),
  network: z.string(),
  host_ip: z.string(),
  host_port: z.number().int(),
})

/** Everything is as the engine in the workspace says it: never trust it. */
export const WorkspaceContainer = z.object({
  id: z.string().max(128),
  name: z.string().max(512),
  image: z.string().max(512),
  created_at: z.string().max(64),
  running: z.boolean(),
  status: z.string().max(64),
  labels: z.record(z.string(), z.string()),
  ports: z.array(ContainerPort),
  volumes: z.record(z.string(), z.string()).describe('From the path outside to the one within.'),
})
export type WorkspaceContainer = z.infer<typeof WorkspaceContainer>

export const WorkspaceContainers = z.object({
  containers: z.array(WorkspaceContainer).max(200),
  warnings: z.array(z.string().max(1_024)).max(10).describe('Of an engine that is there and does not answer.'),
})
export type WorkspaceContainers = z.infer<typeof WorkspaceContainers>

export const listAgentContainers = endpoint({
  name: 'listAgentContainers',
  method: 'GET',
  path: '/api/v2/workspaceagents/:agent/containers',
  summary: 'The containers that run in a workspace, of docker or podman; none where it has no engine',
  tag,
  permission: 'workspace:application_connect',
  params,
  query: z.strictObject({ label: z.string().max(512).optional().describe('key=value, or a key: those that have it.') }),
  result: WorkspaceContainers.extend({ devcontainers: z.array(z.never()) }),
  faults: ['not_found', 'forbidden', 'conflict', 'unavailable'],
})
