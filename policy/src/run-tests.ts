import { decideExecution } from './commands.ts'
import { splitCommand } from './command-pattern.ts'
import { type CompiledPolicy, compilePolicy } from './compile.ts'
import { decideConnection, decideRequest } from './decide.ts'
import type { Decision } from './decision.ts'
import type { PolicyDocument, PolicyTest } from './document.ts'
import { testRequest } from './parse-tests.ts'

export interface TestOutcome {
  readonly test: PolicyTest
  readonly decision: Decision
  readonly passed: boolean
}

/** The document's own tests, on the document by itself. A policy is published when all of them hold, and not before. */
export function runTests(document: PolicyDocument, now: Date): readonly TestOutcome[] {
  const policy = compilePolicy([{ label: document.name, document }])
  return document.tests.map((test) => {
    const decision = decide(policy, test, now)
    const ruled = test.rule === null || test.rule === decision.rule
    return { test, decision, passed: decision.effect === test.expect && ruled }
  })
}

function decide(policy: CompiledPolicy, test: PolicyTest, now: Date): Decision {
  if ('command' in test) {
    const argv = splitCommand(test.command) ?? []
    return decideExecution(policy, { path: argv[0] ?? '', argv, cwd: '/', exes: test.exe })
  }
  const asked = testRequest(test.request, test.exe)
  if (asked !== null && 'web' in asked) return decideRequest(policy, asked.web, now)
  if (asked !== null && 'tcp' in asked) {
    const connection = decideConnection(policy, asked.tcp, now)
    return connection.carry === 'tcp' ? connection : unread('no-matching-rule')
  }
  return unread('not-canonical')
}

const unread = (reason: Decision['reason']): Decision => ({
  effect: 'deny',
  rule: 'default',
  policy: 'none',
  reason,
  hint: null,
})
