import fc from 'fast-check'
import { expect, test } from 'vitest'
import { admit, type BreakerState, closed, defaultBreakerRules, note, type Verdict } from './breaker.ts'

const { failures, openMs, probes } = defaultBreakerRules

function noted(state: BreakerState, verdicts: readonly Verdict[], nowMs = 0): BreakerState {
  return verdicts.reduce((so, verdict) => note(so, verdict, nowMs), state)
}
const times = (verdict: Verdict, count: number): Verdict[] => Array.from({ length: count }, () => verdict)
const opened = noted(closed, times('failure', failures))

test('failures in a row open it, and a success or time between them begins a new row', () => {
  expect(noted(closed, times('failure', failures - 1)).is).toBe('closed')
  expect(opened).toEqual({ is: 'open', untilMs: openMs })
  const broken = [...times('failure', failures - 1), 'success' as const, ...times('failure', failures - 1)]
  expect(noted(closed, broken).is).toBe('closed')
  const long = noted(closed, times('failure', failures - 1), 0)
  expect(note(long, 'failure', 60_000)).toMatchObject({ is: 'closed', failures: 1 })
})

test('what says nothing about the provider changes nothing', () => {
  const almost = noted(closed, times('failure', failures - 1))
  expect(note(almost, 'unknown', 0)).toBe(almost)
  expect(note(opened, 'success', 0)).toBe(opened)
})

test('while it is open nothing passes, and it tells how long that will be', () => {
  expect(admit(opened, 1_000)).toEqual({ passes: false, retryAfterMs: openMs - 1_000 })
})

test('then a few probes pass: all good closes it, one failure opens it again', () => {
  let state = opened
  for (let i = 0; i < probes; i++) {
    const admission = admit(state, openMs)
    expect(admission.passes).toBe(true)
    if (admission.passes) state = admission.state
  }
  expect(admit(state, openMs)).toMatchObject({ passes: false })
  expect(noted(state, times('success', probes), openMs)).toEqual(closed)
  expect(note(state, 'failure', openMs)).toEqual({ is: 'open', untilMs: 2 * openMs })
  expect(admit(note(state, 'unknown', openMs), openMs).passes).toBe(true)
})

test('a probe that never comes back keeps nobody out for ever', () => {
  let state = opened
  for (let i = 0; i < probes; i++) {
    const admission = admit(state, openMs)
    if (admission.passes) state = admission.state
  }
  expect(admit(state, 2 * openMs - 1).passes).toBe(false)
  expect(admit(state, 2 * openMs).passes).toBe(true)
})

test('whatever happens, it opens only after failures, and somebody passes at least every so often', () => {
  const step = fc.tuple(fc.constantFrom<Verdict>('success', 'failure', 'unknown'), fc.nat(20_000), fc.boolean())
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let state: BreakerState = closed
      let nowMs = 0
      let lastPassedMs = 0
      let failed = 0
      for (const [verdict, passedMs, comesBack] of steps) {
        nowMs += passedMs
        const admission = admit(state, nowMs)
        if (!admission.passes) {
          expect(failed).toBeGreaterThanOrEqual(failures)
          expect(admission.retryAfterMs).toBeGreaterThan(0)
          expect(nowMs - lastPassedMs).toBeLessThan(2 * openMs)
          continue
        }
        lastPassedMs = nowMs
        if (verdict === 'failure' && comesBack) failed++
        state = comesBack ? note(admission.state, verdict, nowMs) : admission.state
      }
    }),
  )
})
