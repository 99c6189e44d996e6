import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { manualClock, silentLog } from '@reeve/base'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { type TestDatabase, testDatabase } from '../db/testing.ts'
import { createAuthenticator, patienceMs } from '../identity/tokens/authenticate.ts'
import { person } from './gateway-testing.ts'
import { cutWithinMs, watchOpenStreams } from './open-streams.ts'

let db: TestDatabase
beforeAll(async () => void (db = await testDatabase()))
afterAll(() => db[Symbol.asyncDispose]())
afterEach(() => void vi.useRealTimers())

const stepMs = 250

test.each([0, 250, 500, 750])(
  'a revocation of which nobody was told cuts open streams within 5 s (checks %i ms off)',
  async (phaseMs) => {
    const clock = manualClock(new Date())
    const gone = await person(db, `leaver-${phaseMs}`)
    await using authenticator = await createAuthenticator({ db, clock, log: silentLog, outageMs: 5 * 60_000 })
    // Only the checks of open streams are held by this clock; the database keeps its own time.
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const { authenticate } = authenticator
    let asked = Promise.resolve()
    using streams = watchOpenStreams({
      authenticate(token) {
        const answer = authenticate(token)
        asked = answer.then(() => {})
        return answer
      },
      mayCallModels: () => true,
      clock,
      log: silentLog,
    })
    async function pass(): Promise<void> {
      clock.advance(stepMs)
      vi.advanceTimersByTime(stepMs)
      await asked
      await new Promise((resolve) => setImmediate(resolve))
    }
    const response = new ServerResponse(new IncomingMessage(new Socket()))
    for (let at = 0; at < phaseMs; at += stepMs) await pass()
    expect(await authenticate(gone.token)).not.toBe(null)
    streams.add(gone.token, gone.actor, gone.actor.organizationIds[0]!, response)
    await db.sql.deleteFrom('api_keys').where('id', '=', gone.keyId).execute()

    let passedMs = 0
    for (; !response.destroyed; passedMs += stepMs) {
      expect(passedMs).toBeLessThan(10_000)
      await pass()
    }
    // No longer than it takes when the database takes its time to answer, too.
    expect(passedMs + patienceMs).toBeLessThanOrEqual(cutWithinMs)
    response.destroy()
  },
)
