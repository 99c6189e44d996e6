import type { Clock } from '@reeve/base'

/** Lets so many in within a minute, and so many be inside at once. */
export interface Turnstile {
  /** Null where it is full; disposing it lets the next one in. */
  enter(): Disposable | null
}

const minuteMs = 60_000

export function createTurnstile(
  clock: Clock,
  { perMinute, atOnce }: { readonly perMinute: number; readonly atOnce: number },
): Turnstile {
  let since = clock.monotonicMs()
  let entered = 0
  let inside = 0
  return {
    enter() {
      const now = clock.monotonicMs()
      if (now - since >= minuteMs) {
        since = now
        entered = 0
      }
      if (entered >= perMinute || inside >= atOnce) return null
      entered += 1
      inside += 1
      return { [Symbol.dispose]: () => void (inside -= 1) }
    },
  }
}
