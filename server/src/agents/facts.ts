import { text } from 'node:stream/consumers'
import { Fault } from '@reeve/base'
import { endpoints, fillPath, sockets, WorkspaceContainers } from '@reeve/sdk'
import { allows } from '../access/policy.ts'
import { implement, implementEvents, type Route, signedIn } from '../http/implement.ts'
import { objectOf } from '../workspaces/reachable.ts'
import type { AgentRoom } from './agent-room.ts'
import { agentFor } from './agents.ts'
import { followMetadata } from './metadata.ts'
import type { AgentStreams } from './streams.ts'

/** What is known of an agent beside how it is. */
export const factRoutes = (room: AgentRoom, streams: AgentStreams): Route[] => [
  implementEvents(endpoints.watchAgentMetadata, ({ params }, scope) => followMetadata(room, scope, params.agent)),
  implement(endpoints.getAgentConnection, async ({ params }, scope) => {
    await agentFor(room, signedIn(scope), params.agent)
    return {
      streams_url: socketUrl(room, fillPath(sockets.openAgentStreams.path, params)),
      terminal_url: socketUrl(room, fillPath(sockets.openAgentTerminal.path, params)),
      disable_direct_connections: true as const,
      derp_force_websockets: true as const,
      derp_map: { Regions: {} },
      hostname_suffix: '' as const,
    }
  }),
  implement(endpoints.listAgentContainers, async ({ params, query }, scope) => {
    const agent = await agentFor(room, signedIn(scope), params.agent)
    if (!allows(signedIn(scope), 'workspace:application_connect', objectOf({ ...agent, id: agent.workspace_id }))) {
      throw new Fault('forbidden', 'this credential may not do that')
    }
    const stream = await streams.open(agent.id, { kind: 'containers' }, scope.signal)
    stream.end()
    const { containers, warnings } = readContainers(await text(stream))
    return { devcontainers: [], containers: containers.filter(({ labels }) => matches(labels, query.label)), warnings }
  }),
]

function socketUrl({ accessUrl }: AgentRoom, path: string): string {
  const url = new URL(path, accessUrl)
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  return url.href
}

function matches(labels: Readonly<Record<string, string>>, wanted: string | undefined): boolean {
  if (wanted === undefined) return true
  const [key = '', ...value] = wanted.split('=')
  return Object.hasOwn(labels, key) && (value.length === 0 || labels[key] === value.join('='))
}

/** Anybody in the workspace may have said it. */
function readContainers(said: string): WorkspaceContainers {
  try {
    return WorkspaceContainers.parse(JSON.parse(said))
  } catch (thrown) {
    throw new Fault('unavailable', 'the agent told no containers', { cause: thrown })
  }
}
