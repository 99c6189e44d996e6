import { systemClock } from '@reeve/base'
import {
  lintPolicy,
  parsePolicy,
  type PolicyDocument,
  type PolicyProblem,
  problemsAtRules,
  ruleLines,
  runTests,
} from '@reeve/policy'
import { useDeferredValue, useMemo } from 'react'
import type { Lines } from './text-pane.tsx'

export interface TestOutcome {
  readonly name: string
  readonly expected: string
  readonly got: string
  readonly passed: boolean
}

/** What a text comes to: the same functions as where it is published and where it is enforced. */
export interface Checked {
  /** Null where it cannot be read. */
  readonly policy: PolicyDocument | null
  readonly problems: readonly PolicyProblem[]
  readonly tests: readonly TestOutcome[]
  /** Where each rule of the network stands. */
  readonly lines: readonly Lines[]
  readonly publishable: boolean
}

export function useChecked(text: string): Checked {
  const settled = useDeferredValue(text)
  return useMemo(() => checked(settled), [settled])
}

function checked(text: string): Checked {
  const { policy, problems: read } = parsePolicy(text)
  const linted = policy === null ? [] : lintPolicy(policy, systemClock.now())
  const problems = [...read, ...problemsAtRules(text, linted)]
  const tests = policy === null ? [] : runTests(policy, systemClock.now()).map(outcome)
  const publishable =
    policy !== null && problems.every(({ level }) => level !== 'error') && tests.every(({ passed }) => passed)
  return { policy, problems, tests, lines: ruleLines(text), publishable }
}

const outcome = ({ test, decision, passed }: ReturnType<typeof runTests>[number]): TestOutcome => ({
  name: 'request' in test ? test.request : test.command,
  expected: test.rule === null ? test.expect : `${test.expect} by ${test.rule}`,
  got: `${decision.effect} by ${decision.rule}`,
  passed,
})
