import { isIP } from 'node:net'
import type { Clock } from '@reeve/base'

/**
 * Counts events by key in fixed windows. Memory is bounded: when there are more keys than fit, the oldest window is
 * forgotten, which can only be had by an attacker who owns that many addresses.
 */
export interface RateLimit {
  /** Counts one event; the seconds to wait when it was one too many, else null. */
  hit(key: string): number | null
  /** The same answer without counting. */
  waitSeconds(key: string): number | null
}

export function createRateLimit(options: {
  readonly clock: Clock
  readonly limit: number
  readonly windowMs: number
  readonly keysMax?: number
}): RateLimit {
  const { clock, limit, windowMs, keysMax = 10_000 } = options
  const windows = new Map<string, { startMs: number; count: number }>()

  function current(key: string): { startMs: number; count: number } {
    const nowMs = clock.monotonicMs()
    const window = windows.get(key)
    if (window !== undefined && nowMs - window.startMs < windowMs) return window
    windows.delete(key)
    return { startMs: nowMs, count: 0 }
  }

  const wait = ({ startMs }: { startMs: number }) =>
    Math.max(1, Math.ceil((startMs + windowMs - clock.monotonicMs()) / 1000))

  return {
    hit(key) {
      const window = current(key)
      if (window.count >= limit) return wait(window)
      window.count++
      if (!windows.has(key) && windows.size >= keysMax) {
        const [oldest] = windows.keys()
        if (oldest !== undefined) windows.delete(oldest)
      }
      windows.set(key, window)
      return null
    },
    waitSeconds(key) {
      const window = current(key)
      return window.count >= limit ? wait(window) : null
    },
  }
}

/** Whoever has one address of an IPv6 network usually has all of its 2^64. */
export function networkOf(address: string | null): string {
  if (address === null) return 'local'
  if (isIP(address) !== 6) return address
  const [head = '', tail = ''] = address.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === '' ? [] : tail.split(':')
  const missing = address.includes('::') ? Math.max(0, 8 - left.length - right.length) : 0
  const groups = [...left, ...Array<string>(missing).fill('0'), ...right]
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')
}
