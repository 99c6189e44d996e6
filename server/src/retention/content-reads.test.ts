import { manualClock, type Uuid, uuidv7, uuidv7Floor } from '@reeve/base'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../db/testing.ts'
import { planRetention } from './plan.ts'
import { selectDecisions } from './policy-queries.ts'
import { runRetention } from './run.ts'
import { type TestRetention, testRetention } from './testing.ts'

const day = 86_400_000
const clock = manualClock('2026-06-30T12:00:00Z')
const now = clock.now().getTime()
const [reader, owner, somebody, organization, session] = Array.from({ length: 5 }, () => uuidv7(clock.now()))

let db: TestDatabase
let world: TestRetention
beforeEach(async () => {
  db = await testDatabase()
  world = await testRetention(db, clock)
})
afterEach(async () => {
  await world[Symbol.asyncDispose]()
  await db[Symbol.asyncDispose]()
})

const planned = async () => {
  const { portions } = await planRetention(db.sql, await selectDecisions(db.sql), clock.now())
  return portions.map(({ unit, free, held }) => ({ unit, free, held }))
}
const removed = async () => (await runRetention(world)).removed.map((one) => [one.unit, one.removed])

let reads = 10
/** Somebody read the owner's words so many days ago. */
async function read(daysAgo: number, given: { reader_id?: Uuid; owner_id?: Uuid; session_id?: Uuid } = {}) {
  const at = new Date(now - daysAgo * day)
  const who = { reader_id: reader ?? '', owner_id: owner ?? '', organization_id: organization ?? '', ...given }
  const facts = { reader_roles: [], how: 'view', first_at: at, last_at: at, request_id: 'r' }
  await db.sql
    .insertInto('content_reads')
    .values({ id: uuidv7Floor(at).slice(0, -2) + ++reads, ...who, ...facts })
    .execute()
}

const daysLeft = async () => {
  const rows = await db.sql.selectFrom('content_reads').select('first_at').orderBy('id').execute()
  return rows.map(({ first_at }) => (now - first_at.getTime()) / day)
}

test('records of readings go when they are over: the plan tells of them, and the removal is on record', async () => {
  await world.decide('reads', 30)
  for (const daysAgo of [40, 31, 30, 1]) await read(daysAgo)
  expect(await planned()).toEqual([{ unit: 'reads', free: 2, held: 0 }])
  expect(await daysLeft()).toEqual([40, 31, 30, 1])
  expect(await removed()).toEqual([['reads', 2]])
  expect(await daysLeft()).toEqual([30, 1])
  const events = await db.sql.selectFrom('audit_events').select(['action', 'resource_type', 'source', 'diff']).execute()
  expect(events).toMatchObject([
    {
      action: 'delete',
      resource_type: 'retention_receipt',
      source: 'system',
      diff: { reads: { old: 2, new: 0 }, data_class: { old: 'reads' } },
    },
  ])
  expect(await removed()).toEqual([])
})

test('where they are kept for ever, they stay', async () => {
  await world.decide('reads', 0)
  await read(4_000)
  expect(await planned()).toEqual([])
  expect(await removed()).toEqual([])
  expect(await daysLeft()).toEqual([4_000])
})

test('a hold on the reader, on whose words they were, on the session or on the time keeps them', async () => {
  await world.decide('reads', 30)
  const holds = [
    { user_id: reader ?? '' },
    { user_id: owner ?? '' },
    { session_id: session ?? '' },
    { from_at: new Date(now - 50 * day), to_at: new Date(now - 35 * day) },
  ]
  for (const about of holds) {
    await read(40, { session_id: session ?? '' })
    await read(60, { reader_id: somebody ?? '', owner_id: somebody ?? '' })
    await world.hold(about)
    expect(await planned()).toEqual([{ unit: 'reads', free: 1, held: 1 }])
    expect(await removed()).toEqual([['reads', 1]])
    expect(await daysLeft()).toEqual([40])
    await db.sql.updateTable('legal_holds').set({ released_at: clock.now() }).execute()
    expect(await removed()).toEqual([['reads', 1]])
  }
})
