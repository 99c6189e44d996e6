import type { Decision, Effect } from '@reeve/policy'
import type { Fact } from '../audit/event.ts'
import type { Recorder } from '../audit/recorder.ts'
import type { Timers } from '../timers.ts'
import type { Start } from './executions.ts'

/** A recorder that keeps what it was told. */
export function keptFacts(): Recorder & { readonly facts: readonly Fact[] } {
  const facts: Fact[] = []
  return {
    facts,
    record(fact) {
      facts.push(fact)
      return { seq: facts.length - 1, denial: fact.decision === 'deny' ? `dny_${facts.length}` : null }
    },
    flush: () => Promise.resolve(),
    kept: () => Promise.resolve(),
  }
}

/** Timers whose time comes when the test says so. */
export function heldTimers(): Timers & { readonly pass: () => void } {
  const work = new Set<() => void>()
  return {
    after(_ms, one) {
      work.add(one)
      return () => void work.delete(one)
    },
    pass: () => work.forEach((one) => one()),
  }
}

export const said = (effect: Effect, rule = 'rule-1'): Decision => ({
  effect,
  rule,
  policy: 'p@v1',
  reason: 'rule',
  hint: null,
})

export function started(path: string, ...argv: string[]): Start {
  const execution = { path, argv, cwd: '/w', exes: ['/bin/bash', '/usr/bin/claude'] }
  return { pid: 7, execution, readings: [execution], shortened: false, missing: false, writable: false }
}
