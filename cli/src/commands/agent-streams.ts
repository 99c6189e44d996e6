import { Duplex } from 'node:stream'
import { asDuplex, Fault, multiplexOver } from '@reeve/base'
import { endpoints, type StreamHeader, type WorkspaceAgent } from '@reeve/sdk'
import { WebSocket } from 'ws'
import type { Context } from '../context.ts'
import { version } from '../version.ts'
import { awaitAgent } from './await-agent.ts'
import { awaitScripts } from './await-scripts.ts'
import { findWorkspace } from './workspaces.ts'

/** Streams to the agent of a workspace, all over one connection to the control plane. */
export interface AgentStreams extends Disposable {
  open(header: StreamHeader): Duplex
  /** Resolves with what went wrong when the connection is gone. */
  readonly lost: Promise<Fault>
}

const connectWithinMs = 15_000
const messageBytesMax = 1024 * 1024

/** For start scripts: as the template wants it, always, or never; then nor for an agent that has not connected yet. */
export type Wait = 'auto' | 'yes' | 'no'

interface Connecting {
  readonly agent: boolean
  readonly scripts: Wait
}

/** `billing`, `dana/billing`, or either with `.agent`. */
export async function connectAgent(context: Context, ref: string, wait: Connecting): Promise<AgentStreams> {
  const { signal } = context.io
  const client = await context.client()
  const { place, wanted } = placeOf(ref)
  const { id, name } = await findWorkspace(context, client, place)
  const agents = await client.call(endpoints.listWorkspaceAgents, { params: { workspace: id }, signal })
  const agent = agentOf(agents, name, wanted)
  const params = { agent: agent.id }
  const look = () => client.call(endpoints.getWorkspaceAgent, { params, signal })
  const lines = (after: number) => client.call(endpoints.listWorkspaceAgentLogs, { params, query: { after }, signal })
  if (wait.agent) await awaitAgent(agent, look, context.io)
  if (wait.scripts === 'yes' || (wait.scripts === 'auto' && agent.startup_script_behavior === 'blocking')) {
    await awaitScripts(await look(), { agent: look, lines }, context.io)
  }
  return openStreams(context, agent)
}

export function placeOf(ref: string): { readonly place: string; readonly wanted: string | undefined } {
  const [, place = ref, wanted] = /^(.*)\.([^./]+)$/.exec(ref) ?? []
  return { place, wanted }
}

export function agentOf(
  agents: readonly WorkspaceAgent[],
  workspace: string,
  wanted: string | undefined,
): WorkspaceAgent {
  const [first, ...others] = agents.filter(({ name }) => wanted === undefined || name === wanted)
  if (first === undefined) {
    const fix = agents.length === 0 ? `start it: reeve workspaces start ${workspace}` : 'reeve workspaces agents'
    throw new Fault('not_found', `${workspace} has no ${wanted === undefined ? 'agent' : `agent ${wanted}`}`, { fix })
  }
  if (others.length === 0) return first
  const fix = `name one: ${agents.map(({ name }) => `${workspace}.${name}`).join(', ')}`
  throw new Fault('invalid', `${workspace} has several agents`, { fix })
}

async function openStreams(context: Context, { id }: WorkspaceAgent): Promise<AgentStreams> {
  const { url, token } = await context.session()
  const target = new URL(`/api/v2/workspaceagents/${id}/streams`, url)
  target.protocol = target.protocol === 'https:' ? 'wss:' : 'ws:'
  const socket = new WebSocket(target, {
    headers: { 'Reeve-Session-Token': token, 'User-Agent': `reeve-cli/${version}` },
    handshakeTimeout: connectWithinMs,
    maxPayload: messageBytesMax,
    perMessageDeflate: false,
    followRedirects: false,
  })
  const lost = Promise.withResolvers<Fault>()
  const mux = multiplexOver(socket, { accept: null })
  socket.on('message', (data) => {
    try {
      // SAFETY: with the default `binaryType` a message is one Buffer.
      mux.take(data as Buffer)
    } catch {
      socket.close(1002)
    }
  })
  socket.on('close', (_, reason) => {
    const why = reason.toString('utf8') || 'the connection to the control plane is lost'
    mux.close(why)
    lost.resolve(new Fault('unavailable', why))
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('unexpected-response', (_, { statusCode }) => reject(refused(statusCode ?? 0)))
    socket.on('error', (error) => reject(new Fault('unavailable', `${url} is not reached: ${error.message}`)))
  })
  return {
    lost: lost.promise,
    open: (header) =>
      asDuplex(
        (options) => new Duplex(options),
        (handlers) => mux.open(new TextEncoder().encode(JSON.stringify(header)), handlers),
      ),
    [Symbol.dispose]: () => socket.terminate(),
  }
}

function refused(status: number): Fault {
  if (status === 401) return new Fault('unauthenticated', 'the token is not accepted', { fix: 'sign in again' })
  if (status === 403) return new Fault('forbidden', 'you may not go into this workspace')
  if (status === 404) return new Fault('not_found', 'there is no such workspace')
  if (status === 429) return new Fault('limited', 'too many connections to workspaces are open')
  return new Fault('unavailable', `the control plane answered with status ${status}`)
}
