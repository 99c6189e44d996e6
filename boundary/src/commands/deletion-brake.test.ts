import { expect, test } from 'vitest'
import { deletionBrake } from './deletion-brake.ts'
import { heldTimers, keptFacts } from './testing.ts'

const signal = new AbortController().signal

function setUp(effect: 'ask' | 'deny', observes = false) {
  const recorder = keptFacts()
  const timers = heldTimers()
  const answer = Promise.withResolvers<'approved' | 'declined'>()
  const reined: string[] = []
  let now = 0
  const decide = deletionBrake({
    limit: () => ({ count: 3, seconds: 10, effect }),
    observes: () => observes,
    recorder,
    approvals: { ask: () => answer.promise },
    timers,
    monotonicMs: () => now,
    reins: {
      stop: (pid) => reined.push(`stop ${pid}`),
      resume: (pid) => reined.push(`resume ${pid}`),
      kill: (pid) => reined.push(`kill ${pid}`),
    },
    askTimeoutMs: 1000,
  })
  const remove = (pid = 9) => decide({ pid, path: '/w/a', process: { pid, exe: '/bin/rm', argv: [], tree: ['rm'] } }, signal) // prettier-ignore
  return { remove, recorder, timers, answer, reined, wait: (ms: number) => (now += ms) }
}

test('F08: too many deletions stop the program until somebody decides, and it goes on', async () => {
  const { remove, answer, reined, recorder } = setUp('ask')
  expect([remove(), remove(), remove()]).toEqual([true, true, true])
  const held = [remove(), remove(10)]
  expect(reined).toEqual(['stop 9'])
  answer.resolve('approved')
  expect(await Promise.all(held)).toEqual([true, true])
  expect(reined).toEqual(['stop 9', 'resume 9'])
  expect(recorder.facts.map(({ decision, facts }) => [decision, facts?.['state']])).toEqual([
    ['deny', 'held'],
    ['allow', 'resumed'],
  ])
  // The count begins anew.
  expect([remove(), remove(), remove()]).toEqual([true, true, true])
})

test('F08: declined or unanswered, the program is ended and others are refused for the while', async () => {
  const { remove, timers, reined, wait } = setUp('ask')
  for (let i = 0; i < 3; i++) remove()
  const held = remove()
  timers.pass()
  expect(await held).toBe(false)
  expect(reined).toEqual(['stop 9', 'kill 9'])
  expect(remove(11)).toBe(false)
  wait(10_000)
  expect(remove(11)).toBe(true)
})

test('a limit that denies asks nobody', () => {
  const { remove, reined, recorder } = setUp('deny')
  expect([remove(), remove(), remove(), remove(), remove()]).toEqual([true, true, true, false, false])
  expect(reined).toEqual([])
  expect(recorder.facts[0]).toMatchObject({ kind: 'file', decision: 'deny', reason: 'bulk-delete' })
})

test('deletions over a longer time are no bulk', () => {
  const { remove, wait } = setUp('deny')
  for (let i = 0; i < 20; i++) {
    expect(remove()).toBe(true)
    wait(4000)
  }
})

test('a policy that observes tells and stops nobody', () => {
  const { remove, recorder } = setUp('ask', true)
  expect([remove(), remove(), remove(), remove()]).toEqual([true, true, true, true])
  expect(recorder.facts).toMatchObject([{ decision: 'allow', would: 'ask' }])
})
