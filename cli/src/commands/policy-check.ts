import { Fault } from '@reeve/base'
import { lintPolicy, parsePolicy, type PolicyProblem, problemsAtRules, runTests, startPolicy } from '@reeve/policy'
import type { Context } from '../context.ts'
import { type Answer, type Column, raw, table, type Tone } from '../output/answer.ts'
import { readText } from './policy-file.ts'

/** What was found in a text: something wrong with it, or a test of its own that came out otherwise. */
interface Finding {
  readonly level: 'error' | 'warning' | 'failed' | 'passed'
  readonly line: number | null
  readonly column: number | null
  readonly path: string
  readonly message: string
  readonly fix: string | null
}

const tones: Readonly<Record<Finding['level'], Tone>> = {
  error: 'red',
  warning: 'yellow',
  failed: 'red',
  passed: 'green',
}

const columns: readonly Column<Finding>[] = [
  { name: 'level', value: (row) => row.level, priority: 0, tone: (row) => tones[row.level] },
  { name: 'line', value: (row) => row.line, priority: 0 },
  { name: 'message', value: (row) => row.message, priority: 0, elastic: true },
  { name: 'fix', value: (row) => row.fix, priority: 1, elastic: true },
  { name: 'path', value: (row) => row.path, priority: 2 },
  { name: 'column', value: (row) => row.column, priority: 4 },
]

/** By the same functions as where it is published and enforced; no server is asked. */
export async function checkPolicy(context: Context, input: { readonly file: string }): Promise<Answer> {
  const now = context.io.clock.now()
  const text = await readText(context, input.file)
  const { policy, problems } = parsePolicy(text)
  const told = policy === null ? problems : [...problems, ...problemsAtRules(text, lintPolicy(policy, now))]
  const tests = policy === null ? [] : runTests(policy, now).map(outcome)
  const findings = [...told.map(finding), ...tests]
  const isWhole = policy !== null && findings.every(({ level }) => level === 'warning' || level === 'passed')
  const shown = table(findings, columns, (row) => row.path, 'nothing is wrong with it, and it has no tests')
  return { ...shown, exitCode: isWhole ? 0 : 1 }
}

const finding = ({ level, line, column, path, message, fix }: PolicyProblem): Finding => ({
  level,
  line,
  column,
  path,
  message,
  fix,
})

function outcome({ test, decision, passed }: ReturnType<typeof runTests>[number], at: number): Finding {
  const what = 'request' in test ? test.request : test.command
  const got = `${decision.effect} by ${decision.rule}`
  const expected = test.rule === null ? test.expect : `${test.expect} by ${test.rule}`
  return {
    level: passed ? 'passed' : 'failed',
    line: null,
    column: null,
    path: `tests[${at}]`,
    message: passed ? `${what}: ${got}` : `${what}: expected ${expected}, got ${got}`,
    fix: null,
  }
}

export async function importPolicy(
  context: Context,
  input: { readonly file: string; readonly name: string | undefined },
): Promise<Answer> {
  const { text, problems } = startPolicy(input.name ?? 'imported', await readText(context, input.file))
  for (const { level, path, message, fix } of problems)
    context.note(`${level}: ${path}: ${message}${fix === null ? '' : `; ${fix}`}`)
  if (parsePolicy(text).policy === null) throw new Fault('invalid', 'nothing of the list can be a rule')
  return raw([text])
}
