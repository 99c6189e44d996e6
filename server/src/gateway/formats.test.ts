import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../db/testing.ts'
import { eventStream } from '../../../test/support/replies.ts'
import { startUpstream, type Upstream } from '../../../test/support/upstream.ts'
import { person, type Person, testGateway, type TestGateway } from './gateway-testing.ts'

let db: TestDatabase
let upstream: Upstream
let dana: Person
let open: TestGateway
beforeAll(async () => {
  db = await testDatabase()
  upstream = await startUpstream()
  dana = await person(db, 'dana')
  open = await testGateway(db, upstream.url)
})
afterAll(async () => {
  await open[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
  await db[Symbol.asyncDispose]()
})

/** One turn of an agent in the format of an API: it asks for a tool, and both sides are on record. */
interface Turn {
  readonly path: string
  /** How this API's clients send their key. */
  readonly key: (token: string) => Readonly<Record<string, string>>
  readonly body: unknown
  /** The data of the stream's events; text is not quoted. */
  readonly events: readonly unknown[]
  readonly row: object
  readonly items: readonly object[]
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const chunk = (delta: object | null, more: object = {}) => ({
  id: 'chatcmpl-1',
  model: 'gpt-5.5-2026-04-23',
  choices: delta === null ? [] : [{ index: 0, delta, finish_reason: null, ...more }],
})
const call = { type: 'function_call', id: 'fc_1', call_id: 'call_2', name: 'exec_command', arguments: '{"cmd":"ls"}' }

const turns: Readonly<Record<string, Turn>> = {
  'openai, Chat Completions': {
    path: '/openai/v1/chat/completions',
    key: bearer,
    body: {
      model: 'gpt-5.5',
      stream: true,
      stream_options: { include_usage: true },
      messages: [
        { role: 'system', content: 'be brief' },
        { role: 'user', content: 'list the files' },
      ],
      tools: [{ type: 'function', function: { name: 'bash' } }],
    },
    events: [
      chunk({ role: 'assistant', content: '', reasoning_content: 'A listing.' }),
      chunk({ tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name: 'bash', arguments: '' } }] }),
      chunk({ tool_calls: [{ index: 0, function: { arguments: '{"cmd":"ls"}' } }] }),
      chunk({}, { finish_reason: 'tool_calls' }),
      {
        ...chunk(null),
        usage: {
          prompt_tokens: 100,
          completion_tokens: 20,
          total_tokens: 120,
          prompt_tokens_details: { cached_tokens: 60 },
          completion_tokens_details: { reasoning_tokens: 12 },
        },
      },
      '[DONE]',
    ],
    row: {
      route: 'chat_completions',
      provider: 'openai',
      provider_name: 'openai',
      model: 'gpt-5.5',
      model_served: 'gpt-5.5-2026-04-23',
      provider_response_id: 'chatcmpl-1',
      streaming: true,
      outcome: 'ok',
      stop_reason: 'tool_calls',
      prompt: 'list the files',
      input_tokens: 40,
      cache_read_tokens: 60,
      output_tokens: 20,
      reasoning_tokens: 12,
      usage_source: 'provider',
      tool_calls: 1,
    },
    items: [
      { kind: 'context', origin: 'client', text: 'be brief' },
      { kind: 'prompt', origin: 'human', text: 'list the files' },
      { kind: 'thinking', origin: 'model', text: 'A listing.' },
      { kind: 'tool_call', origin: 'model', tool_name: 'bash', text: '{"cmd":"ls"}' },
    ],
  },
  // As Codex asks: its own instructions and the place where it works stand before what a person wrote.
  'openai, Responses': {
    path: '/openai/responses',
    key: (token) => ({
      ...bearer(token),
      'user-agent': 'codex_exec/0.169.0 (Debian 12.0.0; x86_64) dumb (codex_exec; 0.169.0)',
      'session-id': '0199aa00-1111-7000-8000-000000000001',
    }),
    body: {
      model: 'gpt-5.5',
      stream: true,
      store: false,
      input: [
        { type: 'message', role: 'developer', content: [{ type: 'input_text', text: 'be brief' }] },
        {
          type: 'message',
          role: 'user',
          content: [{ type: 'input_text', text: '<environment_context>/work</environment_context>' }],
        },
        { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'list the files' }] },
      ],
      tools: [{ type: 'function', name: 'exec_command' }],
    },
    events: [
      { type: 'response.created', response: { id: 'resp_1', model: 'gpt-5.5-2026-04-23', error: null } },
      {
        type: 'response.output_item.done',
        output_index: 0,
        item: { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'A listing.' }] },
      },
      { type: 'response.output_item.done', output_index: 1, item: call },
      {
        type: 'response.completed',
        response: {
          id: 'resp_1',
          status: 'completed',
          output: [],
          usage: {
            input_tokens: 100,
            input_tokens_details: { cached_tokens: 60 },
            output_tokens: 20,
            output_tokens_details: { reasoning_tokens: 12 },
          },
        },
      },
    ],
    row: {
      route: 'responses',
      provider: 'openai',
      client: 'Codex',
      client_version: '0.169.0',
      client_session_id: '0199aa00-1111-7000-8000-000000000001',
      model: 'gpt-5.5',
      model_served: 'gpt-5.5-2026-04-23',
      provider_response_id: 'resp_1',
      outcome: 'ok',
      stop_reason: 'completed',
      prompt: 'list the files',
      input_tokens: 40,
      cache_read_tokens: 60,
      output_tokens: 20,
      reasoning_tokens: 12,
      usage_source: 'provider',
      tool_calls: 1,
    },
    items: [
      { kind: 'context', origin: 'client', text: 'be brief' },
      { kind: 'context', origin: 'client', text: '<environment_context>/work</environment_context>' },
      { kind: 'prompt', origin: 'human', text: 'list the files' },
      { kind: 'thinking', origin: 'model', text: 'A listing.' },
      { kind: 'tool_call', origin: 'model', tool_name: 'exec_command', text: '{"cmd":"ls"}' },
    ],
  },
  gemini: {
    path: '/gemini/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse',
    key: (token) => ({ 'x-goog-api-key': token }),
    body: {
      systemInstruction: { parts: [{ text: 'be brief' }] },
      contents: [{ role: 'user', parts: [{ text: 'list the files' }] }],
      tools: [{ functionDeclarations: [{ name: 'run_shell_command' }] }],
    },
    events: [
      { candidates: [{ content: { parts: [{ text: 'A listing.', thought: true }] } }], responseId: 'g-1' },
      {
        candidates: [
          {
            content: { parts: [{ functionCall: { name: 'run_shell_command', args: { command: 'ls' } } }] },
            finishReason: 'STOP',
          },
        ],
        modelVersion: 'gemini-2.5-pro-002',
        usageMetadata: {
          promptTokenCount: 100,
          cachedContentTokenCount: 60,
          candidatesTokenCount: 8,
          thoughtsTokenCount: 12,
        },
      },
    ],
    row: {
      route: 'generate_content',
      provider: 'google',
      provider_name: 'gemini',
      model: 'gemini-2.5-pro',
      model_served: 'gemini-2.5-pro-002',
      provider_response_id: 'g-1',
      streaming: true,
      outcome: 'ok',
      stop_reason: 'STOP',
      prompt: 'list the files',
      input_tokens: 40,
      cache_read_tokens: 60,
      output_tokens: 20,
      reasoning_tokens: 12,
      usage_source: 'provider',
      tool_calls: 1,
    },
    items: [
      { kind: 'prompt', origin: 'human', text: 'list the files' },
      { kind: 'thinking', origin: 'model', text: 'A listing.' },
      { kind: 'tool_call', origin: 'model', tool_name: 'run_shell_command', text: '{"command":"ls"}' },
    ],
  },
}

/** The interception with this id and its items, when the drain has ended it. */
async function ended(id: string) {
  for (;;) {
    const row = await db.sql.selectFrom('interceptions').selectAll().where('id', '=', id).executeTakeFirst()
    if (row !== undefined && row.outcome !== 'live') {
      const items = db.sql.selectFrom('interception_items').selectAll().where('interception_id', '=', id)
      return { row, items: await items.orderBy('seq').execute() }
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

const ofJson = { 'content-type': 'application/json' }
const dataOf = (event: unknown): string => `data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`
const eventsOf = (turn: Turn): string[] => turn.events.map(dataOf)

for (const [name, turn] of Object.entries(turns)) {
  const ask = (body: unknown) =>
    fetch(`${open.url}${turn.path}`, {
      method: 'POST',
      headers: { ...ofJson, ...turn.key(dana.token) },
      body: JSON.stringify(body),
    })

  test(`${name}: a turn comes through byte for byte and is recorded with prompt, thought, call and tokens`, async () => {
    const stream = Buffer.from(eventsOf(turn).join(''))
    upstream.answer(() => eventStream([stream.toString()]))
    const response = await ask(turn.body)
    expect(Buffer.from(await response.arrayBuffer())).toEqual(stream)
    const seen = upstream.seen.at(-1)
    expect(seen?.body.toString()).toBe(JSON.stringify(turn.body))
    expect(JSON.stringify(seen)).not.toContain(dana.token)
    const { row, items } = await ended(response.headers.get('x-reeve-interception-id') ?? '')
    expect(row).toMatchObject(turn.row)
    expect(items).toMatchObject(turn.items)
  })

  test(`${name}: a stream that breaks off is told as an error in the format, and recorded as broken off`, async () => {
    const half = Buffer.from(dataOf(turn.events[0]))
    upstream.answer(() => eventStream([half.toString()]))
    const response = await ask(turn.body)
    expect(await response.text()).toMatch(/error/)
    const { row } = await ended(response.headers.get('x-reeve-interception-id') ?? '')
    expect(row).toMatchObject({ outcome: 'upstream_aborted', usage_source: 'none' })
  })

  test(`${name}: ten equal requests are ten equal requests to the provider`, async () => {
    upstream.answer(() => eventStream(eventsOf(turn)))
    const before = upstream.seen.length
    for (let i = 0; i < 10; i++) await (await ask(turn.body)).arrayBuffer()
    const asked = upstream.seen.slice(before).map(({ head, body }) => `${head.toString()}\n${body.toString()}`)
    expect(new Set(asked).size).toBe(1)
    expect(asked).toHaveLength(10)
  })

  test(`${name}: a refusal has the shape of the provider’s own errors`, async () => {
    const response = await fetch(`${open.url}${turn.path}`, { method: 'POST', body: '{}' })
    expect(response.status).toBe(401)
    expect(await response.json()).toMatchObject({ error: { message: expect.stringMatching(/token/) } })
  })
}

test('a turn that follows a stored response belongs to its session, also one that a client has named, and so does its thread', async () => {
  const { path, key, events } = turns['openai, Responses']!
  const nameless = { ...key(dana.token), ...ofJson, 'user-agent': 'x', 'session-id': '' }
  const said = async (id: string, asked: object, headers: Readonly<Record<string, string>> = nameless) => {
    upstream.answer(() => eventStream(events.map((event) => dataOf(event).replaceAll('resp_1', id))))
    const response = await fetch(`${open.url}${path}`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ model: 'gpt-5.5', stream: true, ...asked }),
    })
    await response.arrayBuffer()
    return ended(response.headers.get('x-reeve-interception-id') ?? '')
  }
  const first = await said('resp_f1', { input: 'one thing' })
  const next = await said('resp_f2', { previous_response_id: 'resp_f1', input: 'and another' })
  const result = { type: 'function_call_output', call_id: 'call_of_nobody', output: 'a.txt' }
  const last = await said('resp_f3', { previous_response_id: 'resp_f2', input: [result] })
  expect([next, last].map(({ row }) => row.session_id)).toEqual([first.row.session_id, first.row.session_id])
  expect([next, last].map(({ row }) => row.thread_id)).toEqual([next.row.id, next.row.id])

  const named = await said('resp_g1', { input: 'x' }, { ...key(dana.token), ...ofJson, 'session-id': 'the-named-one' })
  const followed = await said('resp_g2', { previous_response_id: 'resp_g1', input: [result] })
  expect(followed.row).toMatchObject({ session_id: named.row.session_id, thread_id: named.row.thread_id })
})

test('a result for a stored response belongs to the session and the thread of the call, though nothing else is said', async () => {
  const { path, key, events, body } = turns['openai, Responses']!
  const nameless = { ...key(dana.token), ...ofJson, 'user-agent': 'x', 'session-id': '' }
  const said = async (asked: unknown) => {
    upstream.answer(() => eventStream(events.map(dataOf)))
    const response = await fetch(`${open.url}${path}`, {
      method: 'POST',
      headers: nameless,
      body: JSON.stringify(asked),
    })
    await response.arrayBuffer()
    return ended(response.headers.get('x-reeve-interception-id') ?? '')
  }
  const first = await said(body)
  const result = { type: 'function_call_output', call_id: call.call_id, output: 'a.txt' }
  const next = await said({ model: 'gpt-5.5', stream: true, previous_response_id: 'resp_1', input: [result] })
  expect(next.items[0]).toMatchObject({ kind: 'tool_result', text: 'a.txt' })
  expect(next.row).toMatchObject({
    session_id: first.row.session_id,
    thread_id: first.row.thread_id,
    client: 'Unknown',
  })
})
