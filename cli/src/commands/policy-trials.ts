import { reasonText, type CheckedRule, endpoints, type ReplayChange } from '@reeve/sdk'
import type { Context } from '../context.ts'
import { type Answer, type Column, table } from '../output/answer.ts'
import { instantColumn } from '../output/fields.ts'
import { readText } from './policy-file.ts'

/** What a policy would decide, and would have decided. */

interface SimulateInput {
  readonly act: string
  readonly file: string | undefined
  readonly exe: string | undefined
  readonly user: string | undefined
  readonly organization: string | undefined
  readonly template: string | undefined
}

/** Exit code of a denial by policy. */
const denied = 6

const checkedColumns: readonly Column<CheckedRule>[] = [
  { name: 'rule', value: (row) => row.rule, priority: 0 },
  { name: 'policy', value: (row) => row.policy, priority: 1 },
  { name: 'says', value: (row) => row.summary, priority: 0, elastic: true },
  { name: 'differs', value: (row) => row.differs, priority: 0 },
]

export async function simulate(context: Context, input: SimulateInput): Promise<Answer> {
  const { act, file, exe, user, organization, template } = input
  const isRequest = /^\S+\s+\w+:\/\//.test(act)
  const client = await context.client()
  const found = await client.call(endpoints.simulateBoundaryPolicy, {
    body: {
      ...(isRequest ? { request: act } : { command: act }),
      ...(file === undefined ? {} : { document: await readText(context, file) }),
      ...(exe === undefined ? {} : { exe }),
      ...(user === undefined ? {} : { user }),
      ...(organization === undefined ? {} : { organization }),
      ...(template === undefined ? {} : { template }),
    },
    signal: context.io.signal,
  })
  context.note(`${found.decision}, by ${found.rule} (${found.policy}): ${reasonText(found.reason)}`)
  const shown = table(found.checked, checkedColumns, (row) => row.rule, 'there was no rule to look at')
  return { ...shown, document: () => found, exitCode: found.decision === 'deny' ? denied : 0 }
}

const changeColumns: readonly Column<ReplayChange>[] = [
  { name: 'was', value: (row) => row.was, priority: 0 },
  { name: 'becomes', value: (row) => row.becomes, priority: 0, tone: (row) => (row.becomes === 'deny' ? 'red' : null) },
  { name: 'what', value: (row) => row.what, priority: 0, elastic: true },
  { name: 'rule', value: (row) => row.rule, priority: 1 },
  { name: 'count', value: (row) => row.count, priority: 0 },
  { name: 'people', value: (row) => row.people, priority: 2 },
  instantColumn('last', (row) => row.last, 2),
]

export async function replay(
  context: Context,
  input: { readonly file: string; readonly days: number | undefined },
): Promise<Answer> {
  const document = await readText(context, input.file)
  const client = await context.client()
  const found = await client.call(endpoints.replayBoundaryPolicy, {
    body: { document, days: input.days ?? 7 },
    signal: context.io.signal,
  })
  const whole = found.complete ? '' : '; there were more than could be looked at'
  context.note(`${found.decisions} decisions since ${found.since}, ${found.changed} would change${whole}`)
  return table(found.changes, changeColumns, (row) => row.what, 'nothing would change')
}
