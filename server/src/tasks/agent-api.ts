import { type IncomingMessage, request } from 'node:http'
import { Fault, sseParser, type Uuid } from '@reeve/base'
import { AgentApiMessage } from '@reeve/sdk'
import { z } from 'zod'
import type { Dial } from '../agents/dial.ts'

/**
 * The AgentAPI of a task's workspace, as far as this room needs it. It is a program of the workspace: what it answers may
 * be anything, of any length, or never come.
 */
export interface AgentApi {
  status(): Promise<'stable' | 'running'>
  messages(): Promise<AgentApiMessage[]>
  send(content: string): Promise<void>
  /** What is said and what the agent does, the present state first; ends where the connection does. */
  events(signal: AbortSignal): AsyncGenerator<AgentApiEvent>
}

export type AgentApiEvent =
  | { readonly kind: 'message'; readonly message: AgentApiMessage }
  | { readonly kind: 'status'; readonly status: 'stable' | 'running' }

export interface AgentApiPlace {
  readonly agentId: Uuid
  /** As the template says it. */
  readonly url: string
}

const answerBytesMax = 8 * 1024 * 1024
const patienceMs = 30_000

const Status = z.object({ status: z.enum(['stable', 'running']) })
const Messages = z.object({ messages: z.array(AgentApiMessage) })
const Update = AgentApiMessage.omit({ content: true }).extend({ message: z.string() })

export function openAgentApi(dial: Dial, { agentId, url }: AgentApiPlace, timeoutMs = patienceMs): AgentApi {
  const base = localAddress(url)

  async function ask(
    method: 'GET' | 'POST',
    path: string,
    signal: AbortSignal,
    body?: object,
  ): Promise<IncomingMessage> {
    const socket = await dial(agentId, base.port, signal).catch(unreachable)
    const bytes = body === undefined ? null : Buffer.from(JSON.stringify(body))
    return new Promise<IncomingMessage>((resolve, reject) => {
      const sent = request({
        method,
        path: base.path + path,
        headers: {
          host: `localhost:${base.port}`,
          connection: 'close',
          ...(bytes === null ? {} : { 'content-type': 'application/json', 'content-length': bytes.length }),
        },
        createConnection: () => socket,
        signal,
      })
      sent.once('response', resolve)
      sent.once('error', (error) => {
        socket.destroy()
        reject(broken(error))
      })
      sent.end(bytes ?? undefined)
    })
  }

  async function json<T>(method: 'GET' | 'POST', path: string, schema: z.ZodType<T>, body?: object): Promise<T> {
    const signal = AbortSignal.timeout(timeoutMs)
    const answer = await ask(method, path, signal, body)
    try {
      const text = await readAll(answer)
      if (answer.statusCode !== 200) throw new Fault('upstream', `the agent’s API answered ${answer.statusCode}`)
      return schema.parse(JSON.parse(text))
    } catch (thrown) {
      throw broken(thrown)
    } finally {
      answer.destroy()
    }
  }

  return {
    status: async () => (await json('GET', '/status', Status)).status,
    messages: async () => (await json('GET', '/messages', Messages)).messages,
    send: async (content) => void (await json('POST', '/message', z.unknown(), { content, type: 'user' })),
    async *events(signal) {
      const answer = await ask('GET', '/events', signal)
      try {
        if (answer.statusCode !== 200) throw new Fault('upstream', `the agent’s API answered ${answer.statusCode}`)
        const parse = sseParser()
        answer.setEncoding('utf8')
        for await (const piece of answer) {
          for (const { event, data } of parse(piece)) {
            const read = readEvent(event, data)
            if (read !== null) yield read
          }
        }
      } catch (thrown) {
        if (!signal.aborted) throw broken(thrown)
      } finally {
        answer.destroy()
      }
    },
  }
}

/** Null for what is of no account here, or not as it should be. */
function readEvent(event: string, data: string): AgentApiEvent | null {
  let given: unknown
  try {
    given = JSON.parse(data)
  } catch {
    return null
  }
  if (event === 'status_change') {
    const status = Status.safeParse(given).data?.status
    return status === undefined ? null : { kind: 'status', status }
  }
  const update = event === 'message_update' ? Update.safeParse(given).data : undefined
  if (update === undefined) return null
  const { message: content, ...rest } = update
  return { kind: 'message', message: { ...rest, content } }
}

/** A task is talked to in its own workspace, over plain http: what else a template writes there is not ours to ask. */
function localAddress(url: string): { readonly port: number; readonly path: string } {
  const parsed = URL.parse(url)
  if (parsed?.protocol !== 'http:' || !['localhost', '127.0.0.1', '[::1]'].includes(parsed.hostname)) {
    throw new Fault('invalid', 'the app of this task is no http address of its own workspace', {
      fix: 'let the url of the coder_app that coder_ai_task names begin with http://localhost:',
    })
  }
  return { port: parsed.port === '' ? 80 : Number(parsed.port), path: parsed.pathname.replace(/\/+$/, '') }
}

async function readAll(answer: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of answer) {
    bytes += piece.length
    if (bytes > answerBytesMax) throw new Fault('upstream', 'the agent’s API answers with too much')
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString('utf8')
}

const broken = (thrown: unknown): Fault =>
  thrown instanceof Fault
    ? thrown
    : new Fault('upstream', 'the agent’s API does not answer as it should', { cause: thrown })

function unreachable(thrown: unknown): never {
  const isKnown = thrown instanceof Fault && (thrown.code === 'conflict' || thrown.code === 'unavailable')
  if (!isKnown && thrown instanceof Fault) throw thrown
  throw new Fault('upstream', 'the agent of this task cannot be reached in its workspace', {
    fix: 'look at the workspace: whether its agent is connected, and whether its app runs',
    cause: thrown,
  })
}
