import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Alarm } from './alarm.ts'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

/** When idleness is told, in milliseconds, of something that last moves at `lastMs`. */
function toldAfter(lastMs: number): number {
  const alarm = new Alarm()
  let isTold = false
  alarm.whenIdle(100, () => (isTold = true))
  for (let atMs = 1; atMs <= 1_000; atMs++) {
    vi.advanceTimersByTime(1)
    if (isTold) return atMs
    if (atMs === lastMs || (atMs < lastMs && atMs % 50 === 0)) alarm.moved()
  }
  return Infinity
}

test('idleness is told when nothing has moved for the time, and at most a quarter of it later', () => {
  for (let lastMs = 0; lastMs < 400; lastMs += 7) {
    const afterMs = toldAfter(lastMs) - lastMs
    expect(afterMs).toBeGreaterThanOrEqual(100)
    expect(afterMs).toBeLessThanOrEqual(126)
  }
})

test('what is set takes the place of what was, and nothing comes after it is off', () => {
  const alarm = new Alarm()
  const told: string[] = []
  alarm.whenIdle(100, () => told.push('idle'))
  alarm.after(50, () => told.push('after'))
  vi.advanceTimersByTime(500)
  expect(told).toEqual(['after'])
  alarm.whenIdle(100, () => told.push('idle'))
  vi.advanceTimersByTime(60)
  alarm.off()
  vi.advanceTimersByTime(500)
  expect(told).toEqual(['after'])
})
