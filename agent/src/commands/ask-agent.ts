import { request, type RequestOptions } from 'node:http'
import { Fault, type FaultCode } from '@reeve/base'

export type Environment = Readonly<Record<string, string | undefined>>

interface Question {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  readonly body?: object
}

/** Asks the agent of this workspace over its socket. Throws what it refuses with, and `unavailable` where there is none. */
export async function askAgent(
  env: Environment,
  method: 'GET' | 'POST',
  path: string,
  more: Pick<Question, 'query' | 'body'> = {},
): Promise<Record<string, unknown>> {
  const socketPath = env['REEVE_AGENT_SOCKET'] ?? ''
  if (socketPath !== '') return ask({ socketPath }, { method, path, ...more })
  if (behindBoundary(env)) {
    throw new Fault('forbidden', 'behind a boundary the agent of the workspace is not asked for this', {
      fix: 'what can be asked there is how a task goes and, by Git, for credentials of a host that the policy allows',
    })
  }
  throw new Fault('unavailable', 'this is no workspace: REEVE_AGENT_SOCKET is not set')
}

/** Whether the boundary is asked in place of the agent, which is not reached from behind it. */
export const behindBoundary = (env: Environment): boolean =>
  (env['REEVE_AGENT_SOCKET'] ?? '') === '' && URL.canParse(env['REEVE_AGENT_DOOR'] ?? '')

/** Asks the boundary that this program runs behind. Where it says so, by its proxy: not every tier captures connections. */
export async function askBoundary(env: Environment, question: Question): Promise<Record<string, unknown>> {
  const door = new URL(env['REEVE_AGENT_DOOR'] ?? '')
  const proxy = env['no_proxy'] === '*' ? null : URL.parse(env['http_proxy'] ?? '')
  if (proxy === null) return ask({ host: door.hostname, port: door.port }, question)
  const path = `http://${door.host}${question.path}`
  return ask({ host: proxy.hostname, port: proxy.port, headers: { Host: door.host } }, { ...question, path })
}

async function ask(to: RequestOptions, { method, path, query = {}, body }: Question): Promise<Record<string, unknown>> {
  const search = new URLSearchParams(query).toString()
  const headers = { ...to.headers, Accept: 'application/json' }
  const whole = search === '' ? path : `${path}?${search}`
  const { status, text } = await new Promise<{ status: number; text: string }>((resolve, reject) => {
    const asked = request({ ...to, method, path: whole, headers }, (answer) => {
      const pieces: Buffer[] = []
      answer.on('data', (piece: Buffer) => pieces.push(piece))
      answer.once('error', reject)
      answer.once('end', () =>
        resolve({ status: answer.statusCode ?? 500, text: Buffer.concat(pieces).toString('utf8') }),
      )
    })
    asked.once('error', (cause) =>
      reject(new Fault('unavailable', 'the agent of this workspace does not answer', { cause })),
    )
    asked.end(body === undefined ? undefined : JSON.stringify(body))
  })
  const answer = objectIn(text)
  if (status < 400) return answer
  throw refusal(answer)
}

/** In the agent's words, or those in which a boundary tells of a denial. */
function refusal({ code, message, detail, title, host, help }: Record<string, unknown>): Fault {
  const fix = [wordOf(detail), wordOf(help)].filter((word) => word !== '').join('\n')
  const denied = wordOf(title) === '' ? '' : `${wordOf(title)}: ${wordOf(host)}`
  // SAFETY: the agent's own faults.
  const known = (wordOf(code) || (denied === '' ? 'internal' : 'forbidden')) as FaultCode
  return new Fault(known, wordOf(message) || denied || 'the agent refused', fix === '' ? {} : { fix })
}

function objectIn(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text === '' ? '{}' : text)
    // SAFETY: an object, whose members are looked at before they are used.
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    throw new Fault('unavailable', 'what answers is not the agent of this workspace')
  }
}

export const wordOf = (value: unknown): string => (typeof value === 'string' ? value : '')
