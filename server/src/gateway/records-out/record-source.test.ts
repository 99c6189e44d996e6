import { manualClock, recordingLog, uuidv7 } from '@reeve/base'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { noRecords, receiver, type Receiver, sinkWorld } from '../../audit/sinks/testing.ts'
import { type TestDatabase, testDatabase } from '../../db/testing.ts'
import { bodyOf, type Ids, record, someone, startFacts, streamOf, testRecord } from '../testing.ts'
import type { EndedRow } from './record-queries.ts'
import { batchOf, createRecordSource } from './record-source.ts'

let db: TestDatabase
let world: ReturnType<typeof sinkWorld>
beforeEach(async () => {
  db = await testDatabase()
  world = sinkWorld(db)
})
afterEach(() => db[Symbol.asyncDispose]())

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const wanted = { secret, sends: ['interceptions'] }
const call = { id: 'toolu_1', name: 'Bash', input: { command: 'rm -rf canary-input' } }

const turn = (kept: Awaited<ReturnType<typeof testRecord>>, who: Ids, text: string) =>
  record(
    kept.recorder,
    startFacts(who, bodyOf([{ role: 'user', content: text }])),
    streamOf({ thinking: 'canary-thought', text: 'canary-answer', call }),
  )

const runner = (given = {}) =>
  world.runner({ records: { ...noRecords, interceptions: createRecordSource(db) }, ...given })

type Told = Record<string, unknown>
/** What came, in the order in which it came. */
const recordsAt = ({ received }: Receiver): Told[] =>
  received.flatMap(({ body }) => {
    const { data } = JSON.parse(body)
    return data.records
  })
const typesOf = (records: readonly Told[], id: string) =>
  records.filter((one) => one['interception_id'] === id).map((one) => one['record_type'])
const whole = ['interception_start', 'prompt_usage', 'model_thought', 'tool_usage', 'token_usage', 'interception_end']

test('a receiver that was away is sent every record when it is back, in order, and no words unless it is to have them', async () => {
  await using kept = await testRecord({ db })
  let isAway = true
  await using siem = await receiver((res) => void res.writeHead(isAway ? 503 : 204).end())
  await world.addSink('webhook', siem.url, wanted)
  const who = someone()
  const ids = [await turn(kept, who, 'canary-prompt'), await turn(kept, who, 'again'), await turn(kept, who, 'last')]
  await kept.drain()
  const deliver = runner()
  await deliver()
  expect(await world.state()).toMatchObject({ attempts: 1, last_error: expect.stringContaining('503') })
  const tried = siem.received.length
  isAway = false
  world.clock.advance(60_000)
  await deliver()
  const records = recordsAt({ ...siem, received: siem.received.slice(tried) })
  expect(ids.map((id) => typesOf(records, id))).toEqual([whole, whole, whole])
  expect([...new Set(records.map((one) => one['interception_id']))]).toEqual(ids)
  expect(new Set(records.map((one) => one['id'])).size).toBe(records.length)
  expect(JSON.stringify(siem.received)).not.toContain('canary')
  expect(records[0]).toMatchObject({ initiator_id: who.userId, model: 'm-1', client: 'Claude Code' })
  expect(records[3]).toMatchObject({ tool: 'Bash', tool_call_id: 'toolu_1', input: null, content_withheld: true })
  expect(records[4]).toMatchObject({ input_tokens: 10, output_tokens: 7, msg_id: 'msg_1' })
  expect(records[5]).toMatchObject({ outcome: 'ok', status_code: 200 })
  const had = siem.received.length
  await deliver()
  expect(siem.received.length).toBe(had)
})

test('a sink with words is sent them as they were recorded, and OCSF carries each record', async () => {
  await using kept = await testRecord({ db })
  await using siem = await receiver()
  await world.addSink('webhook', siem.url, { ...wanted, content: true, format: 'ocsf' })
  const id = await turn(kept, someone(), 'canary-prompt')
  await kept.drain()
  await runner()()
  const records = recordsAt(siem)
  expect(records.map((one) => one['class_uid'])).toEqual(records.map(() => 6003))
  const told = records.map((one) => one['unmapped']) as Told[]
  expect(typesOf(told, id)).toEqual(whole)
  expect(told[1]).toMatchObject({ prompt: 'canary-prompt', origin: 'human' })
  expect(told[2]).toMatchObject({ content: 'canary-thought' })
  expect(told[3]).toMatchObject({ input: '{"command":"rm -rf canary-input"}' })
})

test('a batch that was taken in part is sent again with the same ids', async () => {
  await using kept = await testRecord({ db })
  await using siem = await receiver((res, number) => void res.writeHead(number === 3 ? 500 : 204).end())
  await world.addSink('webhook', siem.url, wanted)
  const who = someone()
  for (let i = 0; i < 4; i++) await turn(kept, who, `prompt ${i}`)
  await kept.drain()
  const deliver = runner()
  await deliver()
  world.clock.advance(60_000)
  await deliver()
  const ids = siem.received.map(({ headers }) => headers['webhook-id'])
  expect(ids.slice(3)).toEqual([ids[0], ids[1], ids[2], expect.any(String)])
  expect(new Set(recordsAt(siem).map((one) => one['id'])).size).toBe(4 * whole.length)
})

test('what was removed before it could be sent is told, with how much it was', async () => {
  await using kept = await testRecord({ db })
  await using siem = await receiver()
  await world.addSink('webhook', siem.url, wanted)
  const who = someone()
  const ids: string[] = []
  for (let i = 0; i < 9; i++) ids.push(await turn(kept, who, `prompt ${i}`))
  await kept.drain()
  await db.sql.deleteFrom('interceptions').where('id', 'in', [ids[0]!, ids[1]!, ids[4]!, ids[8]!]).execute()
  const log = recordingLog()
  let removed = 0
  const meter = {
    delivered() {},
    failed() {},
    removed: (_: string, __: string, count: number) => void (removed += count),
  }
  await runner({ log, meter })()
  const gaps = recordsAt(siem).filter((one) => one['record_type'] === 'gap')
  const journal = kept.journal.replicaId
  expect(gaps.map((one) => [one['journal'], one['from_record'], one['to_record'], one['interceptions']])).toEqual([
    [journal, 1, 2, 2],
    [journal, 5, 5, 1],
    [journal, 9, 9, 1],
  ])
  expect(removed).toBe(4)
  expect(log.lines.filter((line) => line.level === 'error')).toHaveLength(2)
  expect(recordsAt(siem).filter((one) => one['record_type'] === 'interception_end')).toHaveLength(5)
})

test('an interception with more items than one reading takes is sent whole', async () => {
  await using kept = await testRecord({ db })
  await using siem = await receiver()
  await world.addSink('otlp', siem.url, { sends: ['interceptions'] })
  const id = await turn(kept, someone(), 'x')
  const next = await turn(kept, someone(), 'y')
  await kept.drain()
  await sql`insert into interception_items (interception_id, seq, session_id, user_id, kind, origin, at, tool_name)
    select id, 11000 + n, session_id, user_id, 'tool_call', 'model', started_at, 'Many' || n
    from interceptions, generate_series(1, 1200) as n where id = ${id}`.execute(db.sql)
  await runner()()
  const bodies = siem.received.flatMap(({ body }) => {
    const [resource] = JSON.parse(body).resourceLogs
    return resource.scopeLogs[0].logRecords.map((one: { body: { stringValue: string } }) => one.body.stringValue)
  })
  const records = bodies.map((text: string): Told => JSON.parse(text))
  expect(typesOf(records, id)).toEqual([
    ...whole.slice(0, 4),
    ...Array.from({ length: 1200 }, () => 'tool_usage'),
    ...whole.slice(4),
  ])
  expect(typesOf(records, next)).toEqual(whole)
  expect(Math.max(...siem.received.map(({ body }) => body.length))).toBeLessThan(400_000)
})

test('journals are merged by time, and none is overtaken by what another has still to tell', () => {
  const clock = manualClock('2026-11-20T12:00:00Z')
  const row = (record_no: number, second: number) =>
    // SAFETY: only these columns decide about the order.
    ({ id: `${record_no}@${second}`, record_no, ended_at: new Date(clock.now().getTime() + second * 1000) }) as EndedRow
  const [a, b] = [uuidv7(clock.now()), uuidv7(clock.now())]
  // The third of a was ended by a clock that was put back.
  const first = { journal: a, from: 0, upTo: 3, isWhole: false, rows: [row(1, 1), row(2, 5), row(3, 4)] }
  const second = { journal: b, from: 7, upTo: 10, isWhole: true, rows: [row(8, 2), row(10, 9)] }
  let order: string[] = []
  const batch = batchOf([first, second], async function* (rows) {
    order = rows.map(({ id }) => id)
    yield* []
  })
  void batch.messages[Symbol.asyncIterator]().next()
  expect(order).toEqual(['1@1', '8@2', '2@5', '3@4'])
  expect([...batch.to]).toEqual([
    [a, 3],
    [b, 8],
  ])
  expect(batch.removed).toEqual([])
})
