/**
 * How long to wait before the next attempt: twice as long each time, up to a bound, and somewhere in the upper half of
 * it, so that a thousand boundaries that lost their control plane do not all come back in the same moment.
 */
export interface Backoff {
  next(): number
  reset(): void
}

export function createBackoff(random: () => number, { minMs = 500, maxMs = 30_000 } = {}): Backoff {
  let ms = minMs
  return {
    next() {
      const now = ms / 2 + (random() * ms) / 2
      ms = Math.min(ms * 2, maxMs)
      return now
    },
    reset() {
      ms = minMs
    },
  }
}
