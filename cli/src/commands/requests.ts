import { resolve } from 'node:path'
import { Fault } from '@reeve/base'
import { type Client, endpoints, type Interception } from '@reeve/sdk'
import type { Context } from '../context.ts'
import { type Answer, type Column, one, raw, table } from '../output/answer.ts'
import { instantColumn, shortIdColumn, toneOf, whoColumn } from '../output/fields.ts'
import { requestHeader, absent } from '../output/timeline.ts'
import { type FilterInput, filterQuery } from './filter.ts'
import { paged, type PagingInput } from './paging.ts'
import { reasonQuery, type ReasonInput } from './reason.ts'
import { resolveId } from './resolve-id.ts'
import { chunks, saveTo } from './save-download.ts'
import { timelineAnswer } from './sessions.ts'

const columns: readonly Column<Interception>[] = [
  shortIdColumn<Interception>(),
  instantColumn('started', (row) => row.started_at, 2),
  whoColumn<Interception>(),
  { name: 'client', value: (row) => row.client, priority: 4 },
  { name: 'model', value: (row) => row.model, priority: 3 },
  { name: 'outcome', value: (row) => row.outcome, priority: 0, tone: (row) => toneOf(row.outcome) },
  { name: 'status', value: (row) => row.status_code, priority: 3 },
  {
    name: 'ms',
    value: (row) => rounded(row.duration_ms),
    show: (row) => row.duration_ms?.toFixed(0) ?? '',
    priority: 3,
  },
  { name: 'input', value: (row) => row.token_usage.input_tokens, priority: 4 },
  { name: 'output', value: (row) => row.token_usage.output_tokens, priority: 4 },
  { name: 'tools', value: (row) => row.tool_calls, priority: 5 },
  {
    name: 'prompt',
    value: (row) => row.prompt,
    show: (row) => row.prompt ?? absent(row),
    priority: 2,
    elastic: true,
  },
  { name: 'cache_read', value: (row) => row.token_usage.cache_read_input_tokens, priority: 6 },
  { name: 'cache_write', value: (row) => row.token_usage.cache_write_input_tokens, priority: 6 },
  { name: 'reasoning', value: (row) => row.token_usage.reasoning_tokens, priority: 7 },
  { name: 'route', value: (row) => row.route, priority: 6 },
  { name: 'provider', value: (row) => row.provider_name, priority: 6 },
  { name: 'stop_reason', value: (row) => row.stop_reason, priority: 6 },
  { name: 'error', value: (row) => row.error_message, priority: 6 },
  { name: 'first_byte_ms', value: (row) => rounded(row.time_to_first_byte_ms), priority: 6 },
  { name: 'gateway_ms', value: (row) => rounded(row.gateway_ms), priority: 6 },
  { name: 'session', value: (row) => row.session_id, priority: 6 },
  { name: 'boundary', value: (row) => row.boundary?.session_id ?? null, priority: 7 },
  { name: 'boundary_verified', value: (row) => row.boundary?.verified ?? null, priority: 7 },
  { name: 'api_key', value: (row) => row.api_key_id, priority: 7 },
]

/** To a microsecond: the rest of a measured float is noise. */
const rounded = (ms: number | null): number | null => (ms === null ? null : Math.round(ms * 1000) / 1000)

export async function listRequests(context: Context, input: FilterInput & PagingInput & ReasonInput): Promise<Answer> {
  const client = await context.client()
  const filter = filterQuery(context, input, { since: 'started_after', until: 'started_before' })
  const rows = paged<Interception>(context, input, async (limit, last) => {
    const after = last === undefined ? {} : { after_id: last.id }
    const query = { ...filter, ...reasonQuery(input), limit, ...after }
    const page = await client.call(endpoints.listInterceptions, { query, signal: context.io.signal })
    return { rows: page.results, count: page.count }
  })
  return table(rows, columns, (row) => row.id, 'no requests found')
}

/** `sent`: what the provider was asked with, where that is not what came. */
type Side = 'request' | 'sent' | 'response'

interface ShowInput extends ReasonInput {
  readonly id: string
  readonly full: boolean
  readonly body: Side | undefined
  readonly out: string | undefined
}

export async function showRequest(context: Context, input: ShowInput): Promise<Answer> {
  if (input.out !== undefined && input.body === undefined)
    throw new Fault('invalid', '--out needs --body request or --body response')
  if (input.body !== undefined && input.out === undefined && context.io.tty.stdout) {
    throw new Fault('invalid', 'the exact bytes could drive your terminal', {
      fix: 'give --out <file>, or send them into a pipe',
    })
  }
  const client = await context.client()
  const id = await resolveRequest(context, client, input.id)
  const query = reasonQuery(input)
  if (input.body !== undefined) return showBody(context, client, { id, side: input.body }, query, input.out)
  const { interception, events } = await client.call(endpoints.getInterception, {
    params: { id },
    query,
    signal: context.io.signal,
  })
  return timelineAnswer(
    events,
    input.full,
    (all) => ({ interception, events: all }),
    (screen) => requestHeader(interception, screen),
  )
}

async function showBody(
  context: Context,
  client: Client,
  params: { readonly id: string; readonly side: Side },
  query: { reason?: string },
  out: string | undefined,
): Promise<Answer> {
  const { body } = await client.download(endpoints.getInterceptionBody, {
    params,
    query,
    signal: context.io.signal,
  })
  if (out === undefined) return raw(chunks(body))
  const file = resolve(context.io.cwd, out)
  const bytes = await saveTo(file, body)
  const row = { ...params, file, bytes }
  const fields: readonly Column<typeof row>[] = [
    { name: 'file', value: (it) => it.file, priority: 0 },
    { name: 'bytes', value: (it) => it.bytes, priority: 0 },
  ]
  return one(row, fields, (it) => it.id)
}

function resolveRequest(context: Context, client: Client, given: string): Promise<string> {
  return resolveId('request', given, async (limit, last) => {
    const query = { content: 'false' as const, limit, ...(last === undefined ? {} : { after_id: last }) }
    const page = await client.call(endpoints.listInterceptions, { query, signal: context.io.signal })
    return page.results.map((request) => request.id)
  })
}
