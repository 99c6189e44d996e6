import { setTimeout as wait } from 'node:timers/promises'

/** What is open at the moment and was allowed once: when the policy changes, what it would not allow now is closed. */
export interface OpenWays {
  /** Returns what takes it off the list again. */
  add(way: OpenWay): () => void
  /** Asks each again. */
  recheck(): void
  /** What it was carried by, and writes its line at the end. */
  track(work: Promise<unknown>): void
  /** Closes everything, and waits a moment for the last lines. */
  closeAll(): Promise<void>
}

export interface OpenWay {
  stillAllowed(): boolean
  close(): void
}

const lastLinesMs = 2_000

export function createOpenWays(): OpenWays {
  const ways = new Set<OpenWay>()
  const running = new Set<Promise<unknown>>()
  return {
    add(way) {
      ways.add(way)
      return () => void ways.delete(way)
    },
    recheck() {
      for (const way of ways) if (!way.stillAllowed()) way.close()
    },
    track(work) {
      const entry = work.finally(() => running.delete(entry)).catch(() => {})
      running.add(entry)
    },
    async closeAll() {
      for (const way of ways) way.close()
      const late = new AbortController()
      await Promise.race([Promise.all(running), wait(lastLinesMs, undefined, { signal: late.signal }).catch(() => {})])
      late.abort()
    },
  }
}
