import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { installAgents } from '../support/agents.ts'
import { runCodex } from '../support/codex.ts'
import { allInterceptions, type Row, settledSession, timeline } from '../support/record.ts'
import { eventStream, json } from '../support/replies.ts'
import { owner, type RunningServer, startServer } from '../support/server.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { type SeenRequest, startUpstream, type Upstream } from '../support/upstream.ts'

const providerKey = 'sk-scripted-000000000000000000000000'
let upstream: Upstream
let server: RunningServer
let token: string
let baseUrl: string

beforeAll(async () => {
  await installAgents()
  upstream = await startUpstream()
  server = await startServer({
    env: {
      REEVE_AIBRIDGE_OPENAI_BASE_URL: `${upstream.url}/v1/`,
      REEVE_AIBRIDGE_OPENAI_KEY: providerKey,
      REEVE_AIBRIDGE_SCRIPTED: 'true',
    },
  })
  token = await server.gatewayToken()
  baseUrl = `${server.url}/api/v2/aibridge/openai/v1`
})

afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
  await upstream?.[Symbol.asyncDispose]()
})

const event = (type: string, facts: object): string => `event: ${type}\ndata: ${JSON.stringify({ type, ...facts })}\n\n`

/** A response with these items, told as the Responses API streams it. */
function responseEvents(id: string, items: readonly object[], usage: object): string[] {
  const response = {
    id,
    object: 'response',
    model: 'gpt-5.5-2026-04-23',
    status: 'in_progress',
    output: [],
    error: null,
  }
  return [
    event('response.created', { response }),
    ...items.flatMap((item, output_index) => [
      event('response.output_item.added', { output_index, item }),
      event('response.output_item.done', { output_index, item }),
    ]),
    event('response.completed', { response: { ...response, status: 'completed', output: items, usage } }),
  ]
}
const usage = (read: number, cached: number, written: number, reasoning: number) => ({
  input_tokens: read,
  input_tokens_details: { cached_tokens: cached },
  output_tokens: written,
  output_tokens_details: { reasoning_tokens: reasoning },
  total_tokens: read + written,
})

const thought = (id: string, text: string) => ({
  type: 'reasoning',
  id,
  summary: [{ type: 'summary_text', text }],
  encrypted_content: 'c2VhbGVk',
})
const call = {
  type: 'function_call',
  id: 'fc_marker',
  call_id: 'call_marker',
  name: 'exec_command',
  arguments: JSON.stringify({ cmd: 'echo made > marker; cat marker' }),
  status: 'completed',
}
const message = (text: string) => ({
  type: 'message',
  id: 'msg_1',
  role: 'assistant',
  status: 'completed',
  content: [{ type: 'output_text', text, annotations: [] }],
})

const callsTool = responseEvents('resp_1', [thought('rs_1', 'A file shows it.'), call], usage(1_201, 900, 57, 30))
const answers = responseEvents(
  'resp_2',
  [thought('rs_2', 'It said so.'), message('The file is there.')],
  usage(1_310, 1_200, 12, 5),
)
const hasResult = (request: SeenRequest): boolean => request.body.includes('"function_call_output"')
/** Prompt, then a command, then the answer: the loop that agents are made of. */
const theLoop = (request: SeenRequest) => eventStream(hasResult(request) ? answers : callsTool)

async function recordOf(threadId: string, requests: number): Promise<{ session: Row; events: Row[]; rows: Row[] }> {
  const session = await settledSession(server, threadId, requests)
  const rows = (await allInterceptions(server)).filter((row) => row.session_id === session.id)
  return { session, events: await timeline(server, session.id), rows }
}
const textsOf = (events: readonly Row[], kind: string): string[] =>
  events.filter((one) => one.kind === kind).map((one) => one.text)

test('Codex works through prompt, command and answer, and the session can be read afterwards', async () => {
  using home = temporaryFolder()
  const from = upstream.seen.length
  upstream.answer(theLoop)
  const run = await runCodex({ baseUrl, token, prompt: 'Make the marker', home: home.path })

  expect(run.code, run.stderr).toBe(0)
  expect(run.stdout).toContain('The file is there.')
  expect(readFileSync(join(home.path, 'marker'), 'utf8')).toBe('made\n')
  const asked = upstream.seen.slice(from)
  expect(asked.map(({ method, path }) => `${method} ${path}`)).toEqual(['POST /v1/responses', 'POST /v1/responses'])
  for (const request of asked) {
    expect(request.header('authorization')).toEqual([`Bearer ${providerKey}`])
    expect(request.head.toString() + request.body.toString()).not.toContain(token)
  }

  const { session, events, rows } = await recordOf(run.threadId, 2)
  expect(session).toMatchObject({
    initiator: { username: owner.username },
    client: 'Codex',
    client_version: '0.169.0',
    first_prompt: 'Make the marker',
    tool_calls: 1,
    threads: 1,
    providers: ['openai'],
    models: ['gpt-5.5'],
    token_usage_summary: {
      input_tokens: 301 + 110,
      output_tokens: 57 + 12,
      cache_read_input_tokens: 900 + 1_200,
      cache_write_input_tokens: 0,
    },
  })
  const prompts = events.filter((one) => one.kind === 'prompt')
  expect(prompts.map((one) => [one.origin, one.text])).toEqual([['human', 'Make the marker']])
  expect(textsOf(events, 'thinking')).toEqual(['A file shows it.', 'It said so.'])
  expect(events.filter((one) => one.kind === 'tool_call')).toMatchObject([
    { tool_name: 'exec_command', tool_call_id: 'call_marker', text: call.arguments },
  ])
  expect(events.filter((one) => one.kind === 'tool_result')).toMatchObject([
    { tool_call_id: 'call_marker', tool_name: 'exec_command' },
  ])
  expect(textsOf(events, 'tool_result')[0]).toContain('made')
  expect(textsOf(events, 'text')).toEqual(['The file is there.'])
  // What Codex puts in by itself is told apart from what the person typed.
  expect(textsOf(events, 'context').join('\n')).toContain('<environment_context>')
  expect(rows.map((row) => [row.outcome, row.streaming, row.request_bytes])).toEqual(
    asked.map((request) => ['ok', true, request.body.length]).reverse(),
  )
})

test('a Codex that would rather have a WebSocket goes on over HTTP at once where the provider takes none', async () => {
  using home = temporaryFolder()
  const from = upstream.seen.length
  upstream.answer(theLoop)
  const run = await runCodex({
    baseUrl,
    token,
    prompt: 'Make it without a socket',
    home: home.path,
    provider: ['supports_websockets = true'],
  })

  expect(run.code, run.stderr).toBe(0)
  expect(run.stdout).toContain('The file is there.')
  const asked = upstream.seen.slice(from)
  expect(asked.map(({ method }) => method)).toEqual(['GET', 'POST', 'POST'])
  const { session } = await recordOf(run.threadId, 2)
  expect(session).toMatchObject({ first_prompt: 'Make it without a socket', tool_calls: 1 })
})

test('a conversation that is taken up again stays one session', async () => {
  using home = temporaryFolder()
  upstream.answer(() => eventStream(answers))
  const first = await runCodex({ baseUrl, token, prompt: 'First question', home: home.path })
  const second = await runCodex({ baseUrl, token, prompt: 'Second question', home: home.path, resume: first.threadId })

  expect(second.threadId).toBe(first.threadId)
  const { session, events } = await recordOf(first.threadId, 2)
  expect(session).toMatchObject({ threads: 2, first_prompt: 'First question', last_prompt: 'Second question' })
  expect(textsOf(events, 'prompt')).toEqual(['First question', 'Second question'])
})

test('what the provider says no to is shown by Codex, after one request', async () => {
  using home = temporaryFolder()
  const from = upstream.seen.length
  const error = { message: 'this model is not for you', type: 'invalid_request_error', param: null, code: null }
  upstream.answer(() => json({ error }, { status: 400 }))
  const run = await runCodex({ baseUrl, token, prompt: 'Refused', home: home.path })

  expect(run.stdout).toContain('this model is not for you')
  expect(upstream.seen).toHaveLength(from + 1)
  const { rows } = await recordOf(run.threadId, 1)
  expect(rows).toMatchObject([{ outcome: 'upstream_error', status_code: 400, prompt: 'Refused' }])
})

test('a token that is revoked ends in a sentence that Codex shows, and nothing reaches the provider', async () => {
  using home = temporaryFolder()
  const made = await server.api('POST', '/api/v2/users/me/keys/tokens', { scope: 'gateway' })
  expect((await server.api('DELETE', `/api/v2/users/me/keys/${made.json.id}`)).status).toBe(204)
  const from = upstream.seen.length
  const run = await runCodex({ baseUrl, token: made.json.key, prompt: 'Hello', home: home.path })

  expect(run.code).not.toBe(0)
  expect(run.stdout).toMatch(/token/i)
  expect(upstream.seen).toHaveLength(from)
})

// With newer models Codex has one tool, which takes a program that calls the others.
test.each([
  ['gpt-5.5', 'exec_command'],
  ['gpt-6.1-sol', 'exec'],
])('the built-in script takes a Codex with %s through the same loop', async (model, tool) => {
  using home = temporaryFolder()
  const scripted = baseUrl.replace('openai', 'scripted-openai')
  const run = await runCodex({ baseUrl: scripted, token, prompt: 'Show me that it works', home: home.path, model })

  expect(run.code, run.stderr).toBe(0)
  expect(run.stdout).toContain('The command printed')
  const { session, events } = await recordOf(run.threadId, 2)
  expect(session).toMatchObject({ first_prompt: 'Show me that it works', tool_calls: 1, status: 'done' })
  expect(events.find((one) => one.kind === 'tool_call')).toMatchObject({ tool_name: tool })
  expect(textsOf(events, 'tool_result')[0]).toContain('hello from reeve')
})
