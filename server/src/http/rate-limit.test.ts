import { manualClock } from '@reeve/base'
import { expect, test } from 'vitest'
import { createRateLimit } from './rate-limit.ts'

test('after the limit there is a wait, until the window is over', () => {
  const clock = manualClock()
  const limit = createRateLimit({ clock, limit: 2, windowMs: 60_000 })
  expect([limit.hit('a'), limit.hit('a'), limit.hit('a'), limit.hit('b')]).toEqual([null, null, 60, null])
  clock.advance(59_000)
  expect(limit.waitSeconds('a')).toBe(1)
  clock.advance(1_000)
  expect(limit.waitSeconds('a')).toBe(null)
  expect(limit.hit('a')).toBe(null)
})

test('many keys take bounded memory, and the oldest go first', () => {
  const limit = createRateLimit({ clock: manualClock(), limit: 1, windowMs: 60_000, keysMax: 3 })
  for (const key of ['a', 'b', 'c', 'd']) limit.hit(key)
  expect(limit.waitSeconds('a')).toBe(null)
  expect(limit.waitSeconds('d')).toBe(60)
})
