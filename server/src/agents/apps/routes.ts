import { text } from 'node:stream/consumers'
import { Fault } from '@reeve/base'
import { endpoints, ListeningPorts } from '@reeve/sdk'
import { implement, implementRedirect, type Route, signedIn } from '../../http/implement.ts'
import { allows } from '../../access/policy.ts'
import { objectOf } from '../../workspaces/reachable.ts'
import type { AgentRoom } from '../agent-room.ts'
import { agentFor } from '../agents.ts'
import type { AgentStreams } from '../streams.ts'
import type { AppHosts } from './app-hosts.ts'
import type { AppSessions } from './app-session.ts'

interface AppRoutes {
  readonly room: AgentRoom
  readonly streams: AgentStreams
  /** Null where apps are not served. */
  readonly hosts: AppHosts | null
  readonly sessions: AppSessions
}

export const appRoutes = ({ room, streams, hosts, sessions }: AppRoutes): Route[] => [
  implementRedirect(endpoints.openApp, ({ query: { redirect_uri: uri, state } }, { fromCookie, credential }) => {
    const url = URL.canParse(uri) ? new URL(uri) : null
    const host = url === null ? null : (hosts?.hostOf(url) ?? null)
    if (url === null || host === null) throw new Fault('invalid', 'this is not the address of an app')
    // A token of a program is not put into a browser.
    if (fromCookie !== true || !credential) throw new Fault('forbidden', 'apps are opened by a browser')
    const ticket = sessions.ticket({ host, state, token: credential.reveal() })
    const query = new URLSearchParams({ ticket, to: url.pathname + url.search })
    return { location: `${url.origin}/.reeve/sign-in?${query.toString()}` }
  }),
  implement(endpoints.listListeningPorts, async ({ params }, scope) => {
    const agent = await agentFor(room, signedIn(scope), params.agent)
    if (!allows(signedIn(scope), 'workspace:application_connect', objectOf({ ...agent, id: agent.workspace_id }))) {
      throw new Fault('forbidden', 'this credential may not do that')
    }
    const stream = await streams.open(agent.id, { kind: 'ports' }, scope.signal)
    stream.end()
    const { ports } = readPorts(await text(stream))
    const name = { agent: agent.name, workspace: agent.workspace_name, owner: agent.owner_username }
    return {
      ports: ports.map((each) => ({ ...each, url: hosts?.originOf({ app: String(each.port), ...name }) ?? null })),
    }
  }),
]

/** Anybody in the workspace may have said it. */
function readPorts(said: string): ListeningPorts {
  try {
    return ListeningPorts.parse(JSON.parse(said))
  } catch (thrown) {
    throw new Fault('unavailable', 'the agent told no ports', { cause: thrown })
  }
}
