import { manualClock } from '@reeve/base'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Database } from '../db/database.ts'
import { type TestDatabase, testDatabase } from '../db/testing.ts'
import { someone } from '../gateway/testing.ts'
import { runRetention } from './run.ts'
import { type TestRetention, testRetention } from './testing.ts'

const clock = manualClock('2026-06-30T12:00:00Z')
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

/** A database whose connection is killed at the end of a transaction, before it commits. */
const dyingAt = (dies: number): Database => {
  let transactions = 0
  return {
    ...db,
    transaction: (work) =>
      db.transaction(async (tx) => {
        const result = await work(tx)
        if (++transactions === dies) await sql`select pg_terminate_backend(pg_backend_pid())`.execute(tx)
        return result
      }),
  }
}

/** What receipts state, and what is gone: never more of the one than of the other. */
async function stated(): Promise<Record<string, number>> {
  const rows = await db.sql
    .selectFrom('retention_receipts')
    .select(({ fn }) => ['data_class', 'unit', fn.sum<number>('removed').as('removed')])
    .groupBy(['data_class', 'unit'])
    .execute()
  return Object.fromEntries(rows.map((row) => [`${row.data_class} ${row.unit}`, Number(row.removed)]))
}

test('a run that dies in any of its transactions leaves receipts of what it did, and the next one finishes it', async () => {
  await world.decide('content', 10)
  await world.decide('metadata', 20)
  await world.decide('usage', 20)
  const mixed = someone()
  await world.decide('content', 50, mixed.organizationId)
  for (const daysAgo of [12, 13, 22, 23]) await world.request(daysAgo, `free ${daysAgo}`)
  await world.request(12, 'longer', mixed)
  await world.ageBlobs(30)
  const blobs = (await db.sql.selectFrom('blobs').select('sha256').execute()).length

  for (let dies = 1, died = true; died; dies++) {
    died = await runRetention({ ...world, db: dyingAt(dies) }).then(
      () => false,
      () => true,
    )
    const says = await stated()
    const rows = await db.sql.selectFrom('interceptions').select('content_removed_at').execute()
    const gone = 5 - rows.length
    expect(says['metadata requests'] ?? 0).toBe(gone)
    expect(says['content requests'] ?? 0).toBe(rows.filter((row) => row.content_removed_at !== null).length + gone)
    const kept = await db.sql.selectFrom('blobs').select('sha256').execute()
    expect(says['content blobs'] ?? 0).toBe(blobs - kept.length)
    expect(dies).toBeLessThan(60)
  }
  expect(await stated()).toMatchObject({ 'content requests': 4, 'metadata requests': 2, 'metadata sessions': 2 })
  expect((await runRetention(world)).removed).toEqual([])
})

test('a longer time, or a hold, that comes while a run is under way stops it before what is left', async () => {
  await world.decide('content', 10)
  for (const daysAgo of [14, 13, 12]) await world.request(daysAgo, `day ${daysAgo}`)
  let seen = 0
  const watching: Database = {
    ...db,
    async transaction(work) {
      const result = await db.transaction(work)
      if (++seen === 1) await world.decide('content', 365)
      return result
    },
  }
  await runRetention({ ...world, db: watching })
  const rows = await db.sql.selectFrom('interceptions').select('prompt').orderBy('id').execute()
  expect(rows.map(({ prompt }) => prompt)).toEqual([null, 'prompt day 13', 'prompt day 12'])
})

test('two replicas remove while the journal is drained, also into days that are over: no deadlock, nothing new lost', async () => {
  await world.decide('content', 10)
  await world.decide('metadata', 15)
  for (const daysAgo of [12, 13, 16, 17]) await world.request(daysAgo, `old ${daysAgo}`)
  const drained = new AbortController()
  const drain = (async () => {
    for (let round = 0; round < 12; round++) {
      await world.request(0, `new ${round}`)
      await world.request([12, 13, 16, 17][round % 4] ?? 12, `late ${round}`)
    }
    drained.abort()
  })()
  const replica = async () => {
    do await runRetention(world)
    while (!drained.signal.aborted)
  }
  await Promise.all([drain, replica(), replica()])
  await runRetention(world)

  const rows = await db.sql.selectFrom('interceptions').select(['prompt', 'started_at', 'content_removed_at']).execute()
  const fresh = rows.filter(({ started_at }) => started_at.getTime() > clock.now().getTime() - 1_000)
  expect(fresh.map(({ prompt }) => prompt).toSorted()).toEqual(
    Array.from({ length: 12 }, (_, round) => `prompt new ${round}`).toSorted(),
  )
  const over = rows.filter((row) => !fresh.includes(row))
  expect(over.every(({ prompt, content_removed_at }) => prompt === null && content_removed_at !== null)).toBe(true)
  // What came between the two went as a whole, with its words.
  const says = await stated()
  expect(says['metadata requests']).toBe(16 - over.length)
  expect(says['content requests']).toBeGreaterThanOrEqual(over.length)
  expect(says['content requests']).toBeLessThanOrEqual(16)
  expect(await db.sql.selectFrom('drain_rejects').selectAll().execute()).toEqual([])
  const { rows: deadlocks } = await sql<{ count: number }>`
    select deadlocks::int as count from pg_stat_database where datname = current_database()`.execute(db.sql)
  expect(deadlocks).toEqual([{ count: 0 }])
})
