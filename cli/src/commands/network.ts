import { setTimeout as delay } from 'node:timers/promises'
import { Fault } from '@reeve/base'
import {
  actDetail,
  actTarget,
  actVerb,
  type BoundaryDestination,
  type BoundaryEvent,
  type BoundaryRuleHits,
  endpoints,
} from '@reeve/sdk'
import type { Context } from '../context.ts'
import { type Answer, type Column, table, type Tone } from '../output/answer.ts'
import { idColumn, instantColumn } from '../output/fields.ts'
import { verdictOf } from '../output/decisions.ts'
import { type FilterInput, filterQuery } from './filter.ts'
import { paged, type PagingInput } from './paging.ts'

const toneOf = (event: BoundaryEvent): Tone =>
  (({ allowed: null, denied: 'red', observed: 'yellow' }) as const)[verdictOf(event)]

const columns: readonly Column<BoundaryEvent>[] = [
  instantColumn('time', (row) => row.time, 0),
  { name: 'verdict', value: verdictOf, priority: 0, tone: toneOf },
  { name: 'what', value: actVerb, priority: 0 },
  { name: 'target', value: actTarget, priority: 0, elastic: true },
  { name: 'detail', value: actDetail, priority: 1, elastic: true },
  { name: 'rule', value: (row) => row.rule, priority: 1 },
  { name: 'process', value: (row) => row.process?.tree.at(-1) ?? null, priority: 2 },
  { name: 'who', value: (row) => row.owner.username, priority: 3 },
  { name: 'workspace', value: (row) => row.workspace?.name ?? null, priority: 3 },
  { name: 'task', value: (row) => row.workspace?.task_name ?? null, priority: 4 },
  { name: 'template', value: (row) => row.workspace?.template_name ?? null, priority: 6 },
  { name: 'denial', value: (row) => row.denial, priority: 2 },
  { name: 'reason', value: (row) => row.reason, priority: 4 },
  {
    name: 'policy',
    value: (row) => (row.policy === null ? null : `${row.policy.name}@v${row.policy.version}`),
    priority: 4,
  },
  { name: 'pid', value: (row) => row.process?.pid ?? null, priority: 6 },
  { name: 'exe', value: (row) => row.process?.exe ?? null, priority: 6 },
  { name: 'protocol', value: (row) => row.net?.protocol ?? null, priority: 6 },
  { name: 'status', value: (row) => row.net?.status ?? null, priority: 6 },
  { name: 'bytes_up', value: (row) => row.net?.bytes_up ?? null, priority: 6 },
  { name: 'bytes_down', value: (row) => row.net?.bytes_down ?? null, priority: 6 },
  { name: 'tier', value: (row) => row.tier, priority: 6 },
  { name: 'session', value: (row) => row.session_id, priority: 6 },
  { name: 'seq', value: (row) => row.seq, priority: 7 },
  { ...idColumn<BoundaryEvent>(), priority: 7 },
]

const bounds = { since: 'started_after', until: 'started_before' }

/** Where the boundaries ran whose decisions are meant. */
interface PlaceInput {
  readonly workspace: string | undefined
  readonly task: string | undefined
}

type EventsInput = FilterInput & PlaceInput & PagingInput & { readonly follow: boolean }

function placed<I extends FilterInput & PlaceInput>(input: I): I {
  const term = (key: string, value: string | undefined) =>
    value === undefined ? [] : [`${key}:"${value.replaceAll('"', '')}"`]
  const terms = [...term('workspace', input.workspace), ...term('task', input.task)]
  return terms.length === 0 ? input : { ...input, filter: [input.filter ?? '', ...terms].join(' ').trim() }
}

export async function listEvents(context: Context, input: EventsInput): Promise<Answer> {
  const client = await context.client()
  const filter = filterQuery(context, placed(input), bounds)
  if (input.follow) return { ...table(follow(context, filter), columns, (row) => row.id, ''), endless: true }
  const rows = paged<BoundaryEvent>(context, input, async (limit, last) => {
    const query = { ...filter, limit, ...(last === undefined ? {} : { after_id: last.id }) }
    const page = await client.call(endpoints.listBoundaryEvents, { query, signal: context.io.signal })
    return { rows: page.events, count: page.count }
  })
  return table(rows, columns, (row) => row.id, 'no decisions found')
}

const lookMs = 1_000
const pageMax = 100
const begun = 10
/** So many are remembered as shown: far more than come late. */
const shownMax = 20_000

/** The latest decisions, and then each as it comes, until somebody stops it. */
async function* follow(context: Context, filter: { q?: string }): AsyncGenerator<BoundaryEvent> {
  const client = await context.client()
  const { signal } = context.io
  const read = async (after?: string) => {
    const query = { ...filter, limit: pageMax, ...(after === undefined ? {} : { after_id: after }) }
    return (await client.call(endpoints.listBoundaryEvents, { query, signal })).events
  }
  // What is wrong from the beginning is an error, what goes wrong later is tried again.
  const first = await read()
  yield* first.slice(0, begun).toReversed()
  // Boundaries deliver late what they decided while nobody answered: what was shown is remembered, not until when.
  const shown = new Set(first.toReversed().map(({ id }) => id))
  for (;;) {
    await delay(lookMs, undefined, { signal })
    try {
      const fresh: BoundaryEvent[] = []
      for (let page = await read(); ; page = await read(page.at(-1)?.id)) {
        const unseen = page.filter(({ id }) => !shown.has(id))
        fresh.push(...unseen)
        if (unseen.length < pageMax) break
      }
      for (const { id } of fresh.toReversed()) shown.add(id)
      for (const id of shown) {
        if (shown.size <= shownMax) break
        shown.delete(id)
      }
      yield* fresh.toReversed()
    } catch (thrown) {
      if (!(thrown instanceof Fault) || !['unavailable', 'timeout', 'upstream'].includes(thrown.code)) throw thrown
      context.note(`${thrown.message}; trying again`)
    }
  }
}

type SumInput = FilterInput & PlaceInput & { readonly limit: number | undefined }

const destinationColumns: readonly Column<BoundaryDestination>[] = [
  { name: 'host', value: (row) => row.host, priority: 0, elastic: true },
  { name: 'denied', value: (row) => row.denied, priority: 0, tone: (row) => (row.denied > 0 ? 'red' : null) },
  { name: 'allowed', value: (row) => row.allowed, priority: 0 },
  { name: 'observed', value: (row) => row.observed, priority: 2 },
  { name: 'people', value: (row) => row.people, priority: 1 },
  { name: 'new', value: (row) => row.is_new, priority: 2 },
  instantColumn('last_seen', (row) => row.last_seen, 1),
  instantColumn('first_seen', (row) => row.first_seen, 3),
  { name: 'bytes_up', value: (row) => row.bytes_up, priority: 4 },
  { name: 'bytes_down', value: (row) => row.bytes_down, priority: 4 },
]

export async function listDestinations(context: Context, input: SumInput): Promise<Answer> {
  const client = await context.client()
  const query = { ...filterQuery(context, placed(input), bounds), limit: input.limit ?? pageMax }
  const { destinations, count } = await client.call(endpoints.listBoundaryDestinations, {
    query,
    signal: context.io.signal,
  })
  if (count > destinations.length) context.note(`${destinations.length} of ${count}: --limit or --filter shows others`)
  return table(destinations, destinationColumns, (row) => row.host, 'no decisions found')
}

const ruleColumns: readonly Column<BoundaryRuleHits>[] = [
  { name: 'rule', value: (row) => row.rule, priority: 0, elastic: true },
  { name: 'policy', value: (row) => row.policy, priority: 0 },
  { name: 'says', value: (row) => row.effect, priority: 1 },
  { name: 'hits', value: (row) => row.hits, priority: 0, tone: (row) => (row.hits === 0 ? 'yellow' : null) },
  { name: 'denied', value: (row) => row.denied, priority: 1 },
  instantColumn('last_hit', (row) => row.last_hit, 1),
  { name: 'version', value: (row) => row.version, priority: 4 },
]

export async function listRules(context: Context, input: SumInput): Promise<Answer> {
  const client = await context.client()
  const query = { ...filterQuery(context, placed(input), bounds), limit: input.limit ?? pageMax }
  const { rules, count } = await client.call(endpoints.listBoundaryRules, { query, signal: context.io.signal })
  if (count > rules.length) context.note(`${rules.length} of ${count}: --limit or --filter shows others`)
  return table(rules, ruleColumns, (row) => `${row.policy}/${row.rule}`, 'no rules')
}
