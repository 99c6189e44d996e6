import type { Clock } from '@reeve/base'

/**
 * Lets so many events a second pass for each key, and as many at once: a bucket holds a second's worth, and fills evenly.
 * Memory is bounded: a bucket that nobody took from for long is as full as a new one, and is forgotten first.
 */
export interface TokenBuckets {
  /** Takes one; the milliseconds until there will be one when there is none, else null. */
  take(key: string): number | null
  /** Takes as many as somebody else did who keeps to the same bound: there may be fewer than none then. */
  spend(key: string, count: number): void
}

export function createTokenBuckets(options: {
  readonly clock: Clock
  /** 0 sets no bound. */
  readonly perSecond: number
  readonly keysMax?: number
}): TokenBuckets {
  const { clock, perSecond, keysMax = 10_000 } = options
  const buckets = new Map<string, { readonly tokens: number; readonly atMs: number }>()
  if (perSecond === 0) return { take: () => null, spend() {} }

  function take(key: string, count: number, atLeast: number): number | null {
    const nowMs = clock.monotonicMs()
    const { tokens, atMs } = buckets.get(key) ?? { tokens: perSecond, atMs: nowMs }
    const now = Math.min(perSecond, tokens + ((nowMs - atMs) * perSecond) / 1_000)
    const isThere = now >= atLeast
    buckets.delete(key)
    const [oldest] = buckets.keys()
    if (buckets.size >= keysMax && oldest !== undefined) buckets.delete(oldest)
    buckets.set(key, { tokens: isThere ? now - count : now, atMs: nowMs })
    return isThere ? null : ((1 - now) * 1_000) / perSecond
  }

  return {
    take: (key) => take(key, 1, 1),
    spend: (key, count) => void take(key, count, -Infinity),
  }
}
