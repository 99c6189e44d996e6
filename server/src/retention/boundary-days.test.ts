import { manualClock, type Uuid, uuidv7, uuidv7Floor } from '@reeve/base'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../db/testing.ts'
import { dayMs } from './policies.ts'
import { findDays } from './request-queries.ts'
import { runRetention } from './run.ts'
import { type TestRetention, testRetention } from './testing.ts'

const clock = manualClock('2026-11-20T12:00:00Z')
let db: TestDatabase
let retention: TestRetention
beforeEach(async () => {
  db = await testDatabase()
  retention = await testRetention(db, clock)
  // A drain makes days when it starts, and a run leaves a day for later meanwhile: here it has made them.
  await retention.request(0, 'today')
})
afterEach(async () => {
  await retention[Symbol.asyncDispose]()
  await db[Symbol.asyncDispose]()
})

const [ours, theirs, dana, eli] = [1, 2, 3, 4].map(() => uuidv7(clock.now())) as [Uuid, Uuid, Uuid, Uuid]
const atOf = (daysAgo: number) => new Date(clock.now().getTime() - daysAgo * dayMs)
const dayOf = (daysAgo: number) => atOf(daysAgo).toISOString().slice(0, 10)
let made = 0

async function decided(daysAgo: number, organization_id = ours, user_id = dana): Promise<void> {
  const at = atOf(daysAgo)
  const seq = ++made
  await sql`select ensure_day_partitions(${dayOf(daysAgo)}::date)`.execute(db.sql)
  await db.sql
    .insertInto('boundary_events')
    .values({
      id: uuidv7Floor(at).slice(0, -4) + String(seq).padStart(4, '0'),
      session_id: uuidv7(at),
      seq,
      organization_id,
      user_id,
      at,
      received_at: at,
      kind: 'net',
      decision: 'deny',
      would: 'deny',
      rule: 'none',
      tier: 1,
      line: '{}',
      hash: Buffer.alloc(32),
    })
    .execute()
}

const rows = async () =>
  (await db.sql.selectFrom('boundary_events').select('at').orderBy('id').execute()).map(({ at }) => at)
const hasDay = async (daysAgo: number) =>
  (await findDays(db.sql, 'boundary_events')).includes(dayOf(daysAgo).replaceAll('-', ''))

test('a day of which everything is over is dropped, with a receipt for each organization', async () => {
  await decided(200)
  await decided(200, ours, eli)
  await decided(200, theirs)
  await decided(3)
  await retention.decide('boundary', 190)
  const { removed, postponed } = await runRetention(retention)
  const what = { dataClass: 'boundary', unit: 'decisions', day: dayOf(200) }
  expect(postponed).toEqual([])
  expect(removed).toEqual([
    { ...what, organizationId: ours, removed: 2 },
    { ...what, organizationId: theirs, removed: 1 },
  ])
  expect(await hasDay(200)).toBe(false)
  expect(await rows()).toEqual([atOf(3)])
  expect((await runRetention(retention)).removed).toEqual([])
})

test('a day in which somebody is held stays for what is held, and loses the rest', async () => {
  await decided(200, ours, dana)
  await decided(200, ours, eli)
  await retention.hold({ user_id: dana })
  await retention.decide('boundary', 190)
  const { removed } = await runRetention(retention)
  expect(removed).toEqual([{ dataClass: 'boundary', unit: 'decisions', organizationId: ours, day: null, removed: 1 }])
  expect(await hasDay(200)).toBe(true)
  expect(await rows()).toHaveLength(1)
})

test('a day stays whole for the organization that keeps it longer', async () => {
  await decided(200, ours)
  await decided(200, theirs)
  await retention.decide('boundary', 190)
  await retention.decide('boundary', 400, theirs)
  await runRetention(retention)
  expect(await hasDay(200)).toBe(true)
  expect(await rows()).toHaveLength(1)
})

test('a day that a boundary is delivering to is left for later as a whole', async () => {
  await decided(200)
  await retention.decide('boundary', 190)
  await db.transaction(async (tx) => {
    await sql`select keep_day(${dayOf(200)}::date)`.execute(tx)
    expect((await runRetention(retention)).postponed).toContain(dayOf(200))
  })
  expect(await hasDay(200)).toBe(true)
  await runRetention(retention)
  expect(await hasDay(200)).toBe(false)
})
