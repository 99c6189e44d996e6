import { manualClock, silentLog, type Uuid, uuidv7, uuidv7Floor } from '@reeve/base'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { testSigner } from '../audit/testing.ts'
import { type TestDatabase, testDatabase } from '../db/testing.ts'
import { planRetention, runRetention } from './retention.ts'

const day = 86_400_000
const clock = manualClock('2026-06-30T12:00:00Z')
const now = clock.now().getTime()
const [reader, owner, somebody, organization, session] = Array.from({ length: 5 }, () => uuidv7(clock.now()))

let db: TestDatabase
beforeEach(async () => void (db = await testDatabase()))
afterEach(() => db[Symbol.asyncDispose]())

const context = (auditMs: number) => ({
  db,
  clock,
  log: silentLog,
  retentionMs: 0,
  audit: { retentionMs: auditMs, signer: testSigner(clock) },
})

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

test('records of readings go at the age of audit events: the plan tells of them, and the removal is on record', async () => {
  for (const daysAgo of [40, 31, 30, 1]) await read(daysAgo)
  expect(await planRetention(context(30 * day))).toMatchObject({ contentReads: 2 })
  expect(await daysLeft()).toEqual([40, 31, 30, 1])
  expect(await runRetention(context(30 * day))).toMatchObject({ contentReads: 2 })
  expect(await daysLeft()).toEqual([30, 1])
  const events = await db.sql.selectFrom('audit_events').select(['action', 'resource_type', 'source', 'diff']).execute()
  const diff = { content_reads: { old: 2, new: 0, secret: false } }
  expect(events).toEqual([{ action: 'delete', resource_type: 'content_reads', source: 'system', diff }])
  expect(await runRetention(context(30 * day))).toMatchObject({ contentReads: 0 })
})

test('where audit events are kept for ever, so are they', async () => {
  await read(4_000)
  expect(await planRetention(context(0))).toMatchObject({ contentReads: 0 })
  expect(await runRetention(context(0))).toMatchObject({ contentReads: 0 })
  expect(await daysLeft()).toEqual([4_000])
})

test('a hold on the reader, on whose words they were, on the session or on the time keeps them', async () => {
  const holds = [
    { user_id: reader },
    { user_id: owner },
    { session_id: session },
    { from_at: new Date(now - 50 * day), to_at: new Date(now - 35 * day) },
  ]
  for (const about of holds) {
    await read(40, { session_id: session ?? '' })
    await read(60, { reader_id: somebody ?? '', owner_id: somebody ?? '' })
    const hold = { id: uuidv7(clock.now()), reason: 'case', created_at: clock.now(), ...about }
    await db.sql.insertInto('legal_holds').values(hold).execute()
    expect(await runRetention(context(30 * day))).toMatchObject({ contentReads: 1 })
    expect(await daysLeft()).toEqual([40])
    await db.sql.updateTable('legal_holds').set({ released_at: clock.now() }).execute()
    expect(await runRetention(context(30 * day))).toMatchObject({ contentReads: 1 })
  }
})
