import { manualClock } from '@reeve/base'
import { expect, test } from 'vitest'
import { createTokenBuckets } from './token-buckets.ts'

const takes = (take: () => number | null, times: number): readonly (number | null)[] =>
  Array.from({ length: times }, take)

test('a second’s worth passes at once, then one for each part of a second, and no key has another’s', () => {
  const clock = manualClock()
  const buckets = createTokenBuckets({ clock, perSecond: 4 })
  expect(takes(() => buckets.take('dana'), 6)).toEqual([null, null, null, null, 250, 250])
  expect(buckets.take('eve')).toBeNull()
  clock.advance(249)
  expect(buckets.take('dana')).toBeCloseTo(1)
  clock.advance(2)
  expect(takes(() => buckets.take('dana'), 2)[0]).toBeNull()
  clock.advance(60_000)
  expect(takes(() => buckets.take('dana'), 5).filter((wait) => wait === null)).toHaveLength(4)
})

test('0 sets no bound', () => {
  const buckets = createTokenBuckets({ clock: manualClock(), perSecond: 0 })
  expect(takes(() => buckets.take('dana'), 1_000).every((wait) => wait === null)).toBe(true)
})

test('who has asked last is remembered longest', () => {
  const buckets = createTokenBuckets({ clock: manualClock(), perSecond: 1, keysMax: 2 })
  for (const key of ['dana', 'eve', 'dana', 'mallory']) buckets.take(key)
  expect(buckets.take('dana')).toBe(1_000)
  expect(buckets.take('eve')).toBeNull()
})
