import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { installAgents } from '../support/agents.ts'
import { type ClaudeResult, runClaude } from '../support/claude.ts'
import { startFaultProxy } from '../support/fault-proxy.ts'
import { answerTurn, asksForStream, messageEvents, type Turn } from '../support/messages.ts'
import { chunk, eventStreamHead, json } from '../support/replies.ts'
import { allInterceptions, type Row, settledInterceptions, settledSession, timeline } from '../support/record.ts'
import { owner, type RunningServer, startServer } from '../support/server.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { type SeenRequest, startUpstream, type Upstream } from '../support/upstream.ts'

const providerKey = 'sk-ant-scripted-0000000000000000'
let upstream: Upstream
let server: RunningServer
let token: string
const bridge = (provider: string): string => `${server.url}/api/v2/aibridge/${provider}`

beforeAll(async () => {
  await installAgents()
  upstream = await startUpstream()
  server = await startServer({
    env: {
      REEVE_AIBRIDGE_ANTHROPIC_BASE_URL: upstream.url,
      REEVE_AIBRIDGE_ANTHROPIC_KEY: providerKey,
      REEVE_AIBRIDGE_SCRIPTED: 'true',
    },
  })
  token = await server.gatewayToken()
})

afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
  await upstream?.[Symbol.asyncDispose]()
})

/** Prompt, then a Bash call, then the answer: the loop that agents are made of. */
const bashTurn: Turn = {
  model: 'claude-opus-5-5',
  blocks: [
    { type: 'thinking', thinking: 'A file shows that the tool ran.' },
    {
      type: 'tool_use',
      id: 'toolu_marker',
      name: 'Bash',
      input: { command: 'echo made > marker; cat marker', description: 'Make a file' },
    },
  ],
  usage: { input_tokens: 1_201, output_tokens: 57, cache_read_input_tokens: 9_000, cache_creation_input_tokens: 300 },
}
const lastTurn: Turn = {
  model: 'claude-opus-5-5',
  blocks: [
    { type: 'thinking', thinking: 'The tool said so.' },
    { type: 'text', text: 'The file is there.' },
  ],
  usage: { input_tokens: 77, output_tokens: 12, cache_read_input_tokens: 10_501, cache_creation_input_tokens: 118 },
}
const hasToolResult = (request: SeenRequest): boolean => request.body.includes('"tool_result"')
const theLoop = (request: SeenRequest): Turn => (hasToolResult(request) ? lastTurn : bashTurn)

/** What the record must tell of that loop, however it was answered. */
async function expectLoopOnRecord(sessionId: string, prompt: string): Promise<Row> {
  const session = await settledSession(server, sessionId, 2)
  const events = await timeline(server, session.id)
  const of = (kind: string): Row[] => events.filter((event) => event.kind === kind)
  expect(session).toMatchObject({
    initiator: { username: owner.username },
    client: 'Claude Code',
    client_version: '2.1.329',
    first_prompt: prompt,
    tool_calls: 1,
    status: 'done',
    token_usage_summary: {
      input_tokens: 1_201 + 77,
      output_tokens: 57 + 12,
      cache_read_input_tokens: 9_000 + 10_501,
      cache_write_input_tokens: 300 + 118,
    },
  })
  expect(of('prompt').map((event) => [event.origin, event.text])).toEqual([['human', prompt]])
  expect(of('thinking').map((event) => event.text)).toEqual(['A file shows that the tool ran.', 'The tool said so.'])
  expect(of('tool_call')).toMatchObject([{ tool_name: 'Bash', tool_call_id: 'toolu_marker' }])
  expect(JSON.parse(of('tool_call')[0].text)).toEqual({
    command: 'echo made > marker; cat marker',
    description: 'Make a file',
  })
  expect(of('tool_result')).toMatchObject([{ tool_call_id: 'toolu_marker', is_error: false }])
  expect(of('tool_result')[0].text).toContain('made')
  expect(of('text').map((event) => event.text)).toEqual(['The file is there.'])
  // What the client put in is told apart from what the person typed.
  const context = of('context').map((event) => event.text)
  expect(context.join('\n')).toContain('system-reminder')
  expect(of('prompt').every((event) => !event.text.includes('system-reminder'))).toBe(true)
  return session
}

test('Claude Code works through prompt, tool and answer, and the session can be read afterwards', async () => {
  using home = temporaryFolder()
  const from = upstream.seen.length
  upstream.answer((request) => answerTurn(request, theLoop(request), { 'request-id': 'req_from_provider' }))
  const run = await runClaude({ baseUrl: bridge('anthropic'), token, prompt: 'Make the marker', home: home.path })

  expect(run.result).toMatchObject({ is_error: false, result: 'The file is there.' })
  expect(readFileSync(join(home.path, 'marker'), 'utf8')).toBe('made\n')
  const asked = upstream.seen.slice(from)
  expect(asked).toHaveLength(2)
  expect(asked.every(asksForStream)).toBe(true)
  for (const request of asked) {
    expect(request.header('x-api-key')).toEqual([providerKey])
    expect(request.head.toString() + request.body.toString()).not.toContain(token)
  }
  const session = await expectLoopOnRecord(run.sessionId, 'Make the marker')
  expect(session).toMatchObject({ requests: 2, threads: 1, providers: ['anthropic'], models: ['claude-opus-5-5'] })
  const rows = (await allInterceptions(server)).filter((row) => row.session_id === session.id)
  expect(rows.map((row) => [row.outcome, row.streaming, row.provider_request_id, row.stop_reason])).toEqual([
    ['ok', true, 'req_from_provider', 'end_turn'],
    ['ok', true, 'req_from_provider', 'tool_use'],
  ])
  expect(rows.map((row) => row.request_bytes)).toEqual(asked.map((request) => request.body.length).reverse())
})

test('the same loop works without streaming, which Claude Code falls back to', async () => {
  using home = temporaryFolder()
  const from = upstream.seen.length
  upstream.answer((request) => {
    if (!asksForStream(request)) return answerTurn(request, theLoop(request))
    const error = { type: 'error', error: { type: 'api_error', message: 'the stream is refused' } }
    const begin = messageEvents({ blocks: [], usage: { input_tokens: 0, output_tokens: 0 } })[0]!
    return [eventStreamHead(), chunk(begin), chunk(`event: error\ndata: ${JSON.stringify(error)}\n\n`), { do: 'fin' }]
  })
  const run = await runClaude({ baseUrl: bridge('anthropic'), token, prompt: 'Make it in one piece', home: home.path })

  expect(run.result).toMatchObject({ is_error: false, result: 'The file is there.' })
  const asked = upstream.seen.slice(from)
  expect(asked.filter((request) => !asksForStream(request))).toHaveLength(2)
  const session = await settledSession(server, run.sessionId, asked.length)
  const rows = (await settledInterceptions(server, 1)).filter((row) => row.session_id === session.id)
  expect(rows).toHaveLength(asked.length)
  for (const row of rows) expect(row.outcome).toBe(row.streaming ? 'upstream_error' : 'ok')
  const events = await timeline(server, session.id)
  const of = (kind: string): Row[] => events.filter((event) => event.kind === kind)
  expect(of('thinking').map((event) => event.text)).toEqual(['A file shows that the tool ran.', 'The tool said so.'])
  expect(of('tool_call')).toMatchObject([{ tool_name: 'Bash', tool_call_id: 'toolu_marker' }])
  expect(of('tool_result')[0]?.text).toContain('made')
  // Each stream that broke off had said that one token was written.
  const broken = asked.filter(asksForStream).length
  expect(session.token_usage_summary).toMatchObject({ input_tokens: 1_278, output_tokens: 69 + broken })
})

test('the built-in scripted provider takes Claude Code through the same loop', async () => {
  using home = temporaryFolder()
  const run = await runClaude({ baseUrl: bridge('scripted'), token, prompt: 'Show me that it works', home: home.path })

  expect(run.result.is_error).toBe(false)
  const session = await settledSession(server, run.sessionId, 2)
  const events = await timeline(server, session.id)
  const kinds = new Set(events.map((event) => event.kind))
  for (const kind of ['prompt', 'thinking', 'tool_call', 'tool_result', 'text']) expect(kinds).toContain(kind)
  expect(events.find((event) => event.kind === 'prompt')).toMatchObject({
    origin: 'human',
    text: 'Show me that it works',
  })
  expect(session.first_prompt).toBe('Show me that it works')
  expect(session.token_usage_summary.input_tokens).toBe(run.result.usage.input_tokens)
  expect(session.token_usage_summary.output_tokens).toBe(run.result.usage.output_tokens)
})

test('a resumed conversation stays one session', async () => {
  using home = temporaryFolder()
  upstream.answer((request) => answerTurn(request, { ...lastTurn, blocks: [{ type: 'text', text: 'Yes.' }] }))
  const first = await runClaude({ baseUrl: bridge('anthropic'), token, prompt: 'First question', home: home.path })
  const args = ['--resume', first.sessionId]
  const second = await runClaude({
    baseUrl: bridge('anthropic'),
    token,
    prompt: 'Second question',
    home: home.path,
    args,
  })

  expect(second.sessionId).toBe(first.sessionId)
  const session = await settledSession(server, first.sessionId, 2)
  expect(session).toMatchObject({ threads: 2, first_prompt: 'First question', last_prompt: 'Second question' })
  const prompts = (await timeline(server, session.id)).filter((event) => event.kind === 'prompt')
  expect(prompts.map((event) => [event.origin, event.text])).toEqual([
    ['human', 'First question'],
    ['human', 'Second question'],
  ])
})

test('a sub-agent belongs to the session of the agent that sent it', async () => {
  using home = temporaryFolder()
  const task = { description: 'Count files', prompt: 'Count the files here', subagent_type: 'general-purpose' }
  const delegate: Turn = {
    blocks: [{ type: 'tool_use', id: 'toolu_task', name: 'Agent', input: { ...task, run_in_background: false } }],
    usage: { input_tokens: 10, output_tokens: 5 },
  }
  const counted: Turn = {
    blocks: [{ type: 'text', text: 'There are none.' }],
    usage: { input_tokens: 20, output_tokens: 6 },
  }
  const over: Turn = { blocks: [{ type: 'text', text: 'Counted.' }], usage: { input_tokens: 30, output_tokens: 7 } }
  upstream.answer((request) => {
    if (request.header('x-claude-code-agent-id').length > 0) return answerTurn(request, counted)
    return answerTurn(request, hasToolResult(request) ? over : delegate)
  })
  const run = await runClaude({ baseUrl: bridge('anthropic'), token, prompt: 'Have them counted', home: home.path })

  expect(run.result.is_error).toBe(false)
  const session = await settledSession(server, run.sessionId, 3)
  expect(session.agents).toBe(1)
  const rows = (await allInterceptions(server)).filter((row) => row.session_id === session.id)
  const ofAgent = rows.filter((row) => row.agent_id !== null)
  expect(ofAgent.length).toBeGreaterThan(0)
  const prompts = (await timeline(server, session.id)).filter((event) => event.kind === 'prompt')
  expect(prompts.find((event) => event.agent_id === null)).toMatchObject({ origin: 'human', text: 'Have them counted' })
  // What an agent writes for its sub-agent was typed by nobody.
  expect(prompts.find((event) => event.agent_id !== null)).toMatchObject({ origin: 'agent' })
  expect(session.first_prompt).toBe('Have them counted')
})

test('a revoked token ends in one request and a sentence that Claude Code shows', async () => {
  const created = await server.api('POST', '/api/v2/users/me/keys/tokens', {
    scope: 'gateway',
    token_name: 'to-be-revoked',
  })
  upstream.answer((request) => answerTurn(request, lastTurn))
  const works = await runCounted(created.json.key)
  expect(works.run.result.is_error).toBe(false)
  expect((await server.api('DELETE', `/api/v2/users/me/keys/${created.json.id}`)).status).toBe(204)

  const from = upstream.seen.length
  const denied = await runCounted(created.json.key)
  expect(denied.run.result.is_error).toBe(true)
  expect(denied.run.result.result).toMatch(/token/i)
  expect(denied.requests).toBe(1)
  expect(upstream.seen).toHaveLength(from)
})

test('a token of another scope ends in one request and a sentence that Claude Code shows', async () => {
  const created = await server.api('POST', '/api/v2/users/me/keys/tokens', { scope: 'api' })
  const from = upstream.seen.length
  const denied = await runCounted(created.json.key)
  expect(denied.run.result.is_error).toBe(true)
  expect(denied.run.result.result).toMatch(/scope/i)
  expect(denied.requests).toBe(1)
  expect(upstream.seen).toHaveLength(from)
})

/** Claude Code through a connection on which its requests are counted, free to retry as it does by itself. */
async function runCounted(key: string): Promise<{ run: ClaudeResult; requests: number }> {
  let requests = 0
  await using front = await startFaultProxy({
    port: server.port,
    watch(direction, packet) {
      if (direction === 'up') requests += packet.toString('latin1').match(/POST \/\S+ HTTP\/1\.1\r\n/g)?.length ?? 0
    },
  })
  using home = temporaryFolder()
  const baseUrl = `http://127.0.0.1:${front.port}/api/v2/aibridge/anthropic`
  const run = await runClaude({
    baseUrl,
    token: key,
    prompt: 'Hello',
    home: home.path,
    env: { CLAUDE_CODE_MAX_RETRIES: '5' },
  })
  return { run, requests }
}

test('the command line shows the session that the console shows', async () => {
  using home = temporaryFolder()
  upstream.answer((request) => answerTurn(request, theLoop(request)))
  const run = await runClaude({
    baseUrl: bridge('anthropic'),
    token,
    prompt: 'Seen from the terminal',
    home: home.path,
  })
  const session = await settledSession(server, run.sessionId, 2)

  const reeve = async (...args: string[]): Promise<string> => {
    const file = resolve(import.meta.dirname, '../../bin/reeve.mjs')
    const env = {
      PATH: process.env['PATH'],
      HOME: home.path,
      REEVE_URL: server.url,
      REEVE_SESSION_TOKEN: server.ownerToken,
    }
    return (await promisify(execFile)(process.execPath, [file, ...args], { env })).stdout
  }
  const shown = await reeve('bridge', 'sessions', 'show', session.id)
  for (const part of [
    'Seen from the terminal',
    'A file shows that the tool ran.',
    'Bash',
    'echo made > marker',
    'The file is there.',
  ]) {
    expect(shown).toContain(part)
  }
  expect(await reeve('bridge', 'sessions', 'list', '-o', 'json')).toContain(session.id)
})

test('an answer in one piece keeps headers that clients go by', async () => {
  upstream.answer(() =>
    json(
      { id: 'msg_1', type: 'message', content: [], usage: {} },
      { headers: { 'request-id': 'req_7', 'anthropic-ratelimit-tokens-remaining': '5' } },
    ),
  )
  const run = await fetch(`${bridge('anthropic')}/v1/messages`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'claude-x', max_tokens: 1, messages: [{ role: 'user', content: 'hello' }] }),
  })
  expect(run.headers.get('request-id')).toBe('req_7')
  expect(run.headers.get('anthropic-ratelimit-tokens-remaining')).toBe('5')
  await run.arrayBuffer()
})
