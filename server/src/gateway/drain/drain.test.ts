import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../db/testing.ts'
import { bodyOf, record, someone, startFacts, streamOf, testRecord } from '../testing.ts'

let db: TestDatabase
beforeAll(async () => void (db = await testDatabase()))
afterAll(() => db[Symbol.asyncDispose]())

const items = (id: string) =>
  db.sql.selectFrom('interception_items').selectAll().where('interception_id', '=', id).orderBy('seq').execute()
const interception = (id: string) =>
  db.sql.selectFrom('interceptions').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
const session = (id: string) => db.sql.selectFrom('sessions').selectAll().where('id', '=', id).executeTakeFirstOrThrow()

test('a prompt, a tool call and its result become one thread of one session, with the tokens of the provider', async () => {
  await using kept = await testRecord({ db })
  const who = someone()
  const prompt = { role: 'user', content: [{ type: 'text', text: 'run the tests' }] }
  const call = { id: 'toolu_1', name: 'Bash', input: { command: 'npm test' } }
  const first = await record(kept.recorder, startFacts(who, bodyOf([prompt])), streamOf({ thinking: 'let me see', text: 'I will', call }))
  const more = [
    prompt,
    { role: 'assistant', content: [{ type: 'tool_use', ...call }] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'all green' }] },
  ]
  const second = await record(kept.recorder, startFacts(who, bodyOf(more)), streamOf({ text: 'Done.' }))
  await kept.drain()

  const [a, b] = [await interception(first), await interception(second)]
  expect(a).toMatchObject({ outcome: 'ok', stop_reason: 'tool_use', model_served: 'm-1-20260101', prompt: 'run the tests', tool_calls: 1 })
  expect(a).toMatchObject({ input_tokens: 10, output_tokens: 7, cache_read_tokens: 3, cache_write_tokens: 2, usage_source: 'provider' })
  expect(b.session_id).toBe(a.session_id)
  expect([a.thread_id, b.thread_id]).toEqual([first, first])
  expect(b.prompt).toBeNull()
  expect((await items(first)).map(({ kind, origin, text, tool_name }) => [kind, origin, text, tool_name])).toEqual([
    ['prompt', 'human', 'run the tests', null],
    ['thinking', 'model', 'let me see', null],
    ['text', 'model', 'I will', null],
    ['tool_call', 'model', '{"command":"npm test"}', 'Bash'],
  ])
  expect((await items(second)).map(({ kind, text, tool_call_id }) => [kind, text, tool_call_id])).toEqual([
    ['tool_result', 'all green', 'toolu_1'],
    ['text', 'Done.', null],
  ])
  expect(await session(a.session_id)).toMatchObject({
    grouped_by: 'client_id',
    requests: 2,
    open_requests: 0,
    threads: 1,
    tool_calls: 1,
    input_tokens: 20,
    output_tokens: 14,
    last_outcome: 'ok',
    first_prompt: 'run the tests',
    last_prompt: 'run the tests',
    models: ['m-1'],
    providers: ['anthropic'],
  })
})
