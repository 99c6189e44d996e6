import type { Effect } from '@reeve/policy'
import { expect, test } from 'vitest'
import type { Approvals } from './approvals.ts'
import { executions } from './executions.ts'
import { heldTimers, keptFacts, said, started } from './testing.ts'

const signal = new AbortController().signal

function setUp(effectOf: (path: string) => Effect, approvals?: Approvals) {
  const recorder = keptFacts()
  const timers = heldTimers()
  const answers = Promise.withResolvers<'approved' | 'declined'>()
  const asked: string[] = []
  const decide = executions({
    decide: ({ path }) => said(effectOf(path)),
    concerns: (path) => path.endsWith('git'),
    held: ({ effect }) => effect,
    recorder,
    approvals: approvals ?? {
      ask: ({ text, denial }) => {
        asked.push(`${denial} ${text}`)
        return answers.promise
      },
    },
    timers,
    askTimeoutMs: 1000,
  })
  return { decide, recorder, timers, answers, asked }
}

test('allowed and denied starts are recorded with the family of the program', () => {
  const { decide, recorder } = setUp((path) => (path.endsWith('git') ? 'deny' : 'allow'))
  expect(decide(started('/bin/ls', 'ls'), signal)).toBe(true)
  expect(decide(started('/usr/bin/git', 'git', 'push'), signal)).toBe(false)
  expect(recorder.facts.map(({ decision, would, exec }) => [decision, would, exec?.path])).toEqual([
    ['allow', 'allow', '/bin/ls'],
    ['deny', 'deny', '/usr/bin/git'],
  ])
  expect(recorder.facts[1]?.process?.tree).toEqual(['claude', 'bash', 'git'])
})

test('the strictest of all names of a program holds', () => {
  const { decide } = setUp((path) => (path === '/bin/rm' ? 'deny' : 'allow'))
  const box = started('/bin/busybox', 'rm')
  expect(decide({ ...box, readings: [...box.readings, { ...box.execution, path: '/bin/rm' }] }, signal)).toBe(false)
})

test('F10: who is asked for waits, is let go on when approved, and denied when not', async () => {
  for (const [outcome, goesOn] of [
    ['approved', true],
    ['declined', false],
  ] as const) {
    // prettier-ignore
    const { decide, recorder, answers, asked } = setUp(() => 'ask')
    const waiting = decide(started('/usr/bin/kubectl', 'kubectl', 'delete', 'pod'), signal)
    expect(asked).toEqual(['dny_1 kubectl delete pod (in /w)'])
    answers.resolve(outcome)
    expect(await waiting).toBe(goesOn)
    expect(recorder.facts.map(({ kind, decision }) => `${kind} ${decision}`)).toEqual([
      'access deny',
      goesOn ? 'exec allow' : 'exec deny',
    ])
    expect(recorder.facts[1]?.facts).toEqual({ outcome })
  }
})

test('F10: no answer in time, nobody to ask and the end of the session are denials', async () => {
  const late = setUp(() => 'ask')
  const waiting = late.decide(started('/bin/x', 'x'), signal)
  late.timers.pass()
  expect(await waiting).toBe(false)
  const alone = setUp(() => 'ask', { ask: () => Promise.reject(new Error('no control plane')) })
  expect(await alone.decide(started('/bin/x', 'x'), signal)).toBe(false)
  const over = new AbortController()
  const ended = setUp(() => 'ask')
  const open = ended.decide(started('/bin/x', 'x'), over.signal)
  over.abort()
  expect(await open).toBe(false)
  expect(ended.recorder.facts.at(-1)?.facts).toEqual({ outcome: 'unanswered' })
})

test('the same command line twice at once is one question', async () => {
  const { decide, answers, asked } = setUp(() => 'ask')
  const both = [decide(started('/bin/x', 'x', '1'), signal), decide(started('/bin/x', 'x', '1'), signal)]
  const other = decide(started('/bin/x', 'x', '2'), signal)
  expect(asked).toHaveLength(2)
  answers.resolve('approved')
  expect(await Promise.all([...both, other])).toEqual([true, true, true])
})

test('a command line that was not read to its end is denied where a rule is about the program', () => {
  const { decide, recorder } = setUp(() => 'allow')
  expect(decide({ ...started('/usr/bin/git', 'git'), shortened: true }, signal)).toBe(false)
  expect(decide({ ...started('/usr/bin/ld', 'ld'), shortened: true }, signal)).toBe(true)
  expect(recorder.facts[0]?.reason).toBe('too-large')
})

test('a name that is not text runs nothing, and names that are not there leave no line', () => {
  const { decide, recorder } = setUp(() => 'allow')
  expect(decide(started('/w/gi\uFFFD', 'git'), signal)).toBe(false)
  expect(decide({ ...started('/usr/local/bin/ls', 'ls'), missing: true }, signal)).toBe(true)
  expect(recorder.facts).toHaveLength(1)
})

test('a program from a folder that the sandbox may write says so', () => {
  const { decide, recorder } = setUp(() => 'allow')
  decide({ ...started('/w/tool', './tool'), writable: true }, signal)
  expect(recorder.facts[0]?.facts).toEqual({ writable: true })
})
