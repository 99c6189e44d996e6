import { Fault, parseDuration } from '@reeve/base'
import { DataClass, endpoints, type RetentionPlan, type RetentionPolicy, type RetentionPortion } from '@reeve/sdk'
import type { Context } from '../context.ts'
import { type Answer, type Column, one, table } from '../output/answer.ts'
import { instantColumn } from '../output/fields.ts'

const dayMs = 86_400_000

/** A policy and where it is: an organization, or the deployment. */
interface PolicyRow extends RetentionPolicy {
  readonly of: string
}

export const inWords = (days: number): string => (days === 0 ? 'for ever' : `${days}d`)

const columns: readonly Column<PolicyRow>[] = [
  { name: 'of', value: (row) => row.of, priority: 0 },
  { name: 'class', value: (row) => row.data_class, priority: 0 },
  { name: 'keeps', value: (row) => inWords(row.keep_days), priority: 0 },
  { name: 'own', value: (row) => !row.inherited, priority: 1 },
  { name: 'next', value: (row) => (row.next === null ? null : inWords(row.next.keep_days)), priority: 0 },
  instantColumn('next_at', (row) => row.next?.effective_at ?? null, 0),
  instantColumn('set', (row) => row.set_at, 2),
  { name: 'by', value: (row) => row.set_by?.username ?? null, priority: 2 },
  { name: 'version', value: (row) => row.version, priority: 6 },
]

export async function showPolicies(context: Context): Promise<Answer> {
  const client = await context.client()
  const { deployment, organizations } = await client.call(endpoints.listRetentionPolicies, {
    signal: context.io.signal,
  })
  const rows: PolicyRow[] = [
    ...deployment.map((policy) => ({ of: 'the deployment', ...policy })),
    ...organizations.flatMap(({ organization, policies }) =>
      policies.map((policy) => ({ of: organization.name, ...policy })),
    ),
  ]
  return table(rows, columns, (row) => `${row.of} ${row.data_class}`, 'nothing is decided yet')
}

interface SetInput {
  readonly class: string
  readonly keep: string
  readonly organization: string | undefined
  readonly reason: string | undefined
}

export async function setPolicy(context: Context, input: SetInput): Promise<Answer> {
  const change = changeOf({ ...input, class: readClass(input.class) })
  const client = await context.client()
  const { signal } = context.io
  const before = await client.call(endpoints.planRetention, { body: {}, signal })
  const after = await client.call(endpoints.planRetention, { body: { changes: [change] }, signal })
  const more = requestsIn(after) - requestsIn(before)
  if (more > 0) await context.confirm(`Set it, so that ${more} more of what is kept now goes when it is in force?`)
  const { data_class, ...body } = change
  const reason = input.reason === undefined ? {} : { reason: input.reason }
  const policy = await client.call(endpoints.setRetentionPolicy, {
    params: { class: data_class },
    body: { ...body, ...reason },
    signal,
  })
  if (policy.next !== null) context.note(`in force from ${policy.next.effective_at} on; until then set another one`)
  return one({ of: change.organization, ...policy }, columns, (row) => `${row.of} ${row.data_class}`)
}

const requestsIn = ({ portions }: RetentionPlan): number => portions.reduce((sum, { removed }) => sum + removed, 0)

const portionColumns: readonly Column<RetentionPortion>[] = [
  { name: 'class', value: (row) => row.data_class, priority: 0 },
  { name: 'what', value: (row) => row.unit, priority: 0 },
  { name: 'organization', value: (row) => row.organization?.name ?? null, priority: 0 },
  { name: 'day', value: (row) => row.day, priority: 0 },
  { name: 'goes', value: (row) => row.removed, priority: 0 },
  { name: 'held', value: (row) => row.held, priority: 0 },
]

interface PlanInput {
  readonly class: DataClass | undefined
  readonly keep: string | undefined
  readonly organization: string | undefined
}

export async function planRetention(context: Context, input: PlanInput): Promise<Answer> {
  const { class: dataClass, keep, organization } = input
  const changes = dataClass === undefined ? [] : [changeOf({ class: dataClass, keep, organization })]
  if (dataClass === undefined && (keep !== undefined || organization !== undefined)) {
    throw new Fault('invalid', '--class is missing', { fix: 'say of which class, as in --class content' })
  }
  const client = await context.client()
  const plan = await client.call(endpoints.planRetention, { body: { changes }, signal: context.io.signal })
  for (const { id, keeps, reason } of plan.holds) context.note(`the hold ${id} keeps ${keeps} requests: ${reason}`)
  return {
    ...table(plan.portions, portionColumns, idOf, 'nothing would go'),
    document: () => plan,
  }
}

const idOf = (row: Omit<RetentionPortion, 'held'>): string =>
  [row.data_class, row.unit, row.organization?.name ?? '-', row.day ?? '-'].join(' ')

export async function runRetention(context: Context): Promise<Answer> {
  const client = await context.client()
  await context.confirm('Remove now what is over? reeve retention plan says what.')
  const { removed, postponed } = await client.call(endpoints.runRetention, { signal: context.io.signal })
  for (const day of postponed) context.note(`${day} was in use, and is tried again`)
  const gone = portionColumns.filter(({ name }) => name !== 'held')
  const rows = removed.map((row) => ({ ...row, held: 0 }))
  return { ...table(rows, gone, idOf, 'nothing was over'), document: () => ({ removed, postponed }) }
}

interface ChangeInput {
  readonly class: DataClass
  readonly keep: string | undefined
  readonly organization: string | undefined
}

function changeOf({ class: data_class, keep, organization }: ChangeInput) {
  if (organization === undefined) {
    throw new Fault('invalid', '--organization is missing', { fix: 'say of which one: reeve organizations list' })
  }
  if (keep === undefined) throw new Fault('invalid', '--keep is missing', { fix: 'say how long, as in --keep 30d' })
  return { data_class, organization, keep_days: readDays(keep) }
}

/** Null is what the deployment says. */
function readDays(text: string): number | null {
  if (text === 'default') return null
  const ms = parseDuration(text)
  if (ms !== null && ms % dayMs === 0) return ms / dayMs
  throw new Fault('invalid', `${text} is no number of days`, { fix: 'write 190d, 0 for ever, or default' })
}

function readClass(text: string): DataClass {
  const found = DataClass.safeParse(text)
  if (found.success) return found.data
  throw new Fault('invalid', `there is no class ${text}`, { fix: `write one of ${DataClass.options.join(', ')}` })
}
