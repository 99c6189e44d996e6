import { manualClock, silentLog, uuidv7Floor } from '@reeve/base'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../db/testing.ts'
import { bodyOf, record, someone, startFacts, streamOf, testRecord } from '../gateway/testing.ts'
import { planRetention, runRetention } from './retention.ts'

let db: TestDatabase
beforeAll(async () => void (db = await testDatabase()))
afterAll(() => db[Symbol.asyncDispose]())

const day = 86_400_000
const clock = manualClock('2026-06-30T12:00:00Z')
const context = { clock, log: silentLog, retentionMs: 10 * day }

const idAt = (instant: Date, tail: string) => uuidv7Floor(instant).slice(0, -tail.length) + tail

test('days wholly before the limit go, with their sessions and bytes; the rest stays; the removal is on record', async () => {
  const with_ = { ...context, db }
  await using kept = await testRecord({ db, clock })
  const who = someone()
  const at = async (daysAgo: number, session: string) => {
    const startedAt = new Date(clock.now().getTime() - daysAgo * day)
    const body = bodyOf([{ role: 'user', content: `prompt of ${session}` }])
    const start = startFacts(who, body, { id: idAt(startedAt, `${daysAgo}`), startedAt, clientSessionId: session })
    await record(kept.recorder, start, streamOf({ text: `answer of ${session}` }), { endedAt: startedAt })
    return start.id
  }
  const old = await at(12, 'old')
  const edge = await at(10, 'edge')
  const fresh = await at(1, 'fresh')
  await kept.drain()
  await sql`update blobs set last_referenced_at = ${new Date(clock.now().getTime() - 12 * day)}
    where sha256 in (select decode(s->>'sha256', 'hex') from interceptions i,
      jsonb_array_elements(i.request_slices || i.response_slices) s where i.id = ${old})`.execute(db.sql)

  const plan = await planRetention(with_)
  expect(plan).toMatchObject({ days: ['2026-06-18'], interceptions: 1, blobs: 2 })
  expect(await runRetention(with_)).toMatchObject({ days: ['2026-06-18'], interceptions: 1, sessions: 1, blobs: 2 })

  const left = await db.sql.selectFrom('interceptions').select('id').orderBy('id').execute()
  expect(left.map((row) => row.id)).toEqual([edge, fresh])
  const sessions = await db.sql.selectFrom('sessions').select('client_session_id').orderBy('started_at').execute()
  expect(sessions.map((row) => row.client_session_id)).toEqual(['edge', 'fresh'])
  const events = await db.sql.selectFrom('audit_events').select(['action', 'resource_id', 'diff']).execute()
  expect(events).toEqual([
    { action: 'delete', resource_id: '2026-06-18', diff: { interceptions: { old: 1, new: 0, secret: false } } },
  ])
  expect(await runRetention(with_)).toMatchObject({ days: [], sessions: 0, blobs: 0 })
})

test('a retention of zero keeps everything', async () => {
  expect(await runRetention({ ...context, db, retentionMs: 0 })).toMatchObject({ days: [], blobs: 0 })
})

test('a day that came after its rows takes them over from the default partition', async () => {
  await using kept = await testRecord({ db, clock })
  const startedAt = new Date(clock.now().getTime() + 40 * day)
  const start = startFacts(someone(), bodyOf([{ role: 'user', content: 'from the future' }]), {
    id: idAt(startedAt, 'f'),
    startedAt,
  })
  await record(kept.recorder, start, streamOf({ text: 'yes' }), { endedAt: startedAt })
  await kept.drain()
  const where = () =>
    sql<{ table: string }>`select tableoid::regclass::text as table from interceptions where id = ${start.id}`.execute(
      db.sql,
    )
  expect((await where()).rows).toEqual([{ table: 'interceptions_default' }])
  await sql`select ensure_day_partitions('2026-08-09')`.execute(db.sql)
  expect((await where()).rows).toEqual([{ table: 'interceptions_20260809' }])
})
