import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { Fault, isUuid, Secret, toError, type Uuid, uuidv7 } from '@reeve/base'
import { fillPath, type Grantable, type SocketEndpoint } from '@reeve/sdk'
import { type WebSocket, WebSocketServer } from 'ws'
import { allows } from '../access/policy.ts'
import { appendAudit } from '../audit/journal.ts'
import { asFault, refusal, statusOf } from '../http/faults.ts'
import { pathOf } from '../http/front-door.ts'
import type { Scope } from '../http/implement.ts'
import { requestSource } from '../http/request-source.ts'
import { socketActor, type SocketEntrance } from '../http/socket-actor.ts'
import type { SourceAddress } from '../http/source-address.ts'
import { writeRefusal } from '../http/write-answer.ts'
import { objectOf } from '../workspaces/reachable.ts'
import type { AgentRoom } from './agent-room.ts'
import { connectionClosed, connectionOpened, type ConnectionKind } from './events.ts'
import { type AgentRow, findAgent } from './queries.ts'
import type { UseNotes } from './use-notes.ts'

/** A person's WebSocket to an agent, after all has been looked at. */
export interface UserSocket {
  readonly socket: WebSocket
  readonly agent: AgentRow
  readonly query: URLSearchParams
  /** Aborts with the socket. */
  readonly signal: AbortSignal
  /** Puts on record that this way is gone, once for each; when it is durable. Its end is put there too. */
  readonly note: (kind: ConnectionKind) => Promise<void>
}

/** What a person does with an agent over a WebSocket. */
export interface UserSocketHandler {
  /** Of one agent: `/api/v2/workspaceagents/:agent/…`. Its permission is looked at again and again. */
  readonly endpoint: SocketEndpoint<Grantable>
  readonly serve: (given: UserSocket) => void
}

export interface UserSocketOptions extends SocketEntrance {
  readonly room: Pick<AgentRoom, 'db' | 'clock' | 'log'>
  readonly sourceAddress: SourceAddress
  readonly handlers: readonly UserSocketHandler[]
  readonly used: UseNotes
  readonly checkMs?: number
}

/** How often it is looked at whether he who is connected still may; the authenticator answers from its memory. */
const checkMs = 2_000
const perPersonMax = 64
const messageBytesMax = 256 * 1024
/** As of RFC 6455: not allowed any more. */
const notAllowed = 1008

export interface UserSockets extends AsyncDisposable {
  /** False when the path is none of these. */
  upgrade(req: IncomingMessage, res: ServerResponse, socket: Socket, head: Buffer): boolean
  cut(): void
}

export function userSockets(options: UserSocketOptions): UserSockets {
  const { room, authenticate, handlers } = options
  const { db, clock, log } = room
  const server = new WebSocketServer({ noServer: true, clientTracking: false, maxPayload: messageBytesMax })
  const open = new Map<WebSocket, Uuid>()
  const ending = new Set<Promise<unknown>>()

  interface Admitted {
    readonly agent: AgentRow
    readonly token: string
    readonly scope: Pick<Scope, 'actor' | 'requestId' | 'sourceIp' | 'userAgent' | 'source'>
  }

  async function admit(req: IncomingMessage, agentId: string, needs: Grantable): Promise<Admitted> {
    const { actor, token, fromCookie } = await socketActor(req, options)
    const agent = isUuid(agentId) ? await findAgent(db.sql, agentId) : undefined
    const object = agent === undefined ? null : objectOf({ ...agent, id: agent.workspace_id })
    if (agent === undefined || object === null || !allows(actor, 'workspace:read', object)) {
      throw new Fault('not_found', 'there is no such agent')
    }
    if (!allows(actor, needs, object)) {
      throw new Fault('forbidden', 'this credential may not do that', { fix: `needs the permission ${needs} there` })
    }
    if ([...open.values()].filter((id) => id === actor.userId).length >= perPersonMax) {
      throw new Fault('limited', 'too many connections to workspaces are open')
    }
    const scope = {
      actor,
      requestId: uuidv7(clock.now()),
      sourceIp: options.sourceAddress(req),
      userAgent: req.headers['user-agent'] ?? null,
      source: requestSource(req, { actor, fromCookie, origins: options.origins(req) }),
    }
    return { agent, token, scope }
  }

  function hold(socket: WebSocket, admitted: Admitted, query: URLSearchParams, { endpoint, serve }: UserSocketHandler) {
    const { agent, token, scope } = admitted
    const { permission: needs } = endpoint
    // Whoever only looks on keeps nothing running.
    const noteUse = (): void => void (needs === 'workspace:read' || options.used(agent.workspace_id))
    const gone = new AbortController()
    const noted = new Map<ConnectionKind, Promise<void>>()
    const secret = new Secret(token)
    const begunMs = clock.monotonicMs()
    // SAFETY: whoever is admitted is somebody.
    open.set(socket, scope.actor!.userId)
    const timer = setInterval(() => void check(), options.checkMs ?? checkMs)
    let isHeard = true

    async function check(): Promise<void> {
      if (!isHeard) return socket.terminate()
      isHeard = false
      socket.ping()
      const actor = await authenticate(secret.reveal()).catch(() => null)
      // With whom it is shared may be others by now.
      const row = await findAgent(db.sql, agent.id).catch(() => agent)
      const may =
        actor !== null && row !== undefined && allows(actor, needs, objectOf({ ...row, id: row.workspace_id }))
      if (!may) socket.close(notAllowed, 'this connection is not allowed any more')
    }
    const write = (entry: ReturnType<typeof connectionOpened>): Promise<void> =>
      db.transaction((tx) => appendAudit(tx, { ...entry, scope, at: clock.now() }))
    const note = (kind: ConnectionKind): Promise<void> => {
      const before = noted.get(kind)
      if (before !== undefined) return before
      const writing = write(connectionOpened(agent, kind))
      noted.set(kind, writing)
      return writing
    }
    socket.on('error', () => {})
    socket.on('pong', () => (isHeard = true))
    socket.on('message', () => {
      isHeard = true
      noteUse()
    })
    noteUse()
    socket.once('close', () => {
      clearInterval(timer)
      open.delete(socket)
      gone.abort()
      const seconds = Math.round((clock.monotonicMs() - begunMs) / 1_000)
      for (const [kind, writing] of noted) {
        const work = writing
          .then(() => write(connectionClosed(agent, kind, seconds)))
          .catch((thrown: unknown) => log.warn({ err: toError(thrown) }, 'the end of a connection was not recorded'))
          .finally(() => ending.delete(work))
        ending.add(work)
      }
    })
    serve({ socket, agent, query, signal: gone.signal, note })
  }

  const cut = (): void => {
    for (const socket of open.keys()) socket.terminate()
  }

  return {
    upgrade(req, res, socket, head) {
      const path = pathOf(req)
      const [, agent = ''] = /^\/api\/v2\/workspaceagents\/([^/]+)\//.exec(path) ?? []
      const handler = handlers.find(({ endpoint }) => fillPath(endpoint.path, { agent }) === path)
      if (handler === undefined) return false
      const query = new URLSearchParams((req.url ?? '').split('?')[1] ?? '')
      admit(req, agent, handler.endpoint.permission).then(
        (admitted) => server.handleUpgrade(req, socket, head, (opened) => hold(opened, admitted, query, handler)),
        (thrown: unknown) => {
          const fault = asFault(thrown)
          if (fault.code === 'internal') log.error({ err: toError(fault.cause ?? fault) }, 'a connection failed')
          writeRefusal(res, refusal(statusOf(fault.code), fault), uuidv7(clock.now()))
        },
      )
      return true
    },
    cut,
    async [Symbol.asyncDispose]() {
      cut()
      while (ending.size > 0) await Promise.allSettled(ending)
    },
  }
}
