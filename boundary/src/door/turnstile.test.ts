import { manualClock } from '@reeve/base'
import { expect, test } from 'vitest'
import { createTurnstile } from './turnstile.ts'

test('so many get in within a minute, however soon they leave', () => {
  const clock = manualClock()
  const turnstile = createTurnstile(clock, { perMinute: 3, atOnce: 3 })
  const enter = (): boolean => {
    using entered = turnstile.enter()
    return entered !== null
  }
  expect([enter(), enter(), enter(), enter()]).toEqual([true, true, true, false])
  clock.advance(60_000)
  expect(enter()).toBe(true)
})

test('so many are inside at once, however long they stay', () => {
  const clock = manualClock()
  const turnstile = createTurnstile(clock, { perMinute: 10, atOnce: 2 })
  const [first, second] = [turnstile.enter(), turnstile.enter()]
  expect([first, second]).not.toContain(null)
  clock.advance(600_000)
  expect(turnstile.enter()).toBeNull()
  first?.[Symbol.dispose]()
  expect(turnstile.enter()).not.toBeNull()
})
