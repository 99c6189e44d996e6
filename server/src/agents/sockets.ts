import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { Fault, isUuid, type Multiplex, multiplexOver, toError, type Uuid, uuidv7 } from '@reeve/base'
import { agentCloseCodes, agentFrameCharsMax, agentProtocolVersion, AgentFrame, type AgentOrder } from '@reeve/sdk'
import { Gauge, type Registry } from 'prom-client'
import { type WebSocket, WebSocketServer } from 'ws'
import { readCredential } from '../http/credential.ts'
import { refusal } from '../http/faults.ts'
import { writeRefusal } from '../http/write-answer.ts'
import type { AgentRoom } from './agent-room.ts'
import { greet, hear } from './hear.ts'
import { hasShutDown } from '../workspaces/stop-agents.ts'
import { type KeptPlan, planOf } from './manifest.ts'
import { type AgentRow, findByToken, markDisconnected, touchConnection } from './queries.ts'
import type { StreamMeter } from './stream-meter.ts'

/** The connections of the agents that are connected to this server. */
export interface AgentSockets extends AsyncDisposable {
  /** Answers a request to go on as a WebSocket, which nobody has looked at yet. */
  upgrade(req: IncomingMessage, res: ServerResponse, socket: Socket, head: Buffer): void
  /** Over which streams are opened to an agent that is connected to this server; null when it is not. */
  streamsTo(agentId: Uuid): Multiplex | null
  readonly open: number
}

interface Connection {
  readonly id: Uuid
  readonly agent: AgentRow
  readonly plan: KeptPlan
  readonly socket: WebSocket
  readonly streams: Multiplex
  isGreeted: boolean
  isHeard: boolean
}

/** How often a connection is tried, and the token behind it looked at; one that misses two is gone. */
const beatMs = 15_000
/** Agents have none. */
const noCookie = 'reeve_no_cookie'
const replaced = 'another connection came with this token'
/** Frames that wait to be kept, of one agent. */
const waitingMax = 64

/** Why a stream ends, and why none begins. */
export const notConnected = 'the agent of this workspace is not connected'

interface SocketsOptions {
  readonly room: AgentRoom
  readonly metrics: Registry
  readonly meter: StreamMeter
  /** Under which the other servers of this deployment reach this one; empty when there are none. */
  readonly relayUrl: string
  /** Aborts when the server begins to stop, which waits for nobody who would stay connected. */
  readonly stopping: AbortSignal
  readonly beatMs?: number
}

/**
 * One connection for each agent, the newest. It ends when the token does: told at once by the database, and found out
 * with the next beat where that was not heard.
 */
export function openAgentSockets(options: SocketsOptions): AgentSockets {
  const { room, metrics, meter, relayUrl } = options
  const { db, clock, log } = room
  const connections = new Map<Uuid, Connection>()
  const working = new Set<Promise<void>>()
  const server = new WebSocketServer({ noServer: true, clientTracking: false, maxPayload: agentFrameCharsMax * 4 })
  using undo = new DisposableStack()
  const gauge: Gauge = new Gauge({
    name: 'reeve_workspace_agents_connected',
    help: 'Workspace agents that are connected to this server.',
    registers: [metrics],
    collect: () => gauge.set(connections.size),
  })

  /** Null for a token that is nobody's: of a workspace that is stopped, or whose build has not ended yet. */
  async function authenticate(req: IncomingMessage): Promise<AgentRow | null> {
    const credential = readCredential(req, noCookie)
    if (credential === null || 'status' in credential || credential.fromCookie || !isUuid(credential.token)) {
      throw new Fault('unauthenticated', 'this needs the token of an agent')
    }
    const agent = await findByToken(db.sql, credential.token)
    // One that has shut down, and was started again by what runs its machine, is not to begin anew.
    return agent === undefined || (agent.stop_asked_at !== null && hasShutDown(agent.lifecycle)) ? null : agent
  }

  function hold(agent: AgentRow, socket: WebSocket): void {
    connections.get(agent.id)?.socket.close(agentCloseCodes.replaced, replaced)
    const connection: Connection = {
      id: uuidv7(clock.now()),
      agent,
      plan: planOf(room, agent),
      socket,
      streams: multiplexOver(socket, { accept: null, onSent: meter.sent }),
      isGreeted: false,
      isHeard: true,
    }
    connections.set(agent.id, connection)
    let waiting = 0
    let last: Promise<void> = Promise.resolve()
    socket.on('error', () => {})
    socket.on('pong', () => (connection.isHeard = true))
    socket.on('message', (data, isBinary) => {
      connection.isHeard = true
      // SAFETY: with the default `binaryType` a message is one Buffer.
      const message = data as Buffer
      if (isBinary) return takeStreams(connection, message)
      if (++waiting >= waitingMax) socket.pause()
      const text = message.toString('utf8')
      last = last
        .then(() => take(connection, text))
        .finally(() => {
          if (--waiting < waitingMax && socket.isPaused) socket.resume()
        })
      track(last)
    })
    socket.on('close', () => {
      connection.streams.close(notConnected)
      if (connections.get(agent.id) !== connection) return
      connections.delete(agent.id)
      track(last.then(() => noteLeft(connection)))
    })
  }

  function takeStreams(connection: Connection, message: Buffer): void {
    meter.received(message.length)
    try {
      connection.streams.take(message)
    } catch (thrown) {
      refuse(connection, thrown)
    }
  }

  async function take(connection: Connection, text: string): Promise<void> {
    const { agent, plan, socket } = connection
    if (socket.readyState !== socket.OPEN) return
    try {
      const frame = readFrame(text)
      if (frame === null) return
      if ((frame.kind === 'hello') === connection.isGreeted) throw new Fault('invalid', 'one hello, and first')
      const order =
        frame.kind === 'hello'
          ? await greet(room, agent, frame, { id: connection.id, relayUrl })
          : await hear(room, agent, plan, frame)
      connection.isGreeted = true
      if (order !== null) say(socket, order)
      if (frame.kind === 'hello') await check(connection)
    } catch (thrown) {
      refuse(connection, thrown)
    }
  }

  function refuse({ agent, socket }: Connection, thrown: unknown): void {
    const code = thrown instanceof Fault ? thrown.code : 'internal'
    if (code === 'invalid') return socket.close(agentCloseCodes.nonsense, 'not of this protocol')
    if (code === 'unauthenticated' || code === 'conflict')
      return socket.close(agentCloseCodes.ended, 'this agent ended')
    log.warn({ err: toError(thrown), agent: agent.id }, 'what an agent said could not be kept')
    // What is not acknowledged is said again over the next connection.
    socket.close(1011)
  }

  /** Unless another has taken its place, be it at another server. */
  async function noteLeft({ id, agent, isGreeted }: Connection): Promise<void> {
    if (!isGreeted) return
    await markDisconnected(db.sql, { agentId: agent.id, id }, clock.now()).catch((thrown: unknown) =>
      log.warn({ err: toError(thrown), agent: agent.id }, 'the end of a connection was not noted'),
    )
  }

  function track(work: Promise<void>): void {
    working.add(work)
    void work.finally(() => working.delete(work))
  }

  /** Whether it is the newest, the token behind it still good, and it is to stop. One that did not greet yet is asked then. */
  async function check({ id, agent, socket, isGreeted }: Connection): Promise<void> {
    if (!isGreeted) return
    try {
      const wish = await touchConnection(db.sql, { agentId: agent.id, id }, clock.now())
      if (wish === 'ended') socket.close(agentCloseCodes.ended, 'this agent ended')
      if (wish === 'replaced') socket.close(agentCloseCodes.replaced, replaced)
      if (wish === 'stopping') say(socket, { kind: 'stop' })
    } catch (thrown) {
      log.warn({ err: toError(thrown), agent: agent.id }, 'an agent could not be looked at')
    }
  }

  function beat(): void {
    for (const connection of connections.values()) {
      if (!connection.isHeard) {
        connection.socket.terminate()
        continue
      }
      connection.isHeard = false
      connection.socket.ping()
      track(check(connection))
    }
  }

  const recheck = (of: (agent: AgentRow) => boolean): void => {
    for (const connection of connections.values()) if (of(connection.agent)) track(check(connection))
  }
  undo.use(room.notices.on((id) => recheck(({ workspace_id }) => id === null || workspace_id === id)))
  const timer = setInterval(beat, options.beatMs ?? beatMs)
  undo.defer(() => clearInterval(timer))
  const leave = (): void => {
    for (const { socket } of connections.values()) socket.terminate()
  }
  options.stopping.addEventListener('abort', leave, { once: true })
  const running = undo.move()

  return {
    upgrade(req, res, socket, head) {
      authenticate(req).then(
        (agent) =>
          server.handleUpgrade(req, socket, head, (opened) => {
            // A WebSocket client sees why it was closed; the status of a refused handshake it is not shown.
            if (agent === null) opened.close(agentCloseCodes.ended, 'this token is of no agent that runs')
            else hold(agent, opened)
          }),
        (thrown: unknown) => {
          const fault = thrown instanceof Fault ? thrown : new Fault('unavailable', 'the server is not ready')
          const status = fault.code === 'unauthenticated' ? 401 : 503
          writeRefusal(res, refusal(status, fault), uuidv7(clock.now()))
        },
      )
    },
    streamsTo(agentId) {
      const connection = connections.get(agentId)
      return connection?.isGreeted === true ? connection.streams : null
    },
    get open() {
      return connections.size
    },
    async [Symbol.asyncDispose]() {
      running.dispose()
      leave()
      while (working.size > 0) await Promise.allSettled(working)
    },
  }
}

/** Null for a kind that this server does not know: the agent may be newer. */
function readFrame(text: string): AgentFrame | null {
  let given: unknown
  try {
    given = JSON.parse(text)
  } catch {
    throw new Fault('invalid', 'this is not JSON')
  }
  const read = AgentFrame.safeParse(given)
  if (read.success) {
    const { data: frame } = read
    if (frame.kind === 'hello' && frame.protocol !== agentProtocolVersion) {
      throw new Fault('invalid', 'this version of the protocol is not spoken here')
    }
    return frame
  }
  if (typeof given === 'object' && given !== null && 'kind' in given && !kinds.has(given.kind)) return null
  throw new Fault('invalid', 'this is no frame')
}

const kinds = new Set<unknown>(AgentFrame.options.map(({ shape }) => shape.kind.value))

function say(socket: WebSocket, order: AgentOrder): void {
  if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(order))
}
