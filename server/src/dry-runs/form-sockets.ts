import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { Fault, isUuid, Secret, toError, type Uuid, uuidv7 } from '@reeve/base'
import { type DynamicParameters, FormQuestion as Question } from '@reeve/sdk'
import { type WebSocket, WebSocketServer } from 'ws'
import { asFault, refusal, statusOf } from '../http/faults.ts'
import { pathOf } from '../http/front-door.ts'
import { socketActor, type SocketActor, type SocketEntrance } from '../http/socket-actor.ts'
import { writeRefusal } from '../http/write-answer.ts'
import type { Room } from '../templates/room.ts'
import { plannableVersion } from './dry-runs.ts'
import { evaluateForm, type FormQuestion } from './evaluate.ts'

/**
 * A form that is asked again and again, over a WebSocket: `/api/v2/templateversions/{id}/dynamic-parameters`. It answers
 * with the defaults at once, and then to what it is sent. Each answer is a plan, so that one is made at a time: of the
 * questions that come meanwhile the last is answered, and the others never.
 */
export interface FormSockets extends AsyncDisposable {
  /** False when the path is none of these. */
  upgrade(req: IncomingMessage, res: ServerResponse, socket: Socket, head: Buffer): boolean
}

export interface FormSocketOptions extends SocketEntrance {
  readonly room: Room
  /** Aborts when the server begins to stop. */
  readonly stopping: AbortSignal
  readonly pingMs?: number
}

/** Of the answer that nobody asked for. */
const unasked = -1
const perPersonMax = 16
const messageBytesMax = 1024 * 1024
/** As of RFC 6455. */
const notUnderstood = 1003
const notAllowed = 1008

export function formSockets(options: FormSocketOptions): FormSockets {
  const { room, authenticate, stopping, pingMs = 30_000 } = options
  const { clock, log } = room
  const server = new WebSocketServer({ noServer: true, clientTracking: false, maxPayload: messageBytesMax })
  const open = new Map<WebSocket, Uuid>()
  const working = new Set<Promise<void>>()

  async function admit(req: IncomingMessage, versionId: string): Promise<SocketActor> {
    const admitted = await socketActor(req, options)
    const { actor } = admitted
    if (!isUuid(versionId)) throw new Fault('not_found', 'there is no such version')
    await plannableVersion(room, actor, versionId)
    if ([...open.values()].filter((id) => id === actor.userId).length >= perPersonMax) {
      throw new Fault('limited', 'too many forms are open')
    }
    return admitted
  }

  function hold(socket: WebSocket, { actor, token }: SocketActor, versionId: Uuid, ownerId: string | null): void {
    const secret = new Secret(token)
    const gone = new AbortController()
    let next: FormQuestion | null = { id: unasked, inputs: {}, ...(ownerId === null ? {} : { owner_id: ownerId }) }
    let isAnswering = false
    let isHeard = true

    async function answer(): Promise<void> {
      if (isAnswering) return
      isAnswering = true
      while (next !== null && !gone.signal.aborted) {
        const question = next
        next = null
        // What he may do can have changed since the last question.
        const asker = await authenticate(secret.reveal())
        if (asker === null) return socket.close(notAllowed, 'this connection is not allowed any more')
        const form = await evaluateForm(room, asker, versionId, question, gone.signal).catch((thrown: unknown) =>
          formOfFault(question, thrown),
        )
        socket.send(JSON.stringify(form))
      }
      isAnswering = false
    }

    function formOfFault({ id }: FormQuestion, thrown: unknown): DynamicParameters {
      const fault = asFault(thrown)
      if (fault.code === 'internal') log.error({ err: toError(fault.cause ?? fault) }, 'a form failed')
      const detail = fault.fix ?? ''
      return {
        id,
        diagnostics: [{ severity: 'error', summary: fault.message, detail, extra: { code: fault.code } }],
        parameters: [],
      }
    }

    function work(): void {
      const one = answer()
        .catch((thrown: unknown) => {
          log.error({ err: toError(thrown) }, 'a form failed')
          socket.terminate()
        })
        .finally(() => working.delete(one))
      working.add(one)
    }

    open.set(socket, actor.userId)
    const timer = setInterval(() => {
      if (!isHeard) return socket.terminate()
      isHeard = false
      socket.ping()
    }, pingMs)
    socket.on('error', () => {})
    socket.on('pong', () => (isHeard = true))
    socket.on('message', (data) => {
      isHeard = true
      // SAFETY: with the default `binaryType` a message is one Buffer.
      const asked = questionOf(data as Buffer)
      if (asked === null) return socket.close(notUnderstood, 'not a question of this protocol')
      next = asked
      work()
    })
    socket.once('close', () => {
      clearInterval(timer)
      open.delete(socket)
      gone.abort()
    })
    work()
  }

  // A server that stops waits for nobody who would stay connected.
  const cut = (): void => {
    for (const socket of open.keys()) socket.terminate()
  }
  stopping.addEventListener('abort', cut, { once: true })

  return {
    upgrade(req, res, socket, head) {
      const [, versionId] = /^\/api\/v2\/templateversions\/([^/]+)\/dynamic-parameters$/.exec(pathOf(req)) ?? []
      if (versionId === undefined) return false
      const owner = new URLSearchParams((req.url ?? '').split('?')[1] ?? '').get('user_id')
      admit(req, versionId).then(
        (admitted) =>
          server.handleUpgrade(req, socket, head, (opened) =>
            hold(opened, admitted, versionId, owner === 'me' ? null : owner),
          ),
        (thrown: unknown) => {
          const fault = asFault(thrown)
          if (fault.code === 'internal') log.error({ err: toError(fault.cause ?? fault) }, 'a connection failed')
          writeRefusal(res, refusal(statusOf(fault.code), fault), uuidv7(clock.now()))
        },
      )
      return true
    },
    async [Symbol.asyncDispose]() {
      stopping.removeEventListener('abort', cut)
      cut()
      while (working.size > 0) await Promise.allSettled(working)
    },
  }
}

function questionOf(bytes: Buffer): FormQuestion | null {
  try {
    return Question.safeParse(JSON.parse(bytes.toString('utf8'))).data ?? null
  } catch {
    return null
  }
}
