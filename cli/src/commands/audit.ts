import { setTimeout as delay } from 'node:timers/promises'
import { Fault } from '@reeve/base'
import { type AuditEvent, endpoints } from '@reeve/sdk'
import type { Context } from '../context.ts'
import { type Answer, type Column, table } from '../output/answer.ts'
import { idColumn, instantColumn, toneOf } from '../output/fields.ts'
import { type FilterInput, filterQuery } from './filter.ts'
import { paged, type PagingInput } from './paging.ts'

const columns: readonly Column<AuditEvent>[] = [
  instantColumn('time', (row) => row.time, 0),
  { name: 'who', value: (row) => row.actor?.username ?? null, priority: 0 },
  { name: 'action', value: (row) => row.action, priority: 0 },
  { name: 'resource', value: (row) => row.resource_type, priority: 1 },
  { name: 'target', value: (row) => row.resource_target, priority: 1, elastic: true },
  { name: 'outcome', value: (row) => row.outcome, priority: 2, tone: (row) => toneOf(row.outcome) },
  { name: 'changed', value: (row) => Object.keys(row.diff).join(' '), priority: 3, elastic: true },
  { name: 'reason', value: (row) => row.reason, priority: 4, elastic: true },
  { name: 'source', value: (row) => row.source, priority: 4 },
  { name: 'ip', value: (row) => row.ip, priority: 4 },
  { name: 'api_key', value: (row) => row.api_key_id, priority: 6 },
  { name: 'user_agent', value: (row) => row.user_agent, priority: 7 },
  { name: 'request', value: (row) => row.request_id, priority: 7 },
  { name: 'resource_id', value: (row) => row.resource_id, priority: 6 },
  { name: 'seq', value: (row) => row.seq, priority: 7 },
  { ...idColumn<AuditEvent>(), priority: 6 },
]

export async function listAudit(context: Context, input: FilterInput & PagingInput): Promise<Answer> {
  const client = await context.client()
  const filter = filterQuery(context, input, { since: 'date_from', until: 'date_to' })
  const rows = paged<AuditEvent>(context, input, async (limit, last) => {
    const query = { ...filter, limit, ...(last === undefined ? {} : { after_id: last.id }) }
    const page = await client.call(endpoints.listAuditEvents, { query, signal: context.io.signal })
    return { rows: page.audit_logs, count: page.count }
  })
  return table(rows, columns, (row) => row.id, 'no audit events found')
}

const lookMs = 1_000
const pageMax = 100

/** The latest events, and then each as it comes, until somebody stops it. */
export async function tailAudit(
  context: Context,
  input: { readonly filter: string | undefined; readonly lines: number | undefined },
): Promise<Answer> {
  const client = await context.client()
  const { signal } = context.io
  const read = async (after?: string) => {
    const query = {
      limit: pageMax,
      ...(input.filter === undefined ? {} : { q: input.filter }),
      ...(after === undefined ? {} : { after_id: after }),
    }
    return (await client.call(endpoints.listAuditEvents, { query, signal })).audit_logs
  }
  async function* rows(): AsyncGenerator<AuditEvent> {
    // What is wrong from the beginning is an error, what goes wrong later is tried again.
    const first = await read()
    const lines = input.lines ?? 10
    const begin = lines === 0 ? [] : first.slice(0, lines).toReversed()
    yield* begin
    let newest = first[0]?.id ?? ''
    for (;;) {
      await delay(lookMs, undefined, { signal })
      try {
        const fresh: AuditEvent[] = []
        for (let page = await read(); ; page = await read(page.at(-1)?.id)) {
          const later = page.filter(({ id }) => id > newest)
          fresh.push(...later)
          if (later.length < pageMax) break
        }
        newest = fresh[0]?.id ?? newest
        yield* fresh.toReversed()
      } catch (thrown) {
        if (!(thrown instanceof Fault) || !['unavailable', 'timeout', 'upstream'].includes(thrown.code)) throw thrown
        context.note(`${thrown.message}; trying again`)
      }
    }
  }
  return { ...table(rows(), columns, (row) => row.id, ''), endless: true }
}
