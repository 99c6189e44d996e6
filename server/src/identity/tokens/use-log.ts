import { type Clock, type Log, toError } from '@reeve/base'
import type { Executor } from '../../db/database.ts'
import { noteUse } from './queries.ts'

/**
 * When credentials were last used. A request only leaves a note here; once a minute the notes of all credentials are
 * written in one statement, which also prolongs the sessions among them.
 */
export interface UseLog extends AsyncDisposable {
  note(keyId: string): void
  /** Writes what was noted. On failure the notes are kept for the next time. */
  flush(): Promise<void>
}

const everyMs = 60_000
const notesMax = 100_000

export function createUseLog({ db, clock, log }: { db: Executor; clock: Clock; log: Log }): UseLog {
  let notes = new Map<string, Date>()

  async function flush(): Promise<void> {
    if (notes.size === 0) return
    const written = notes
    notes = new Map()
    try {
      await noteUse(db, written, clock.now())
    } catch (thrown) {
      log.warn({ err: toError(thrown), credentials: written.size }, 'last use of credentials not written yet')
      // Newer notes win over those that were not written.
      if (written.size < notesMax) notes = new Map([...written, ...notes])
    }
  }

  const timer = setInterval(() => void flush(), everyMs)
  timer.unref()
  return {
    note: (keyId) => void notes.set(keyId, clock.now()),
    flush,
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await flush()
    },
  }
}
