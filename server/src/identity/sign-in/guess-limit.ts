import type { Clock } from '@reeve/base'
import type { Database } from '../../db/database.ts'
import { sha256 } from '../tokens/token.ts'
import { countGuess } from './queries.ts'

/**
 * Counts guesses by key in fixed windows, for all replicas together: a guess is counted in the database, and whoever
 * finds that it was the last one remembers so until the window ends. Somebody who is right at once costs no query. A
 * replica that has not heard yet lets one guess through, so that with n of them the limit is off by n - 1 at most.
 */
export interface GuessLimit {
  /** The seconds to wait, as far as this replica has heard; null when another guess may be made. */
  waitSeconds(key: string): number | null
  /** Counts one, and gives the seconds to wait when it was one too many. */
  hit(key: string): Promise<number | null>
}

const rememberedMax = 10_000

export function createGuessLimit(options: {
  readonly db: Database
  readonly clock: Clock
  /** Tells limits apart that count by the same keys. */
  readonly name: string
  readonly limit: number
  readonly windowMs: number
}): GuessLimit {
  const { db, clock, name, limit, windowMs } = options
  /** When those may guess again who may not at the moment. */
  const exhausted = new Map<string, number>()
  const secondsUntil = (endMs: number) => Math.max(1, Math.ceil((endMs - clock.now().getTime()) / 1000))

  return {
    waitSeconds(key) {
      const endMs = exhausted.get(key)
      if (endMs === undefined) return null
      if (endMs > clock.now().getTime()) return secondsUntil(endMs)
      exhausted.delete(key)
      return null
    },
    async hit(key) {
      const now = clock.now()
      const row = await countGuess(db.sql, sha256(`${name} ${key}`), now, new Date(now.getTime() + windowMs))
      const endMs = row.ends_at.getTime()
      if (row.count >= limit) {
        if (exhausted.size >= rememberedMax) exhausted.delete(exhausted.keys().next().value ?? '')
        exhausted.set(key, endMs)
      }
      return row.count > limit ? secondsUntil(endMs) : null
    },
  }
}
