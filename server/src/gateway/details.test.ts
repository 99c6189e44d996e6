import { endpoints } from '@reeve/sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../db/testing.ts'
import { person, type Person, testGateway, type TestGateway } from './gateway-testing.ts'
import { bodyOf, record, startFacts, streamOf, testRecord } from './testing.ts'

let db: TestDatabase
let gateway: TestGateway
let dana: Person
let auditor: Person
const ids: string[] = []

const call = { id: 'toolu_1', name: 'Bash', input: { command: 'npm test' } }
const prompt = { role: 'user', content: 'run the tests' }
const failed = {
  role: 'user',
  content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'no such file', is_error: true }],
}

beforeAll(async () => {
  db = await testDatabase()
  gateway = await testGateway(db, 'http://127.0.0.1:9')
  dana = await person(db, 'dana')
  auditor = await person(db, 'audrey', { roles: ['auditor'] })
  const who = { userId: dana.actor.userId, organizationId: dana.actor.organizationIds[0]! }
  await using kept = await testRecord({ db })
  const ask = async (messages: readonly unknown[], answer: Parameters<typeof streamOf>[0], given = {}, end = {}) => {
    ids.push(await record(kept.recorder, startFacts(who, bodyOf(messages), given), streamOf(answer), end))
    await kept.drain()
  }
  const called = { role: 'assistant', content: [{ type: 'tool_use', ...call }] }
  await ask([prompt], { thinking: 'let me see', text: 'I will', call })
  await ask([prompt, called, failed], { text: 'It failed.' })
  await ask([prompt, called, failed, { role: 'assistant', content: 'x' }, { role: 'user', content: 'why' }], {
    text: 'y',
  })
  const other = { clientSessionId: 'other', credentialKind: 'byok' as const, agentId: 'a1' }
  await ask(
    [{ role: 'user', content: 'else' }],
    { call: { ...call, id: 'toolu_2', name: 'mcp__github__merge' } },
    other,
  )
  await ask(
    [{ role: 'user', content: 'slow' }],
    { text: '' },
    { clientSessionId: 'bad' },
    {
      outcome: 'upstream_error',
      statusCode: 429,
      errorType: 'rate_limited',
      attempts: [],
    },
  )
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await db[Symbol.asyncDispose]()
})

const requests = async (query: object, who = dana) =>
  endpoints.listInterceptions.result.parse(await gateway.call('listInterceptions', who.actor, { query }))
const sessions = async (q: string) =>
  endpoints.listSessions.result.parse(await gateway.call('listSessions', dana.actor, { query: { q } }))
const session = async (id: string, query: object, who = dana) =>
  endpoints.getSession.result.parse(await gateway.call('getSession', who.actor, { params: { id }, query }))

test('each key of the query narrows requests, and sessions by what one of their requests is like', async () => {
  for (const [q, wanted, inSessions] of [
    ['tool:Bash', [0], 1],
    ['tool:mcp__*,Nope', [3], 1],
    ['tool:mcp%', [], 0],
    ['route:messages', [0, 1, 2, 3, 4], 3],
    ['credential_kind:byok', [3], 1],
    ['error_type:rate_limited', [4], 1],
    ['status_code:429', [4], 1],
    ['has:error', [4], 1],
    ['has:tool,agent', [3], 1],
    ['has:prompt', [0, 2, 4], 2],
    ['stop_reason:tool_use', [0, 3], 2],
    ['agent:a1', [3], 1],
    ['api_key:key', [0, 1, 2, 3, 4], 3],
    ['organization:DEFAULT tool:*', [0, 3], 2],
    ['organization:elsewhere', [], 0],
    [`thread_id:${ids[0]}`, [0, 1], 1],
    ['tool:Bash has:error', [], 0],
  ] as const) {
    const { results, count, count_is_exact } = await requests({ q })
    expect(results.map((one) => ids.indexOf(one.id)).toSorted(), q).toEqual(wanted)
    expect([count, count_is_exact], q).toEqual([wanted.length, true])
    expect((await sessions(q)).count, q).toBe(inSessions)
  }
})

test('details of a list are its prompts, tool calls and tokens as rows, without words for who may not read them', async () => {
  const { results } = await requests({ details: 'true' })
  const [first] = results.filter((one) => one.id === ids[0])
  expect(first).toMatchObject({
    token_usages: [{ input_tokens: 10, output_tokens: 7, provider_response_id: 'msg_1' }],
    user_prompts: [{ prompt: 'run the tests', origin: 'human' }],
    tool_usages: [{ tool: 'Bash', input: '{"command":"npm test"}', provider_tool_call_id: 'toolu_1', injected: false }],
  })
  const [seen] = (await requests({ details: 'true', q: 'tool:Bash' }, auditor)).results
  expect(seen).toMatchObject({ user_prompts: [{ prompt: null }], tool_usages: [{ tool: 'Bash', input: null }] })
  expect((await requests({})).results[0]).not.toHaveProperty('tool_usages')
  await expect(requests({ details: 'true', limit: 101 })).rejects.toMatchObject({ code: 'invalid' })
})

test('a thread has its turns: thoughts, tool calls with what became of them, and the last answer', async () => {
  const { results } = await requests({ q: `thread_id:${ids[0]}` })
  const id = results[0]!.session_id
  const { threads, page_started_at, actions_are_whole } = await session(id, { details: 'true' })
  expect(threads.map((thread) => thread.id)).toEqual([ids[0], ids[2]])
  expect(threads[0]?.agentic_actions).toMatchObject([
    {
      interception_id: ids[0],
      thinking: [{ text: 'let me see' }],
      tool_calls: [{ tool: 'Bash', invocation_error: 'no such file' }],
      answer: 'I will',
    },
    { interception_id: ids[1], thinking: [], tool_calls: [], answer: 'It failed.' },
  ])
  expect([page_started_at, actions_are_whole]).toEqual([threads[0]?.started_at, true])
  const without = await session(id, { details: 'true' }, auditor)
  expect(JSON.stringify(without)).not.toMatch(/let me see|no such file|It failed|npm test/)
  expect(without.threads[0]?.agentic_actions).toHaveLength(2)
})

test('threads are read forwards and backwards, and a cursor that names none is refused', async () => {
  const { results } = await requests({ q: `thread_id:${ids[0]}` })
  const id = results[0]!.session_id
  const page = async (query: object) => (await session(id, query)).threads.map((thread) => thread.id)
  expect(await page({ after_id: ids[0] })).toEqual([ids[2]])
  expect(await page({ before_id: ids[2], limit: 1 })).toEqual([ids[0]])
  expect(await page({ before_id: ids[0] })).toEqual([])
  for (const query of [{ after_id: ids[3] }, { before_id: ids[1] }, { after_id: ids[0], before_id: ids[2] }])
    await expect(session(id, query)).rejects.toMatchObject({ code: 'invalid' })
})

test('limits and cursors are refused in words that clients know', () => {
  const { query } = endpoints.listSessions
  const range = 'Pagination limit must be in range (0, 1000]'
  for (const [given, said] of [
    [{ limit: '0' }, range],
    [{ limit: '1001' }, range],
    [{ limit: 'many' }, 'Invalid pagination limit value.'],
    [{ limit: '1.5' }, 'Invalid pagination limit value.'],
    [{ after_session_id: 'first' }, 'Invalid pagination cursor.'],
  ] as const)
    expect(() => query.parse(given)).toThrow(said)
})

test('names are read page by page', async () => {
  const names = async (query: object) => gateway.call('listClients', dana.actor, { query })
  expect(await names({})).toEqual(['Claude Code'])
  expect(await names({ after: 'Claude Code' })).toEqual([])
})
