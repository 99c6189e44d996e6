import { silentLog, systemClock } from '@reeve/base'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { type TestDatabase, testDatabase } from '../db/testing.ts'
import { person, type Person } from './gateway-testing.ts'
import { checkMs, watchSessions } from './watch.ts'

let db: TestDatabase
beforeAll(async () => void (db = await testDatabase()))
afterAll(() => db[Symbol.asyncDispose]())
afterEach(() => void vi.useRealTimers())

const ends: Record<string, (who: Person) => Promise<unknown>> = {
  'is revoked': ({ keyId }) => db.sql.deleteFrom('api_keys').where('id', '=', keyId).execute(),
  expires: ({ keyId }) =>
    db.sql
      .updateTable('api_keys')
      .set({ expires_at: new Date(0) })
      .where('id', '=', keyId)
      .execute(),
  'belongs to somebody who is suspended': ({ actor }) =>
    db.sql.updateTable('users').set({ status: 'suspended' }).where('id', '=', actor.userId).execute(),
  'belongs to somebody who is no auditor any more': ({ actor }) =>
    db.sql.updateTable('users').set({ roles: [] }).where('id', '=', actor.userId).execute(),
}

test.each(Object.keys(ends))('a live view ends with the next check when its credential %s', async (how) => {
  const index = Object.keys(ends).indexOf(how)
  const reader = await person(db, `reader-${index}`, { roles: ['auditor'] })
  const stays = await person(db, `stays-${index}`)
  // Only the checks are held by this clock; the database keeps its own time.
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  await using watch = await watchSessions({ db, clock: systemClock, log: silentLog })
  const stop = new AbortController()
  const open = (who: Person) => {
    const heard = watch.changes(who.actor, null, stop.signal)[Symbol.asyncIterator]().next()
    return { heard, isOver: heard.then(({ done }) => done === true) }
  }
  const [gone, kept] = [open(reader), open(stays)]
  const both = Promise.race([gone.isOver, kept.isOver])
  await ends[how]?.(reader)
  vi.advanceTimersByTime(checkMs)
  expect(await both).toBe(true)
  expect(await gone.isOver).toBe(true)
  let keptIsOver = false
  void kept.isOver.then((over) => (keptIsOver = over))
  await new Promise((resolve) => setImmediate(resolve))
  expect(keptIsOver).toBe(false)
  stop.abort()
  expect(await kept.isOver).toBe(true)
})
