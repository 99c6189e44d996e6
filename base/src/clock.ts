/**
 * Time as a parameter. Only this file asks the machine what time it is; everything else is handed a `Clock`, so that
 * a test can hold time still or move it.
 */
export interface Clock {
  /** Wall-clock time: for instants that are stored or shown. May jump. */
  now(): Date
  /** Milliseconds on a clock that never goes backwards: for durations and deadlines. */
  monotonicMs(): number
}

export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
}

/** A clock for tests: stands still until `advance` is called. */
export function manualClock(start: string | Date = '2026-01-01T00:00:00Z'): Clock & { advance(ms: number): void } {
  let wall = new Date(start).getTime()
  let mono = 0
  return {
    now: () => new Date(wall),
    monotonicMs: () => mono,
    advance(ms) {
      wall += ms
      mono += ms
    },
  }
}
