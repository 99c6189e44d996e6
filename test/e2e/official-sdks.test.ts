import Anthropic from '@anthropic-ai/sdk'
import { GoogleGenAI } from '@google/genai'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Fixture, type FixtureFormat, fixturesOf } from '../../bridge/src/testing/fixtures.ts'
import { settledInterceptions } from '../support/record.ts'
import { body, eventStream } from '../support/replies.ts'
import { type RunningServer, startServer } from '../support/server.ts'
import { type SeenRequest, startUpstream, type Upstream } from '../support/upstream.ts'

/**
 * What a program gets from a provider through the makers' own SDKs is what it gets through the bridge: the same values,
 * the same events in the same order, the same errors. Each answer that the bridge is known to read is given twice.
 */

let upstream: Upstream
let server: RunningServer
let token: string
beforeAll(async () => {
  upstream = await startUpstream()
  const key = 'a-key-of-the-provider-000000000000'
  server = await startServer({
    env: {
      REEVE_AIBRIDGE_ANTHROPIC_BASE_URL: upstream.url,
      REEVE_AIBRIDGE_ANTHROPIC_KEY: key,
      REEVE_AIBRIDGE_OPENAI_BASE_URL: `${upstream.url}/v1/`,
      REEVE_AIBRIDGE_OPENAI_KEY: key,
      REEVE_AIBRIDGE_GEMINI_BASE_URL: upstream.url,
      REEVE_AIBRIDGE_GEMINI_KEY: key,
    },
  })
  token = await server.gatewayToken()
})
afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
  await upstream?.[Symbol.asyncDispose]()
})

/** Where a client asks, and with which key. */
interface Place {
  readonly baseUrl: string
  readonly apiKey: string
}
const anthropic = ({ baseUrl, apiKey }: Place) => new Anthropic({ baseURL: baseUrl, apiKey, maxRetries: 0 })
const openai = ({ baseUrl, apiKey }: Place) => new OpenAI({ baseURL: `${baseUrl}/v1`, apiKey, maxRetries: 0 })
const google = ({ baseUrl, apiKey }: Place) => new GoogleGenAI({ apiKey, httpOptions: { baseUrl } })

const message = { model: 'claude-x', max_tokens: 100, messages: [{ role: 'user' as const, content: 'hello' }] }
const chat = { model: 'gpt-5.5', messages: [{ role: 'user' as const, content: 'hello' }] }
const response = { model: 'gpt-5.5', input: 'hello' }
const content = { model: 'gemini-2.5-pro', contents: 'hello' }

/** One way of asking: gives what came, piece by piece. */
interface Call {
  readonly provider: 'anthropic' | 'openai' | 'gemini'
  readonly answers: FixtureFormat
  readonly streams: boolean
  readonly ask: (place: Place) => AsyncIterable<unknown> | Promise<AsyncIterable<unknown>>
}

async function* once(value: PromiseLike<unknown>): AsyncGenerator<unknown> {
  yield await value
}

const calls: Readonly<Record<string, Call>> = {
  'anthropic, messages': {
    provider: 'anthropic',
    answers: 'anthropic-messages',
    streams: false,
    ask: (place) => once(anthropic(place).messages.create(message)),
  },
  'anthropic, messages streamed': {
    provider: 'anthropic',
    answers: 'anthropic-messages',
    streams: true,
    ask: (place) => anthropic(place).messages.create({ ...message, stream: true }),
  },
  'anthropic, the last message of a stream': {
    provider: 'anthropic',
    answers: 'anthropic-messages',
    streams: true,
    ask: (place) => once(anthropic(place).messages.stream(message).finalMessage()),
  },
  'openai, chat completions': {
    provider: 'openai',
    answers: 'openai-chat',
    streams: false,
    ask: (place) => once(openai(place).chat.completions.create(chat)),
  },
  'openai, chat completions streamed': {
    provider: 'openai',
    answers: 'openai-chat',
    streams: true,
    ask: (place) =>
      openai(place).chat.completions.create({ ...chat, stream: true, stream_options: { include_usage: true } }),
  },
  'openai, responses': {
    provider: 'openai',
    answers: 'openai-responses',
    streams: false,
    ask: (place) => once(openai(place).responses.create(response)),
  },
  'openai, responses streamed': {
    provider: 'openai',
    answers: 'openai-responses',
    streams: true,
    ask: (place) => openai(place).responses.create({ ...response, stream: true }),
  },
  'google, content': {
    provider: 'gemini',
    answers: 'gemini',
    streams: false,
    ask: (place) => once(google(place).models.generateContent(content)),
  },
  'google, content streamed': {
    provider: 'gemini',
    answers: 'gemini',
    streams: true,
    ask: (place) => google(place).models.generateContentStream(content),
  },
}

interface Got {
  readonly values: readonly unknown[]
  readonly error: object | null
  readonly seen: SeenRequest
}

async function get(call: Call, place: Place): Promise<Got> {
  const values: unknown[] = []
  const from = upstream.seen.length
  let error: object | null = null
  try {
    for await (const value of await call.ask(place)) values.push(plain(value))
  } catch (thrown) {
    error = errorFacts(thrown)
  }
  expect(upstream.seen).toHaveLength(from + 1)
  return { values, error, seen: upstream.seen[from]! }
}

/** As JSON has it, without the answer's headers, which Google's SDK adds: of those each hop has its own. */
const plain = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value ?? null, (key, part) => (key === 'sdkHttpResponse' ? undefined : part)))

function errorFacts(thrown: unknown): object {
  const { name, message: text, status, code, type } = Object(thrown)
  return { name, text, status, code, type }
}

/** What the SDK asked, but for where and with which key. */
const asked = ({ method, path, headers, body: bytes }: SeenRequest) => ({
  method,
  path,
  headers: headers
    .map(([name, value]) => `${name.toLowerCase()}: ${value}`)
    .filter(
      (line) =>
        !/^(authorization|x-api-key|x-goog-api-key|host|connection|content-length|transfer-encoding|accept-encoding): /.test(
          line,
        ),
    )
    .sort(),
  body: bytes.toString(),
})

/** Streams that break off are left out: there the bridge says more than the provider, namely that it broke off. */
const suits = (call: Call, { name, status, contentType, bytes }: Fixture): boolean => {
  if (status !== 200) return true
  if (call.streams) return contentType === 'text/event-stream' && name !== 'no-end'
  return contentType === 'application/json' && bytes[0] === 0x7b
}

for (const [name, call] of Object.entries(calls)) {
  describe(`${name}: the same through the bridge`, () => {
    const fixtures = fixturesOf(call.answers).filter((fixture) => suits(call, fixture))
    test.each(fixtures.map((fixture) => [fixture.name, fixture] as const))('%s', async (_, fixture) => {
      const headers = { 'content-type': fixture.contentType, 'x-request-id': 'req_7', 'request-id': 'req_7' }
      upstream.answer(() =>
        fixture.contentType === 'text/event-stream'
          ? eventStream([fixture.bytes.toString()], { headers })
          : body(fixture.bytes, { status: fixture.status, headers }),
      )
      const direct = await get(call, { baseUrl: upstream.url, apiKey: 'a-key-of-ones-own' })
      const bridge = `${server.url}/api/v2/aibridge/${call.provider}`
      const through = await get(call, { baseUrl: bridge, apiKey: token })
      expect({ values: through.values, error: through.error }).toEqual({ values: direct.values, error: direct.error })
      expect(asked(through.seen)).toEqual(asked(direct.seen))
      // Neither way says nothing.
      expect(direct.values.length + (direct.error === null ? 0 : 1)).toBeGreaterThan(0)
    })
  })
}

test('every one of these requests is on record, none of them open', async () => {
  const count = upstream.seen.length / 2
  const rows = await settledInterceptions(server, count)
  expect(rows).toHaveLength(count)
})
