import { expect } from 'vitest'
import { type Answer, ask } from '../support/client.ts'
import type { Turn } from '../support/messages.ts'
import { allInterceptions, eventually, type Row } from '../support/record.ts'
import { type RunningServer, startServer } from '../support/server.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'

export const providerKey = 'sk-ant-scripted-0000000000000000'
export const bodyBytesMax = 4 * 1024 * 1024

export const turn: Turn = {
  blocks: [{ type: 'text', text: 'Hello there.' }],
  usage: { input_tokens: 9, output_tokens: 4 },
}

/** A real server in front of a scripted provider, and one request after the other through both. */
export interface Rig extends AsyncDisposable {
  readonly server: RunningServer
  readonly upstream: Upstream
  readonly token: string
  readonly endpoint: string
  /** Begins another case: its requests are like no others, so that their records can be found. */
  next(): void
  question(stream?: boolean): string
  asking(options?: Asking): Promise<Answer>
  /**
   * The records of this case's requests, once there are so many and all have ended: up to half a minute after the client
   * has gone, because the bridge listens on to learn what was really used.
   */
  records(count?: number): Promise<Row[]>
  /** Nothing is open any more, on either side, and nothing is pending. */
  settled(): Promise<void>
}

export interface Asking {
  readonly body?: string | Uint8Array
  readonly headers?: readonly (readonly [string, string])[]
  readonly url?: string
  readonly hangUpAfterBytes?: number
  readonly signal?: AbortSignal
}

/** `patience` is how long the provider may be silent; `env` is more of the server's environment. */
export async function startRig({
  patience = '5m',
  env = {},
}: { readonly patience?: string; readonly env?: Readonly<Record<string, string>> } = {}): Promise<Rig> {
  const upstream = await startUpstream()
  const server = await startServer({
    env: {
      REEVE_AIBRIDGE_ANTHROPIC_BASE_URL: upstream.url,
      REEVE_AIBRIDGE_ANTHROPIC_KEY: providerKey,
      REEVE_AIBRIDGE_GEMINI_BASE_URL: upstream.url,
      REEVE_AIBRIDGE_GEMINI_KEY: providerKey,
      REEVE_AIBRIDGE_FIRST_BYTE_TIMEOUT: patience,
      REEVE_AIBRIDGE_IDLE_TIMEOUT: patience,
      REEVE_AIBRIDGE_CONNECT_TIMEOUT: patience,
      REEVE_AIBRIDGE_MAX_BODY_BYTES: '4MiB',
      // How busy this machine is must not decide what is answered here.
      REEVE_AIBRIDGE_MAX_EVENT_LOOP_DELAY: '0',
      // What the server's environment holds must never be part of a request.
      ANTHROPIC_API_KEY: 'sk-ant-of-the-environment-000000',
      ANTHROPIC_CUSTOM_HEADERS: 'x-canary: of-the-environment',
      HTTP_PROXY: 'http://127.0.0.1:9',
      http_proxy: 'http://127.0.0.1:9',
      ...env,
    },
  })
  const token = await server.gatewayToken()
  const endpoint = `${server.url}/api/v2/aibridge/anthropic/v1/messages`
  let number = 0
  let marker = ''

  const question = (stream = true): string =>
    JSON.stringify({
      model: `claude-x${number}`,
      max_tokens: 100,
      messages: [{ role: 'user', content: marker }],
      stream,
    })

  return {
    server,
    upstream,
    token,
    endpoint,
    next() {
      marker = `case ${++number}`
    },
    question,
    asking({ url = endpoint, headers = [['x-api-key', token] as const], ...options } = {}) {
      const all = [...headers, ['Content-Type', 'application/json'] as const]
      return ask(url, { body: question(), ...options, headers: all, method: 'POST' })
    },
    records(count = 1) {
      return eventually(
        async () => (await allInterceptions(server)).filter((row) => row.prompt === marker),
        (rows) => rows.length === count && rows.every((row) => row.outcome !== 'live'),
      )
    },
    async settled() {
      await upstream.quiet()
      const { journal } = await eventually(
        async () => (await server.api('GET', '/api/v2/aibridge/status')).json,
        (status) => status.journal.pending_bytes === 0,
      )
      expect(journal.healthy).toBe(true)
      expect((await allInterceptions(server)).filter((row) => row.outcome === 'live')).toEqual([])
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await upstream[Symbol.asyncDispose]()
    },
  }
}

/** An error as Anthropic's clients read it. */
export function errorOf(answer: Answer): { readonly type: string; readonly message: string } {
  expect(answer.headers['content-type']).toMatch(/^application\/json/)
  const parsed = JSON.parse(answer.body.toString())
  expect(parsed).toMatchObject({ type: 'error', error: { type: expect.any(String), message: expect.any(String) } })
  expect(parsed.error.message.length).toBeGreaterThan(10)
  return parsed.error
}
