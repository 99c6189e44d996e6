import { expect, test } from 'vitest'
import { nextRestart } from './restarts.ts'

test('a lone crash is answered at once, each further one twice as late', () => {
  expect(nextRestart([], 1_000_000)).toBe(0)
  expect(nextRestart([999_000], 1_000_000)).toBe(100)
  expect(nextRestart([998_000, 999_000, 999_500], 1_000_000)).toBe(400)
})

test('what was started long ago does not count', () => {
  expect(nextRestart([0, 1, 2, 3, 4, 5, 6], 1_000_000)).toBe(0)
})

test('no minute sees more than five starts, however it crashes', () => {
  const startedAtMs: number[] = []
  for (let nowMs = 0; nowMs < 600_000;) {
    nowMs += nextRestart(startedAtMs, nowMs)
    startedAtMs.push(nowMs)
    expect(startedAtMs.filter((at) => at > nowMs - 60_000).length).toBeLessThanOrEqual(5)
  }
})
