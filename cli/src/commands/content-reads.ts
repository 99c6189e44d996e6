import { type ContentRead, endpoints } from '@reeve/sdk'
import type { Context } from '../context.ts'
import { type Answer, type Column, table } from '../output/answer.ts'
import { idColumn, instantColumn } from '../output/fields.ts'
import { paged, type PagingInput } from './paging.ts'

const columns: readonly Column<ContentRead>[] = [
  instantColumn('last', (row) => row.last_at, 0),
  { name: 'reader', value: (row) => row.reader.username, priority: 0 },
  { name: 'role', value: (row) => row.reader_roles.join(' '), priority: 1 },
  { name: 'how', value: (row) => row.how, priority: 0 },
  { name: 'times', value: (row) => row.times, priority: 2 },
  { name: 'reason', value: (row) => row.reason, priority: 1, elastic: true },
  { name: 'session', value: (row) => row.session_id, priority: 3 },
  { name: 'owner', value: (row) => row.owner.username, priority: 4 },
  instantColumn('first', (row) => row.first_at, 5),
  { name: 'request', value: (row) => row.interception_id, priority: 6 },
  { name: 'api_request', value: (row) => row.request_id, priority: 7 },
  { ...idColumn<ContentRead>(), priority: 6 },
]

export async function listContentReads(
  context: Context,
  input: PagingInput & { readonly user: string | undefined },
): Promise<Answer> {
  const client = await context.client()
  const params = { user: input.user ?? 'me' }
  const rows = paged<ContentRead>(context, input, async (limit, last) => {
    const query = { limit, ...(last === undefined ? {} : { after_id: last.id }) }
    const page = await client.call(endpoints.listContentReads, { params, query, signal: context.io.signal })
    return { rows: page.content_reads, count: page.count }
  })
  return table(rows, columns, (row) => row.id, 'nobody has read these words')
}
