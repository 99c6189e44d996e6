import { manualClock, uuidv7, uuidv7Floor } from '@reeve/base'
import type { Insertable } from 'kysely'
import { expect, test } from 'vitest'
import type { Schema } from '../db/__generated__/schema.ts'
import { testDatabase } from '../db/testing.ts'
import { bodyOf, record, someone, startFacts, streamOf, testRecord } from '../gateway/testing.ts'
import { countCovered, lockHolds } from './hold-queries.ts'
import { planRetention } from './plan.ts'
import { selectDecisions } from './policy-queries.ts'
import { runRetention } from './run.ts'
import { testRetention } from './testing.ts'

const day = 86_400_000
const clock = manualClock('2026-06-30T12:00:00Z')

test('a hold that is placed while retention runs wins; bytes stay with what is held, and the rest of its day goes', async () => {
  await using db = await testDatabase()
  await using world = await testRetention(db, clock)
  await world.decide('content', 10)
  await world.decide('metadata', 10)
  const who = someone()
  const held = await world.request(12, 'the held one', who)
  await world.request(12, 'the free one')
  await world.ageBlobs(12)

  let run: Promise<unknown> = Promise.resolve()
  await db.transaction(async (tx) => {
    await lockHolds(tx)
    run = runRetention(world)
    const hold = { id: uuidv7(clock.now()), user_id: who.userId, reason: 'case', created_at: clock.now() }
    await tx.insertInto('legal_holds').values(hold).execute()
  })
  await run

  const left = () => db.sql.selectFrom('interceptions').select(['id', 'prompt']).execute()
  expect(await left()).toEqual([{ id: held, prompt: 'prompt the held one' }])
  expect(await db.sql.selectFrom('blobs').select('sha256').execute()).toHaveLength(2)
  const { portions, holds } = await planRetention(db.sql, await selectDecisions(db.sql), clock.now())
  expect(portions).toMatchObject([
    { dataClass: 'content', unit: 'requests', free: 0, held: 1 },
    { dataClass: 'metadata', unit: 'requests', free: 0, held: 1 },
    { dataClass: 'content', unit: 'blobs', free: 0, held: 2 },
  ])
  expect(holds).toMatchObject([{ keeps: 1 }])
  await db.sql.updateTable('legal_holds').set({ released_at: clock.now() }).execute()
  await runRetention(world)
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

  interface About {
    readonly user_id?: string
    readonly session_id?: string
    readonly from_at?: Date
    readonly to_at?: Date
  }
  const wanted: readonly (readonly [About, object])[] = [
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
  ]
  for (const [{ user_id = null, session_id = null, from_at = null, to_at = null }, covers] of wanted) {
    const about = { userId: user_id, sessionId: session_id, from: from_at, to: to_at }
    expect(await countCovered(db.sql, about)).toEqual(covers)
  }
})
