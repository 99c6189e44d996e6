import { Fault } from '@reeve/base'
import { type AccessRequest, type Client, endpoints } from '@reeve/sdk'
import type { Context } from '../context.ts'
import { type Answer, type Column, one, table, type Tone } from '../output/answer.ts'
import { instantColumn, shortIdColumn } from '../output/fields.ts'
import { denialId } from './explain.ts'
import { paged, type PagingInput } from './paging.ts'
import { resolveId } from './resolve-id.ts'

const tones: Readonly<Record<AccessRequest['status'], Tone>> = {
  pending: 'cyan',
  approved: 'green',
  declined: 'red',
  withdrawn: null,
  expired: null,
}

const columns: readonly Column<AccessRequest>[] = [
  shortIdColumn<AccessRequest>(),
  { name: 'status', value: (row) => row.status, priority: 0, tone: (row) => tones[row.status] },
  { name: 'who', value: (row) => row.requester.username, priority: 0 },
  { name: 'what', value: (row) => row.what, priority: 0, elastic: true },
  { name: 'reason', value: (row) => row.reason, priority: 1, elastic: true },
  { name: 'scope', value: (row) => row.scope, priority: 1 },
  { name: 'hours', value: (row) => row.duration_seconds / 3600, priority: 2 },
  instantColumn('asked', (row) => row.created_at, 1),
  { name: 'rule', value: (row) => (row.rule === null ? null : ruleLine(row.rule)), priority: 3, elastic: true },
  { name: 'risks', value: (row) => row.risks.join(' '), priority: 3 },
  { name: 'same_7d', value: (row) => row.identical.count, priority: 4 },
  { name: 'by', value: (row) => row.decided_by?.username ?? null, priority: 4 },
  { name: 'answer', value: (row) => row.answer, priority: 4, elastic: true },
  instantColumn('ends', (row) => row.expires_at, 4),
  { name: 'denial', value: (row) => row.denial, priority: 6 },
]

const ruleLine = (rule: NonNullable<AccessRequest['rule']>): string =>
  `${rule.tcp ? 'tcp' : rule.methods.join(',') || 'any'} ${rule.host}:${rule.port}${rule.paths.join(',')}`
const shown = (request: AccessRequest): Answer => one(request, columns, (row) => row.id)

interface RequestInput {
  readonly denial: string
  readonly scope: AccessRequest['scope'] | undefined
  readonly for: number | undefined
  readonly reason: string | undefined
}

const forDefaultSeconds = 86_400

export async function requestAccess(context: Context, input: RequestInput): Promise<Answer> {
  const denial = denialId(input.denial)
  if (input.reason === undefined)
    throw new Fault('invalid', '--reason is missing', { fix: 'say what it is for: whoever decides reads it' })
  const client = await context.client()
  const body = {
    denial,
    scope: input.scope ?? 'session',
    duration_seconds: input.for === undefined ? forDefaultSeconds : Math.round(input.for / 1000),
    reason: input.reason,
  }
  return shown(await client.call(endpoints.createAccessRequest, { body, signal: context.io.signal }))
}

export async function listAccess(
  context: Context,
  input: PagingInput & { readonly filter: string | undefined },
): Promise<Answer> {
  const client = await context.client()
  const filter = input.filter === undefined ? {} : { q: input.filter }
  const rows = paged<AccessRequest>(context, input, async (limit, last) => {
    const query = { ...filter, limit, ...(last === undefined ? {} : { after_id: last.id }) }
    const page = await client.call(endpoints.listAccessRequests, { query, signal: context.io.signal })
    return { rows: page.access_requests, count: page.count }
  })
  return table(rows, columns, (row) => row.id, 'no access requests')
}

interface About {
  readonly request: string
}

async function find(context: Context, given: string): Promise<{ client: Client; params: { id: string } }> {
  const client = await context.client()
  const id = await resolveId('access request', given, async (limit, after) => {
    const query = { limit, ...(after === undefined ? {} : { after_id: after }) }
    const page = await client.call(endpoints.listAccessRequests, { query, signal: context.io.signal })
    return page.access_requests.map((one) => one.id)
  })
  return { client, params: { id } }
}

export async function showAccess(context: Context, { request }: About): Promise<Answer> {
  const { client, params } = await find(context, request)
  return shown(await client.call(endpoints.getAccessRequest, { params, signal: context.io.signal }))
}

interface ApproveInput extends About {
  readonly scope: AccessRequest['scope'] | undefined
  readonly for: number | undefined
  readonly method: string | undefined
  readonly path: string | undefined
  readonly answer: string | undefined
}

export async function approveAccess(context: Context, input: ApproveInput): Promise<Answer> {
  const { client, params } = await find(context, input.request)
  const { signal } = context.io
  const { scope, answer, method, path } = input
  const rule =
    method === undefined && path === undefined
      ? null
      : narrowed(await client.call(endpoints.getAccessRequest, { params, signal }), method, path)
  const body = {
    ...(rule === null ? {} : { rule }),
    ...(scope === undefined ? {} : { scope }),
    ...(input.for === undefined ? {} : { duration_seconds: Math.round(input.for / 1000) }),
    ...(answer === undefined ? {} : { answer }),
  }
  return shown(await client.call(endpoints.approveAccessRequest, { params, body, signal }))
}

function narrowed({ rule }: AccessRequest, method: string | undefined, path: string | undefined) {
  if (rule === null) throw new Fault('conflict', 'no rule can allow it', { fix: 'decline it, with a reason' })
  return {
    ...rule,
    ...(method === undefined ? {} : { methods: method.toUpperCase().split(',') }),
    ...(path === undefined ? {} : { paths: path.split(',') }),
  }
}

export async function declineAccess(
  context: Context,
  input: About & { readonly reason: string | undefined },
): Promise<Answer> {
  const { reason } = input
  if (reason === undefined)
    throw new Fault('invalid', '--reason is missing', { fix: 'say why, and what to do instead: they are shown it' })
  const { client, params } = await find(context, input.request)
  return shown(
    await client.call(endpoints.declineAccessRequest, { params, body: { reason }, signal: context.io.signal }),
  )
}

export async function withdrawAccess(context: Context, { request }: About): Promise<Answer> {
  const { client, params } = await find(context, request)
  return shown(await client.call(endpoints.withdrawAccessRequest, { params, signal: context.io.signal }))
}
