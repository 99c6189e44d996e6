import { manualClock, uuidv7Floor } from '@reeve/base'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../db/testing.ts'
import { bodyOf, record, someone, startFacts, streamOf } from '../gateway/testing.ts'
import { planRetention } from './plan.ts'
import { selectDecisions } from './policy-queries.ts'
import { runRetention } from './run.ts'
import { type TestRetention, testRetention } from './testing.ts'

const day = 86_400_000

let db: TestDatabase
let world: TestRetention
let clock: ReturnType<typeof manualClock>
beforeEach(async () => {
  clock = manualClock('2026-06-30T12:00:00Z')
  db = await testDatabase()
  world = await testRetention(db, clock)
})
afterEach(async () => {
  await world[Symbol.asyncDispose]()
  await db[Symbol.asyncDispose]()
})

const plan = async () => planRetention(db.sql, await selectDecisions(db.sql), clock.now())
const run = async () =>
  (await runRetention(world)).removed.map(({ dataClass, unit, day: of, removed }) => [dataClass, unit, of, removed])
const rows = () =>
  db.sql
    .selectFrom('interceptions')
    .select(['id', 'prompt', 'content_removed_at', 'tool_names'])
    .orderBy('id')
    .execute()
const partitions = async () => {
  const { rows: found } = await sql<{ name: string }>`
    select relname as name from pg_class where relname ~ '^interception(s|_items)_\\d{8}$' order by 1`.execute(db.sql)
  return found.map(({ name }) => name)
}

test('words go first and leave that they were said; later the request goes as a whole', async () => {
  await world.decide('content', 10)
  await world.decide('metadata', 20)
  const old = await world.request(12, 'old', someone(), { call: 'Bash' })
  const edge = await world.request(10, 'edge')
  await world.ageBlobs(5)
  expect((await plan()).portions).toMatchObject([
    { dataClass: 'content', unit: 'requests', place: '20260618', free: 1 },
  ])
  expect(await run()).toEqual([['content', 'requests', '2026-06-18', 1]])
  expect(await rows()).toEqual([
    { id: old, prompt: null, content_removed_at: clock.now(), tool_names: ['Bash'] },
    { id: edge, prompt: 'prompt edge', content_removed_at: null, tool_names: null },
  ])
  const sessions = await db.sql
    .selectFrom('sessions')
    .select(['first_prompt', 'last_prompt', 'content_removed_at', 'requests', 'output_tokens'])
    .orderBy('started_at')
    .execute()
  expect(sessions[0]).toEqual({
    first_prompt: null,
    last_prompt: null,
    content_removed_at: clock.now(),
    requests: 1,
    output_tokens: 7,
  })
  expect(await partitions()).not.toContain('interception_items_20260618')
  expect(await partitions()).toContain('interceptions_20260618')
  expect(await run()).toEqual([])

  clock.advance(9 * day)
  await world.ageBlobs(30)
  const removed = await run()
  expect(removed).toContainEqual(['metadata', 'requests', '2026-06-18', 1])
  expect(removed).toContainEqual(['content', 'requests', '2026-06-20', 1])
  expect(removed).toContainEqual(['metadata', 'sessions', null, 1])
  expect((await rows()).map(({ id }) => id)).toEqual([edge])
  expect(await partitions()).not.toContain('interceptions_20260618')
})

test('each organization has its own time: what one keeps longer stays, the rest of the day goes row by row', async () => {
  const [longer, usual] = [someone(), someone()]
  await world.decide('content', 10)
  await world.decide('content', 50, longer.organizationId)
  const stays = await world.request(12, 'longer', longer)
  const goes = await world.request(12, 'usual', usual)
  expect(await run()).toEqual([['content', 'requests', '2026-06-18', 1]])
  const left = new Map((await rows()).map((row) => [row.id, row.prompt]))
  expect(left.get(stays)).toBe('prompt longer')
  expect(left.get(goes)).toBeNull()
  const items = await db.sql.selectFrom('interception_items').select('interception_id').distinct().execute()
  expect(items).toEqual([{ interception_id: stays }])
  expect(await partitions()).toContain('interception_items_20260618')
  expect(await run()).toEqual([])
})

test('where nothing was decided, or it is 0, everything stays', async () => {
  await world.request(380, 'old')
  expect((await plan()).portions).toEqual([])
  expect(await run()).toEqual([])
  for (const dataClass of ['content', 'metadata', 'usage', 'reads', 'audit'] as const) await world.decide(dataClass, 0)
  expect(await run()).toEqual([])
  expect(await rows()).toMatchObject([{ prompt: 'prompt old' }])
})

test('words never outlive their request, whatever was decided about each', async () => {
  await world.decide('content', 0)
  await world.decide('metadata', 10)
  await world.request(12, 'old')
  expect((await run()).slice(0, 2)).toEqual([
    ['content', 'requests', '2026-06-18', 1],
    ['metadata', 'requests', '2026-06-18', 1],
  ])
})

test('what is in no day’s partition goes too, and what is still open stays', async () => {
  await world.decide('content', 10)
  await world.decide('metadata', 10)
  const stray = await world.request(450, 'stray')
  const startedAt = new Date(clock.now().getTime() - 12 * day)
  const open = startFacts(someone(), bodyOf([{ role: 'user', content: 'open' }]), {
    startedAt,
    id: uuidv7Floor(startedAt),
  })
  await world.kept.recorder.begin(open)
  await world.kept.drain()
  expect((await rows()).map(({ id }) => id)).toEqual([stray, open.id])
  expect(await run()).toContainEqual(['metadata', 'requests', null, 1])
  expect(await rows()).toMatchObject([{ id: open.id, prompt: 'open' }])
})

test('words that came after the rest of their day was removed are found and go', async () => {
  await world.decide('content', 10)
  await world.request(12, 'first')
  await run()
  expect(await partitions()).not.toContain('interception_items_20260618')
  const late = await world.request(12, 'late')
  expect((await rows()).find(({ id }) => id === late)?.prompt).toBe('prompt late')
  expect(await run()).toEqual([['content', 'requests', '2026-06-18', 1]])
  expect(await db.sql.selectFrom('interception_items').selectAll().execute()).toEqual([])
})

test('sums of usage, whose objects providers keep, and old rejects go by their own class', async () => {
  await world.decide('usage', 30)
  await world.decide('metadata', 20)
  await world.decide('content', 20)
  const who = someone()
  const id = await world.request(31, 'usage', who)
  const at = new Date(clock.now().getTime() - 31 * day)
  await db.sql
    .insertInto('stored_objects')
    .values({
      provider_name: 'openai',
      object_id: 'resp_1',
      user_id: who.userId,
      organization_id: who.organizationId,
      interception_id: id,
      created_at: at,
    })
    .execute()
  await db.sql
    .insertInto('drain_rejects')
    .values({ replica_id: id, segment: 1, byte_offset: 1, reason: 'r', payload: Buffer.from('words'), rejected_at: at })
    .execute()
  expect(await run()).toContainEqual(['usage', 'hours', null, 1])
  expect(await db.sql.selectFrom('usage_hourly').selectAll().execute()).toEqual([])
  expect(await db.sql.selectFrom('stored_objects').selectAll().execute()).toEqual([])
  expect(await db.sql.selectFrom('drain_rejects').selectAll().execute()).toEqual([])
})

test('a day that came after its rows takes them over from the default partition', async () => {
  const startedAt = new Date(clock.now().getTime() + 40 * day)
  const id = uuidv7Floor(startedAt)
  const start = startFacts(someone(), bodyOf([{ role: 'user', content: 'from the future' }]), { id, startedAt })
  await record(world.kept.recorder, start, streamOf({ text: 'yes' }), { endedAt: startedAt })
  await world.kept.drain()
  const where = () =>
    sql<{ table: string }>`select tableoid::regclass::text as table from interceptions where id = ${id}`.execute(db.sql)
  expect((await where()).rows).toEqual([{ table: 'interceptions_default' }])
  await sql`select ensure_day_partitions('2026-08-09')`.execute(db.sql)
  expect((await where()).rows).toEqual([{ table: 'interceptions_20260809' }])
})
