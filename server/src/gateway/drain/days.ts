import { type Clock, type Log, uuidv7Time } from '@reeve/base'
import type { DrainConnection } from './connect.ts'

const dayMs = 86_400_000
const pastDaysMax = 400

/**
 * Keeps the partitions of the days that are written to. Rows whose id names a day that cannot be, because a clock was
 * wrong, go to the default partition; should that day come after all, its partition takes them over.
 */
export class Days {
  readonly #made = new Set<string>()
  readonly #clock: Clock
  readonly #log: Log

  constructor(clock: Clock, log: Log) {
    this.#clock = clock
    this.#log = log
  }

  /** Those of these ids, and today's and tomorrow's. */
  async ensure(connection: DrainConnection, ids: readonly string[]): Promise<void> {
    const now = this.#clock.now().getTime()
    const days = new Set([dayOf(now), dayOf(now + dayMs)])
    for (const id of ids) {
      const at = uuidv7Time(id)?.getTime() ?? Number.NaN
      const possible = at > now - pastDaysMax * dayMs && at < now + 2 * dayMs
      if (possible) days.add(dayOf(at))
      else
        this.#log.warn({ id, day: Number.isNaN(at) ? null : dayOf(at) }, 'an interception is of a day that cannot be')
    }
    for (const day of days) {
      if (this.#made.has(day)) continue
      await connection.run('ensureDay', [day])
      this.#made.add(day)
    }
  }

  /**
   * In the transaction that writes rows of these ids, before it does: of the days that may be over by now, because the
   * journal was drained late, none is dropped by retention until the rows are in. Nothing is kept for less than a day.
   */
  async keep(connection: DrainConnection, ids: readonly string[]): Promise<void> {
    const now = this.#clock.now().getTime()
    const days = new Set(
      ids
        .map((id) => uuidv7Time(id)?.getTime() ?? Number.NaN)
        .filter((at) => at > now - pastDaysMax * dayMs && at < now - 2 * dayMs)
        .map(dayOf),
    )
    for (const day of [...days].toSorted()) await connection.run('keepDay', [day])
  }
}

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10)
