import { manualClock, silentLog, uuidv7, uuidv7Floor } from '@reeve/base'
import { type Insertable, sql } from 'kysely'
import { expect, test } from 'vitest'
import type { Schema } from '../db/__generated__/schema.ts'
import { testDatabase } from '../db/testing.ts'
import { bodyOf, record, someone, startFacts, streamOf, testRecord } from '../gateway/testing.ts'
import { countCovered, lockHolds } from './hold-queries.ts'
import { runRetention } from './retention.ts'

const day = 86_400_000
const clock = manualClock('2026-06-30T12:00:00Z')

test('a hold that is placed while retention runs wins; bytes stay with what is held, and the rest of its day goes', async () => {
  await using db = await testDatabase()
  await using kept = await testRecord({ db, clock })
  const startedAt = new Date(clock.now().getTime() - 12 * day)
  const at = async (tail: string, text: string) => {
    const who = someone()
    const id = uuidv7Floor(startedAt).slice(0, -1) + tail
    const start = startFacts(who, bodyOf([{ role: 'user', content: text }]), { id, startedAt, clientSessionId: text })
    await record(kept.recorder, start, streamOf({ text: `answer to ${text}` }), { endedAt: startedAt })
    return id
  }
  const held = await at('1', 'the held one')
  await at('2', 'the free one')
  await kept.drain()
  await db.sql.updateTable('blobs').set({ last_referenced_at: startedAt }).execute()
  const rows = await db.sql.selectFrom('interceptions').select(['id', 'user_id']).execute()
  const user_id = rows.find(({ id }) => id === held)?.user_id ?? null

  let retention: Promise<unknown> = Promise.resolve()
  await db.transaction(async (tx) => {
    await lockHolds(tx)
    retention = runRetention({ db, clock, log: silentLog, retentionMs: 10 * day })
    const hold = { id: uuidv7(clock.now()), user_id, reason: 'case', created_at: clock.now() }
    await tx.insertInto('legal_holds').values(hold).execute()
  })
  await retention

  const left = () => db.sql.selectFrom('interceptions').select('id').execute()
  expect(await left()).toEqual([{ id: held }])
  expect(await db.sql.selectFrom('blobs').select('sha256').execute()).toHaveLength(2)
  await db.sql.updateTable('legal_holds').set({ released_at: clock.now() }).execute()
  await runRetention({ db, clock, log: silentLog, retentionMs: 10 * day })
  expect(await left()).toEqual([])
  expect(await db.sql.selectFrom('blobs').select('sha256').execute()).toEqual([])
})

test('how much a hold covers is what retention keeps for it, also when it was released', async () => {
  await using db = await testDatabase()
  await using kept = await testRecord({ db, clock })
  const before = clock.now()
  clock.advance(10 * day)
  const now = clock.now()
  const [startedAt, between] = [new Date(now.getTime() - day), new Date(now.getTime() - 5 * day)]
  for (const [tail, text] of [
    ['1', 'one'],
    ['2', 'another'],
  ] as const) {
    const who = someone()
    const id = uuidv7Floor(startedAt).slice(0, -1) + tail
    const start = startFacts(who, bodyOf([{ role: 'user', content: text }]), {
      id,
      startedAt,
      clientSessionId: text,
    })
    await record(kept.recorder, start, streamOf({ text }), { endedAt: startedAt })
  }
  await kept.drain()
  const rows = await db.sql.selectFrom('interceptions').select(['user_id', 'session_id']).orderBy('id').execute()
  const { user_id: userId, session_id: sessionId } = rows[0]!
  let n = 0
  const event = (at: Date, more: Partial<Insertable<Schema['audit_events']>>) =>
    db.sql
      .insertInto('audit_events')
      .values({
        id: uuidv7Floor(at).slice(0, -1) + String(++n),
        action: 'write',
        resource_type: 'thing',
        resource_id: 'of nobody',
        resource_target: 'a thing',
        outcome: 'ok',
        ...more,
      })
      .execute()
  await event(before, { resource_id: userId })
  await event(now, { resource_id: userId })
  await event(now, { resource_id: sessionId })
  await event(now, { diff: JSON.stringify({ user_id: { old: null, new: userId } }) })
  await event(now, {})

  const wanted = [
    [{ user_id: userId }, { interceptions: 1, sessions: 1, audit_events: 3 }],
    [
      { user_id: userId, from_at: between },
      { interceptions: 1, sessions: 1, audit_events: 2 },
    ],
    [{ session_id: sessionId }, { interceptions: 1, sessions: 1, audit_events: 1 }],
    [{ from_at: between }, { interceptions: 2, sessions: 2, audit_events: 4 }],
    [
      { user_id: userId, to_at: between },
      { interceptions: 0, sessions: 0, audit_events: 1 },
    ],
  ] as const
  for (const [about, covers] of wanted) {
    const id = uuidv7(now)
    await db.sql
      .insertInto('legal_holds')
      .values({ id, reason: 'case', created_at: now, ...about })
      .execute()
    expect(await countCovered(db.sql, id)).toEqual(covers)
    const { rows: held } = await sql`select from audit_events e where is_held_event(e)`.execute(db.sql)
    expect(held).toHaveLength(covers.audit_events)
    await db.sql.updateTable('legal_holds').set({ released_at: now }).execute()
    expect(await countCovered(db.sql, id)).toEqual(covers)
  }
})
