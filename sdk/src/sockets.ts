import { z } from 'zod'
import { AgentFrame, AgentOrder, agentSocketPath } from './agent-protocol.ts'
import { WorkspaceAgentMetadata } from './agent-facts.ts'
import { Id } from './common.ts'
import { socketEndpoint } from './socket-endpoint.ts'
import { DynamicParameters, FormQuestion } from './template-dry-runs.ts'

/** The WebSockets of the management API. */

const tag = 'Workspace agents'
const ofAgent = z.object({ agent: Id })
const whole = (text: string) => z.coerce.number().int().min(1).max(1_000).optional().describe(text)

const nothing = { description: 'Nothing is sent.', schema: null }

export const openAgentTerminal = socketEndpoint({
  name: 'openAgentTerminal',
  path: '/api/v2/workspaceagents/:agent/pty',
  summary: 'A terminal in a workspace, for a browser; closed with 1000 when the shell has ended, with its exit code',
  tag,
  permission: 'workspace:ssh',
  params: ofAgent,
  query: z.object({
    reconnect: Id.optional().describe('A terminal that outlives its connection, and is found again under this id.'),
    command: z.string().max(4_096).optional().describe('Instead of the shell.'),
    height: whole('Rows; 24 without it.'),
    width: whole('Columns; 80 without it.'),
  }),
  takes: {
    description: 'What is typed, and how large the terminal is: any of the three.',
    schema: z.object({
      data: z
        .string()
        .max(128 * 1024)
        .optional(),
      height: z.number().optional(),
      width: z.number().optional(),
    }),
  },
  says: { description: 'What the terminal shows.', schema: null },
})

export const openAgentStreams = socketEndpoint({
  name: 'openAgentStreams',
  path: '/api/v2/workspaceagents/:agent/streams',
  summary: 'Commands, terminals and ports of a workspace for a program, any number over one connection',
  tag,
  permission: 'workspace:ssh',
  params: ofAgent,
  takes: { description: 'Frames of streams; the header of each is a StreamHeader as JSON.', schema: null },
  says: { description: 'Frames of streams.', schema: null },
})

export const watchAgentMetadataOverSocket = socketEndpoint({
  name: 'watchAgentMetadataOverSocket',
  path: '/api/v2/workspaceagents/:agent/watch-metadata-ws',
  summary: 'What the template measures in a workspace, each time that something has changed; over a WebSocket',
  tag,
  permission: 'workspace:read',
  params: ofAgent,
  takes: nothing,
  says: {
    description: 'All of it, at once and with each change.',
    schema: z.object({ type: z.literal('data'), data: z.array(WorkspaceAgentMetadata) }),
  },
})

export const connectAgent = socketEndpoint({
  name: 'connectAgent',
  path: agentSocketPath,
  summary: 'The connection of the agent of a workspace, opened with its token in the header Coder-Session-Token',
  tag,
  // The token of an agent is no credential of a person.
  permission: 'public',
  params: z.object({}),
  takes: { description: 'What the agent says; bytes are frames of streams.', schema: AgentFrame },
  says: { description: 'What it is to do; bytes are frames of streams.', schema: AgentOrder },
})

export const askDynamicParameters = socketEndpoint({
  name: 'askDynamicParameters',
  path: '/api/v2/templateversions/:version/dynamic-parameters',
  summary: 'A form that is asked again and again: the defaults at once, and then an answer to what was sent last',
  tag: 'Templates',
  permission: 'template:read',
  params: z.object({ version: Id }),
  query: z.object({ user_id: z.string().optional().describe('For whom the workspace is to be; you without it.') }),
  takes: { description: 'A question.', schema: FormQuestion },
  says: { description: 'The form as it is with these values.', schema: DynamicParameters },
})

export const sockets = {
  openAgentTerminal,
  openAgentStreams,
  watchAgentMetadataOverSocket,
  connectAgent,
  askDynamicParameters,
} as const
