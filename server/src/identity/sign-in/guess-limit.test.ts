import { manualClock } from '@reeve/base'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../db/testing.ts'
import { createGuessLimit } from './guess-limit.ts'
import { deleteOldGuesses } from './queries.ts'

let db: TestDatabase
const clock = manualClock(new Date())
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())

const replica = (name = 'a') => createGuessLimit({ db, clock, name, limit: 3, windowMs: 60_000 })

test('guesses are counted for all replicas together', async () => {
  const [here, there] = [replica(), replica()]
  for (const limit of [here, there, here]) expect(await limit.hit('ann')).toBeNull()
  expect(here.waitSeconds('ann')).toBe(60)
  // The other has not heard yet: one more is let through there, and is too many.
  expect(there.waitSeconds('ann')).toBeNull()
  expect(await there.hit('ann')).toBe(60)
  expect(there.waitSeconds('ann')).toBe(60)
})

test('guesses that come together are all counted', async () => {
  const limits = Array.from({ length: 12 }, () => replica())
  const waits = await Promise.all(limits.map((limit) => limit.hit('together')))
  expect(waits.filter((seconds) => seconds === null)).toHaveLength(3)
})

test('keys and limits are apart, and a window ends', async () => {
  const [limit, other] = [replica('b'), replica('c')]
  for (let n = 0; n < 3; n++) await limit.hit('ann')
  expect([limit.waitSeconds('ann'), limit.waitSeconds('max'), other.waitSeconds('ann')]).toEqual([60, null, null])
  expect(await other.hit('ann')).toBeNull()
  clock.advance(60_001)
  expect(limit.waitSeconds('ann')).toBeNull()
  expect(await limit.hit('ann')).toBeNull()
  expect(limit.waitSeconds('ann')).toBeNull()
})

test('what is over is cleared away, and no key is readable', async () => {
  await replica('d').hit('a password in the wrong field')
  const rows = await db.sql.selectFrom('guesses').selectAll().execute()
  expect(JSON.stringify(rows.map(({ key_sha256 }) => key_sha256.toString('latin1')))).not.toContain('password')
  clock.advance(60_001)
  await deleteOldGuesses(db.sql, clock.now())
  expect(await db.sql.selectFrom('guesses').selectAll().execute()).toEqual([])
})
