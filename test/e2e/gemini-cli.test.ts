import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { installAgents } from '../support/agents.ts'
import { runGemini } from '../support/gemini.ts'
import { allInterceptions, eventually, type Row, timeline } from '../support/record.ts'
import { eventStream, json } from '../support/replies.ts'
import { owner, type RunningServer, startServer } from '../support/server.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { type SeenRequest, startUpstream, type Upstream } from '../support/upstream.ts'

const providerKey = 'AIzaSyScripted-0000000000000000000000000'
let upstream: Upstream
let server: RunningServer
let token: string
let baseUrl: string

beforeAll(async () => {
  await installAgents()
  upstream = await startUpstream()
  server = await startServer({
    env: {
      REEVE_AIBRIDGE_GEMINI_BASE_URL: upstream.url,
      REEVE_AIBRIDGE_GEMINI_KEY: providerKey,
      REEVE_AIBRIDGE_SCRIPTED: 'true',
    },
  })
  token = await server.gatewayToken()
  baseUrl = `${server.url}/api/v2/aibridge/gemini`
})

afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
  await upstream?.[Symbol.asyncDispose]()
})

/** A piece of a streamed answer; the last one has the reason of the end, and the count of tokens. */
const piece = (responseId: string, parts: readonly object[], last: object = {}): string => {
  const { usageMetadata, ...candidate } = Object(last)
  const candidates = [{ index: 0, content: { role: 'model', parts }, ...candidate }]
  return `data: ${JSON.stringify({ candidates, modelVersion: 'gemini-2.5-pro-002', responseId, usageMetadata })}\r\n\r\n`
}
const command = { command: 'echo made > marker; cat marker', description: 'Make a file' }
const callsTool = [
  piece('g-1', [{ text: 'A file shows it.', thought: true }]),
  piece('g-1', [{ functionCall: { name: 'run_shell_command', args: command } }], {
    finishReason: 'STOP',
    usageMetadata: {
      promptTokenCount: 1_201,
      cachedContentTokenCount: 900,
      candidatesTokenCount: 27,
      thoughtsTokenCount: 30,
      totalTokenCount: 1_258,
    },
  }),
]
const answers = [
  piece('g-2', [{ text: 'The file ' }]),
  piece('g-2', [{ text: 'is there.' }], {
    finishReason: 'STOP',
    usageMetadata: {
      promptTokenCount: 1_310,
      cachedContentTokenCount: 1_200,
      candidatesTokenCount: 12,
      totalTokenCount: 1_322,
    },
  }),
]
const hasResult = (request: SeenRequest): boolean => request.body.includes('"functionResponse"')
/** Prompt, then a command, then the answer: the loop that agents are made of. */
const theLoop = (request: SeenRequest) => eventStream(hasResult(request) ? answers : callsTool)

/** Gemini CLI names no conversation, so its requests are found by what was asked. */
async function recordOf(prompt: string, requests: number): Promise<{ session: Row; events: Row[]; rows: Row[] }> {
  const all = await eventually(
    () => allInterceptions(server),
    (rows) => {
      const sessionId = rows.find((row) => row.prompt === prompt)?.session_id
      const own = rows.filter((row) => row.session_id === sessionId)
      return sessionId !== undefined && own.length === requests && own.every((row) => row.outcome !== 'live')
    },
  )
  const sessionId: string = all.find((row) => row.prompt === prompt).session_id
  const { json: session } = await server.api('GET', `/api/v2/aibridge/sessions/${sessionId}`)
  return {
    session,
    events: await timeline(server, sessionId),
    rows: all.filter((row) => row.session_id === sessionId),
  }
}
const textsOf = (events: readonly Row[], kind: string): string[] =>
  events.filter((one) => one.kind === kind).map((one) => one.text)

test('Gemini CLI works through prompt, command and answer, and its requests are one session though it names none', async () => {
  using home = temporaryFolder()
  const from = upstream.seen.length
  upstream.answer(theLoop)
  const run = await runGemini({ baseUrl, token, prompt: 'Make the marker', home: home.path })

  expect(run.code, run.stderr).toBe(0)
  expect(
    run.lines
      .filter((line) => line.type === 'message')
      .map((line) => line.content)
      .join(''),
  ).toContain('The file is there.')
  expect(readFileSync(join(home.path, 'marker'), 'utf8')).toBe('made\n')
  const asked = upstream.seen.slice(from)
  const path = 'POST /v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse'
  expect(asked.map((request) => `${request.method} ${request.path}`)).toEqual([path, path])
  for (const request of asked) {
    expect(request.header('x-goog-api-key')).toEqual([providerKey])
    expect(request.head.toString() + request.body.toString()).not.toContain(token)
  }

  const { session, events, rows } = await recordOf('Make the marker', 2)
  expect(session).toMatchObject({
    initiator: { username: owner.username },
    client: 'Gemini CLI',
    client_version: '0.61.0',
    first_prompt: 'Make the marker',
    tool_calls: 1,
    requests: 2,
    threads: [{ requests: 2, tool_calls: 1 }],
    providers: ['google'],
    models: ['gemini-2.5-pro'],
    token_usage_summary: {
      input_tokens: 301 + 110,
      output_tokens: 57 + 12,
      cache_read_input_tokens: 900 + 1_200,
    },
  })
  const prompts = events.filter((one) => one.kind === 'prompt')
  expect(prompts.map((one) => [one.origin, one.text])).toEqual([['human', 'Make the marker']])
  expect(textsOf(events, 'thinking')).toEqual(['A file shows it.'])
  expect(events.filter((one) => one.kind === 'tool_call')).toMatchObject([{ tool_name: 'run_shell_command' }])
  expect(JSON.parse(textsOf(events, 'tool_call')[0]!)).toEqual(command)
  expect(events.filter((one) => one.kind === 'tool_result')).toMatchObject([{ tool_name: 'run_shell_command' }])
  expect(textsOf(events, 'tool_result')[0]).toContain('made')
  expect(textsOf(events, 'text')).toEqual(['The file is there.'])
  // What the client puts in by itself is told apart from what the person typed.
  expect(textsOf(events, 'context').join('\n')).toContain('<session_context>')
  expect(rows.map((row) => [row.outcome, row.streaming, row.request_bytes])).toEqual(
    asked.map((request) => ['ok', true, request.body.length]).reverse(),
  )
})

test('what the provider says no to is shown by Gemini CLI, after one request', async () => {
  using home = temporaryFolder()
  const from = upstream.seen.length
  const error = { code: 403, message: 'this model is not for you', status: 'PERMISSION_DENIED' }
  upstream.answer(() => json({ error }, { status: 403 }))
  const run = await runGemini({ baseUrl, token, prompt: 'Refused', home: home.path })

  expect(run.code).not.toBe(0)
  expect(run.stdout + run.stderr).toContain('this model is not for you')
  expect(upstream.seen).toHaveLength(from + 1)
  const { rows } = await recordOf('Refused', 1)
  expect(rows).toMatchObject([{ outcome: 'upstream_error', status_code: 403 }])
})

test('a token that is revoked ends in a sentence that Gemini CLI shows, and nothing reaches the provider', async () => {
  using home = temporaryFolder()
  const made = await server.api('POST', '/api/v2/users/me/keys/tokens', { scope: 'gateway' })
  expect((await server.api('DELETE', `/api/v2/users/me/keys/${made.json.id}`)).status).toBe(204)
  const from = upstream.seen.length
  const run = await runGemini({ baseUrl, token: made.json.key, prompt: 'Hello', home: home.path })

  expect(run.code).not.toBe(0)
  expect(run.stdout + run.stderr).toMatch(/token/i)
  expect(upstream.seen).toHaveLength(from)
})

test('the built-in script takes Gemini CLI through the same loop', async () => {
  using home = temporaryFolder()
  const scripted = baseUrl.replace('gemini', 'scripted-gemini')
  const run = await runGemini({ baseUrl: scripted, token, prompt: 'Show me that it works', home: home.path })

  expect(run.code, run.stderr).toBe(0)
  expect(run.stdout).toContain('The command')
  const { events } = await recordOf('Show me that it works', 2)
  expect(events.find((one) => one.kind === 'tool_call')).toMatchObject({ tool_name: 'run_shell_command' })
  expect(textsOf(events, 'tool_result')[0]).toContain('hello from reeve')
})
