import { manualClock, silentLog, uuidv7, uuidv7Floor } from '@reeve/base'
import { expect, test } from 'vitest'
import { testDatabase } from '../db/testing.ts'
import { bodyOf, record, someone, startFacts, streamOf, testRecord } from '../gateway/testing.ts'
import { lockHolds } from './hold-queries.ts'
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
