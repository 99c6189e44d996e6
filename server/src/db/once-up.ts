import { setTimeout as pause } from 'node:timers/promises'
import type { Log } from '@reeve/base'
import { sqlState } from './failures.ts'

const cannotConnectNow = '57P03'
const everyMs = 500
const tries = 120

/**
 * PostgreSQL that starts, or recovers from a crash, says so to whoever connects: it is asked again until it is up, for a
 * minute at most. Throws what the work threw otherwise, and its last refusal when the signal aborts.
 */
export async function onceUp<T>(
  work: () => Promise<T>,
  { log, signal }: { readonly log: Log; readonly signal: AbortSignal },
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (thrown) {
      if (sqlState(thrown) !== cannotConnectNow || attempt === tries) throw thrown
      if (attempt === 1) log.warn({}, 'waiting for PostgreSQL, which is starting up')
      await pause(everyMs, null, { signal }).catch(() => {
        throw thrown
      })
    }
  }
}
