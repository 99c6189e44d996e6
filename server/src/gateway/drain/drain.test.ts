import { randomBytes } from 'node:crypto'
import { silentLog, systemClock, uuidv7Floor } from '@reeve/base'
import { createMasker } from '@reeve/bridge'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../db/testing.ts'
import { frameKind } from '../record/frames.ts'
import { DrainLoop } from './loop.ts'
import { bodyOf, endFacts, record, recordedBody, someone, startFacts, streamOf, testRecord } from '../testing.ts'

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
  const first = await record(
    kept.recorder,
    startFacts(who, bodyOf([prompt])),
    streamOf({ thinking: 'let me see', text: 'I will', call }),
  )
  const more = [
    prompt,
    { role: 'assistant', content: [{ type: 'tool_use', ...call }] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'all green' }] },
  ]
  const second = await record(kept.recorder, startFacts(who, bodyOf(more)), streamOf({ text: 'Done.' }))
  await kept.drain()

  const [a, b] = [await interception(first), await interception(second)]
  expect(a).toMatchObject({
    outcome: 'ok',
    stop_reason: 'tool_use',
    model_served: 'm-1-20260101',
    prompt: 'run the tests',
    tool_calls: 1,
  })
  expect(a).toMatchObject({
    input_tokens: 10,
    output_tokens: 7,
    cache_read_tokens: 3,
    cache_write_tokens: 2,
    usage_source: 'provider',
  })
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

test('a request that ends in the batch that it begins in is stored as one that ends in a later batch', async () => {
  await using kept = await testRecord({ db, masker: createMasker(randomBytes(32)) })
  const body = { ...recordedBody(bodyOf([{ role: 'user', content: 'x' }])), masked: 1, fingerprints: ['theirs'] }
  const at = systemClock.now()
  const attempt = { at, credentialHint: 'sk...first', statusCode: 429, errorType: null, waitedMs: 1 }
  const attempts = [attempt, { ...attempt, credentialHint: 'sk...second', statusCode: 200 }]
  const answer = streamOf({ text: `key sk-ant-api03-${'k'.repeat(90)}` })
  const ids: string[] = []
  for (const apart of [false, true]) {
    const start = startFacts(someone(), Buffer.alloc(0), { body, startedAt: at })
    const recording = await kept.recorder.begin(start)
    if (apart) await kept.drain()
    recording.response(answer)
    await recording.end(endFacts({ endedAt: at, attempts }))
    await kept.drain()
    ids.push(start.id)
  }
  const rows = await Promise.all(ids.map(interception))
  const [together, later] = rows.map((row) => {
    const own = ['id', 'session_id', 'thread_id', 'user_id', 'organization_id', 'replica_seq', 'record_no']
    return Object.fromEntries(Object.entries(row).filter(([name]) => !own.includes(name)))
  })
  expect(together).toEqual(later)
  expect(together).toMatchObject({ credential_hint: 'sk...second', masked: 2, outcome: 'ok', output_tokens: 7 })
  expect(together?.['masked_fingerprints']).toHaveLength(2)
  expect(rows.map((row) => row.record_no)).toEqual([1, 2])
})

test('ids of one user mean nothing among those of another', async () => {
  await using kept = await testRecord({ db })
  const [alice, bob] = [someone(), someone()]
  const call = { id: 'toolu_shared', name: 'Bash', input: {} }
  const prompt = { role: 'user', content: 'same words' }
  const result = [
    prompt,
    { role: 'assistant', content: [{ type: 'tool_use', ...call }] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_shared', content: 'secret of alice' }] },
  ]
  for (const named of [{ clientSessionId: 'the-same' }, { clientSessionId: null }]) {
    const hers = await record(kept.recorder, startFacts(alice, bodyOf([prompt]), named), streamOf({ call }))
    await kept.drain()
    const his = await record(kept.recorder, startFacts(bob, bodyOf(result), named), streamOf({ text: 'x' }))
    await kept.drain()
    const [a, b] = [await interception(hers), await interception(his)]
    expect(b.session_id).not.toBe(a.session_id)
    expect(b.thread_id).toBe(his)
  }
})

test('without a session id, a conversation is found again by its beginning and its tool calls', async () => {
  await using kept = await testRecord({ db })
  const who = someone()
  const ask = (messages: readonly unknown[], answer: Parameters<typeof streamOf>[0], end = {}) =>
    record(kept.recorder, startFacts(who, bodyOf(messages), { clientSessionId: null }), streamOf(answer), end)
  const hello = { role: 'user', content: 'hello' }
  const said = { role: 'assistant', content: 'hi' }
  const first = await ask([hello], { text: 'hi' })
  await kept.drain()
  const again = await ask([hello], { text: 'hi' })
  await kept.drain()
  const second = await ask(
    [hello, said, { role: 'user', content: 'and now' }],
    { text: 'ok' },
    { outcome: 'upstream_aborted' },
  )
  await kept.drain()
  const rows = await Promise.all([first, again, second].map(interception))
  expect(rows[1]!.session_id).not.toBe(rows[0]!.session_id)
  expect(rows[2]!.session_id).toBe(rows[1]!.session_id)
  expect(await session(rows[2]!.session_id)).toMatchObject({
    grouped_by: 'content_prefix',
    threads: 2,
    last_outcome: 'upstream_aborted',
  })
})

test('a request that a client sends again after a failure is the same turn of the same thread', async () => {
  await using kept = await testRecord({ db })
  const who = someone()
  const body = bodyOf([{ role: 'user', content: 'do it' }])
  const failed = {
    outcome: 'upstream_error',
    statusCode: 529,
    errorType: 'overloaded_error',
    errorMessage: 'busy',
  } as const
  const first = await record(
    kept.recorder,
    startFacts(who, body),
    Buffer.from('{"type":"error","error":{"type":"overloaded_error","message":"busy"}}'),
    failed,
  )
  const second = await record(kept.recorder, startFacts(who, body), streamOf({ text: 'done' }))
  await kept.drain()
  const [a, b] = [await interception(first), await interception(second)]
  expect(a).toMatchObject({
    outcome: 'upstream_error',
    error_type: 'overloaded_error',
    error_message: 'busy',
    usage_source: 'none',
  })
  expect(b).toMatchObject({ retry_of: first, thread_id: first })
  expect(await session(b.session_id)).toMatchObject({ threads: 1, requests: 2, last_outcome: 'ok' })
})

test('a sub-agent has its own thread in the session, and its prompt is not a person’s', async () => {
  await using kept = await testRecord({ db })
  const who = someone()
  const main = await record(
    kept.recorder,
    startFacts(who, bodyOf([{ role: 'user', content: 'big task' }])),
    streamOf({ text: 'ok' }),
  )
  const sub = startFacts(who, bodyOf([{ role: 'user', content: 'small task' }]), { agentId: 'a1' })
  await record(kept.recorder, sub, streamOf({ text: 'ok' }))
  await kept.drain()
  const [a, b] = [await interception(main), await interception(sub.id)]
  expect(b.session_id).toBe(a.session_id)
  expect(b).toMatchObject({ thread_id: sub.id, agent_id: 'a1', prompt: null })
  expect((await items(sub.id))[0]).toMatchObject({ kind: 'prompt', origin: 'agent' })
  expect(await session(a.session_id)).toMatchObject({ agents: ['a1'], last_prompt: 'big task', threads: 2 })
})

test('two replicas drain into one session at the same time, and nothing is counted twice or lost', async () => {
  await using one = await testRecord({ db })
  await using two = await testRecord({ db })
  const who = someone()
  const ids: string[] = []
  for (const kept of [one, two]) {
    for (let i = 0; i < 60; i++) {
      const start = startFacts(who, bodyOf([{ role: 'user', content: `turn ${i}` }]), {
        clientSessionId: `busy-${i % 3}`,
      })
      ids.push(await record(kept.recorder, start, streamOf({ text: 'ok' })))
    }
  }
  await Promise.all([one.drain(), two.drain()])
  const rows = await db.sql.selectFrom('sessions').selectAll().where('user_id', '=', who.userId).execute()
  expect(rows.length).toBe(3)
  expect(rows.map((row) => [row.requests, row.open_requests, row.input_tokens])).toEqual(rows.map(() => [40, 0, 400]))
  const found = await db.sql
    .selectFrom('interceptions')
    .select(['id', 'outcome'])
    .where('user_id', '=', who.userId)
    .execute()
  expect(found.map((row) => row.id).sort()).toEqual(ids.toSorted())
  expect(found.every((row) => row.outcome === 'ok')).toBe(true)
})

test('connections that break at any moment, and two drains on one journal, write each frame once', async () => {
  await using kept = await testRecord({ db, segmentBytes: 64 * 1024 })
  const who = someone()
  for (let i = 0; i < 150; i++) {
    await record(
      kept.recorder,
      startFacts(who, bodyOf([{ role: 'user', content: `prompt ${i}` }])),
      streamOf({ text: `answer ${i}` }),
    )
  }
  const rival = new DrainLoop({
    journalDir: kept.dir,
    replicaId: kept.journal.replicaId,
    connection: db.connection,
    structuredLogging: false,
    clock: systemClock,
    log: silentLog,
    tell() {},
  })
  rival.advance({ ...kept.journal.durable() })
  const running = rival.run()
  const breaks = Array.from({ length: 12 }, async (_, i) => {
    await new Promise((resolve) => setTimeout(resolve, i * 40))
    await sql`select pg_terminate_backend(pid) from pg_stat_activity
      where application_name = 'reeve drain' and datname = current_database()`.execute(db.sql)
  })
  await kept.drain()
  await Promise.all(breaks)
  rival.stop()
  await running
  const rows = await db.sql
    .selectFrom('interceptions')
    .select(['outcome', 'prompt', 'record_no'])
    .where('user_id', '=', who.userId)
    .execute()
  expect(rows.length).toBe(150)
  expect(rows.map((row) => row.record_no).toSorted((a, b) => (a ?? 0) - (b ?? 0))).toEqual(rows.map((_, i) => i + 1))
  expect(new Set(rows.map((row) => row.prompt)).size).toBe(150)
  expect(rows.every((row) => row.outcome === 'ok')).toBe(true)
  expect(
    await db.sql
      .selectFrom('sessions')
      .select(['requests', 'open_requests'])
      .where('user_id', '=', who.userId)
      .execute(),
  ).toEqual([{ requests: 150, open_requests: 0 }])
  expect(await db.sql.selectFrom('drain_rejects').selectAll().execute()).toEqual([])
})

test('a frame that cannot be written is set aside with its reason, and the rest goes on', async () => {
  await using kept = await testRecord({ db })
  const who = someone()
  const before = await record(
    kept.recorder,
    startFacts(who, bodyOf([{ role: 'user', content: 'a' }])),
    streamOf({ text: 'a' }),
  )
  await kept.journal.append(frameKind.end, [Buffer.from('not a frame of ours')])
  // A source address that is none: the row is refused, whatever is left out of it.
  const refused = await record(
    kept.recorder,
    startFacts(who, bodyOf([{ role: 'user', content: 'b' }]), { sourceIp: 'nowhere' }),
    streamOf({ text: 'b' }),
  )
  const after = await record(
    kept.recorder,
    startFacts(who, bodyOf([{ role: 'user', content: 'c' }])),
    streamOf({ text: 'c' }),
  )
  await kept.drain()
  expect((await interception(before)).outcome).toBe('ok')
  expect((await interception(after)).outcome).toBe('ok')
  // What is set aside has no number, and leaves no hole.
  expect([(await interception(before)).record_no, (await interception(after)).record_no]).toEqual([1, 2])
  const rejects = await db.sql.selectFrom('drain_rejects').selectAll().orderBy('byte_offset').execute()
  expect(rejects.map((row) => [row.interception_id, row.reason.split(':')[0]])).toEqual([
    [null, 'RangeError'],
    [refused, '22P02'],
    [refused, 'Error'],
  ])
  expect(rejects.every((row) => row.payload !== null)).toBe(true)
  expect(kept.lines.filter((line) => line.level === 'error').length).toBe(3)
  expect(kept.told.reduce((sum, message) => sum + (message.kind === 'drained' ? message.batch.rejects : 0), 0)).toBe(3)
})

test('requests around midnight land in the partition of their day', async () => {
  await using kept = await testRecord({ db })
  const midnight = new Date(`${new Date().toISOString().slice(0, 10)}T00:00:00.000Z`)
  const who = someone()
  for (const ms of [-1, 0]) {
    const at = new Date(midnight.getTime() + ms)
    const id = `${uuidv7Floor(at).slice(0, -4)}${ms === 0 ? 'aaaa' : 'bbbb'}`
    await record(
      kept.recorder,
      startFacts(who, bodyOf([{ role: 'user', content: 'late' }]), { id, startedAt: at }),
      streamOf({ text: 'ok' }),
      { endedAt: at },
    )
    await kept.drain()
    const { rows } = await sql<{
      i: string
      t: string
    }>`select i.tableoid::regclass::text as i, t.tableoid::regclass::text as t
      from interceptions i join interception_items t on t.interception_id = i.id where i.id = ${id} limit 1`.execute(
      db.sql,
    )
    const day = at.toISOString().slice(0, 10).replaceAll('-', '')
    expect(rows).toEqual([{ i: `interceptions_${day}`, t: `interception_items_${day}` }])
  }
})

test('short frames that stand for large bodies are written in several batches, and each once', async () => {
  await using kept = await testRecord({ db })
  const who = someone()
  const first = bodyOf([{ role: 'user', content: 'x'.repeat(2 * 1024 * 1024) }])
  let base = await record(kept.recorder, startFacts(who, first), streamOf({ text: 'a' }))
  const ids = [base]
  for (let turn = 0; turn < 40; turn++) {
    const facts = startFacts(who, first)
    const prefixBytes = first.length - 10
    const body = { ...facts.body, base: { interceptionId: base, prefixBytes, suffixBytes: 10 } }
    base = await record(kept.recorder, { ...facts, body }, streamOf({ text: 'a' }))
    ids.push(base)
  }
  await kept.drain()
  const batches = kept.told.filter((message) => message.kind === 'drained' && message.batch.starts > 0)
  expect(batches.length).toBeGreaterThan(2)
  for (const id of ids) {
    const row = await interception(id)
    expect([row.outcome, row.request_bytes, row.request_slices]).toEqual(['ok', first.length, expect.anything()])
  }
})
