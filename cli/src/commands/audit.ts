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
  { name: 'ip', value: (row) => row.ip, priority: 4 },
  { name: 'api_key', value: (row) => row.api_key_id, priority: 6 },
  { name: 'user_agent', value: (row) => row.user_agent, priority: 7 },
  { name: 'request', value: (row) => row.request_id, priority: 7 },
  { name: 'resource_id', value: (row) => row.resource_id, priority: 6 },
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
