import type { Clock } from '@reeve/base'

/**
 * Lets so many events a second pass for each key, and as many at once: a bucket holds a second's worth, and fills evenly.
 * Memory is bounded: a bucket that nobody took from for long is as full as a new one, and is forgotten first.
 */
export interface TokenBuckets {
  /** Takes one; the milliseconds until there will be one when there is none, else null. */
  take(key: string): number | null
}

export function createTokenBuckets(options: {
  readonly clock: Clock
  /** 0 sets no bound. */
  readonly perSecond: number
  readonly keysMax?: number
}): TokenBuckets {
  const { clock, perSecond, keysMax = 10_000 } = options
  const buckets = new Map<string, { readonly tokens: number; readonly atMs: number }>()
  if (perSecond === 0) return { take: () => null }
  return {
    take(key) {
      const nowMs = clock.monotonicMs()
      const { tokens, atMs } = buckets.get(key) ?? { tokens: perSecond, atMs: nowMs }
      const now = Math.min(perSecond, tokens + ((nowMs - atMs) * perSecond) / 1_000)
      buckets.delete(key)
      const [oldest] = buckets.keys()
      if (buckets.size >= keysMax && oldest !== undefined) buckets.delete(oldest)
      buckets.set(key, { tokens: now >= 1 ? now - 1 : now, atMs: nowMs })
      return now >= 1 ? null : ((1 - now) * 1_000) / perSecond
    },
  }
}
