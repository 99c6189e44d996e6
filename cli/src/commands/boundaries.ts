import { type BoundarySession, type Client, endpoints } from '@reeve/sdk'
import type { Context } from '../context.ts'
import { type Answer, type Column, one, type Screen, table, type Tone } from '../output/answer.ts'
import { instantColumn, shortIdColumn } from '../output/fields.ts'
import { visibleLine } from '../output/visible.ts'
import { paged, type PagingInput } from './paging.ts'
import { resolveId } from './resolve-id.ts'

const tones: Readonly<Record<BoundarySession['status'], Tone>> = {
  live: 'cyan',
  ended: 'green',
  lost: 'red',
  truncated: 'red',
}

const columns: readonly Column<BoundarySession>[] = [
  shortIdColumn<BoundarySession>(),
  { name: 'status', value: (row) => row.status, priority: 0, tone: (row) => tones[row.status] },
  { name: 'who', value: (row) => row.owner.username, priority: 0 },
  { name: 'workspace', value: (row) => row.workspace?.name ?? null, priority: 1 },
  { name: 'task', value: (row) => row.workspace?.task_name ?? null, priority: 3 },
  { name: 'template', value: (row) => row.workspace?.template_name ?? null, priority: 4 },
  { name: 'command', value: (row) => row.command, priority: 0, elastic: true },
  instantColumn('started', (row) => row.started_at, 0),
  {
    name: 'policy',
    value: (row) => (row.policy === null ? null : `${row.policy.name}@v${row.policy.version}`),
    priority: 1,
  },
  { name: 'tier', value: (row) => row.tier, priority: 1 },
  { name: 'denied', value: (row) => row.denied, priority: 1, tone: (row) => (row.denied > 0 ? 'red' : null) },
  { name: 'allowed', value: (row) => row.allowed, priority: 2 },
  { name: 'gaps', value: (row) => row.gaps, priority: 2, tone: (row) => (row.gaps > 0 ? 'red' : null) },
  { name: 'tampered', value: (row) => row.tampered, priority: 2, tone: (row) => (row.tampered ? 'red' : null) },
  { name: 'host', value: (row) => row.hostname, priority: 3 },
  instantColumn('last_seen', (row) => row.last_seen_at, 4),
  instantColumn('ended', (row) => row.ended_at, 4),
  { name: 'exit_code', value: (row) => row.exit_code, priority: 4 },
  { name: 'jail', value: (row) => row.jail, priority: 6 },
  { name: 'kernel', value: (row) => row.kernel, priority: 6 },
  { name: 'client', value: (row) => row.client_version, priority: 6 },
]

const readPage = async (context: Context, client: Client, query: { limit: number; q?: string; after_id?: string }) =>
  client.call(endpoints.listBoundarySessions, { query, signal: context.io.signal })

export async function listBoundaries(
  context: Context,
  input: PagingInput & { readonly filter: string | undefined },
): Promise<Answer> {
  const client = await context.client()
  const filter = input.filter === undefined ? {} : { q: input.filter }
  const rows = paged<BoundarySession>(context, input, async (limit, last) => {
    const page = await readPage(context, client, {
      ...filter,
      limit,
      ...(last === undefined ? {} : { after_id: last.id }),
    })
    return { rows: page.sessions, count: page.count }
  })
  return table(rows, columns, (row) => row.id, 'no boundaries; reeve boundary -- claude runs an agent behind one')
}

async function find(context: Context, given: string): Promise<{ client: Client; params: { id: string } }> {
  const client = await context.client()
  const id = await resolveId('boundary', given, async (limit, after) => {
    const page = await readPage(context, client, { limit, ...(after === undefined ? {} : { after_id: after }) })
    return page.sessions.map((one) => one.id)
  })
  return { client, params: { id } }
}

export async function showBoundary(context: Context, input: { readonly id: string }): Promise<Answer<BoundarySession>> {
  const { client, params } = await find(context, input.id)
  const row = await client.call(endpoints.getBoundarySession, { params, signal: context.io.signal })
  const fields = one(row, columns, ({ id }) => id)
  return {
    ...fields,
    page: async function* (rows, screen) {
      if (fields.page !== undefined) yield* fields.page(rows, screen)
      yield* conversations(context, client, row.id, screen)
    },
  }
}

const conversationsMax = 20

/** The sessions of the bridge that ran in it, latest first, as far as whoever asks may see them. */
async function* conversations(context: Context, client: Client, id: string, { style }: Screen): AsyncGenerator<string> {
  const query = { q: `boundary:${id}`, content: 'false' as const, limit: conversationsMax }
  const { sessions, count } = await client.call(endpoints.listSessions, { query, signal: context.io.signal })
  if (sessions.length === 0) return
  yield `\n${style.dim('sessions with models')}\n`
  for (const session of sessions) {
    const line = `${session.id}  ${session.client}  ${session.models.join(' ')}`
    yield `${visibleLine(line)}  ${style.dim(`reeve bridge sessions show ${session.id}`)}\n`
  }
  if (count > sessions.length) yield style.dim(`all ${count}: reeve bridge sessions list --filter boundary:${id}\n`)
}

export async function endBoundary(context: Context, input: { readonly id: string }): Promise<Answer> {
  const { client, params } = await find(context, input.id)
  await context.confirm(`End the command that runs behind the boundary ${params.id}?`)
  return one(
    await client.call(endpoints.stopBoundarySession, { params, signal: context.io.signal }),
    columns,
    (row) => row.id,
  )
}
