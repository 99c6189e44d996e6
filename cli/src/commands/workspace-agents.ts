import { Fault } from '@reeve/base'
import { type Client, endpoints, follow, type WorkspaceAgent, type WorkspaceAgentLog } from '@reeve/sdk'
import type { Context } from '../context.ts'
import { type Answer, type Column, table } from '../output/answer.ts'
import { instantColumn } from '../output/fields.ts'
import { interleave } from './interleave.ts'
import { findWorkspace } from './workspaces.ts'

/** The agents of a workspace, and what their scripts said. */

const tones = { connected: 'green', connecting: 'yellow', disconnected: 'red', timeout: 'red' } as const

const columns: readonly Column<WorkspaceAgent>[] = [
  { name: 'name', value: (row) => row.name, priority: 0 },
  { name: 'status', value: (row) => row.status, priority: 0, tone: (row) => tones[row.status] },
  { name: 'lifecycle', value: (row) => row.lifecycle_state, priority: 0 },
  { name: 'version', value: (row) => row.version, priority: 3 },
  instantColumn('heard', (row) => row.last_connected_at, 1),
  { name: 'log', value: (row) => (row.logs_overflowed ? 'cut' : row.logs_length), priority: 3 },
  { name: 'app status', value: (row) => row.app_status?.message ?? null, priority: 2, elastic: true },
  { name: 'id', value: (row) => row.id, priority: 6 },
]

interface Named {
  readonly workspace: string
}

async function agentsOf(context: Context, client: Client, ref: string): Promise<WorkspaceAgent[]> {
  const { id } = await findWorkspace(context, client, ref)
  const { signal } = context.io
  return client.call(endpoints.listWorkspaceAgents, { params: { workspace: id }, signal })
}

export async function listAgents(context: Context, { workspace }: Named): Promise<Answer> {
  const agents = await agentsOf(context, await context.client(), workspace)
  return table(agents, columns, ({ id }) => id, 'no agents: the workspace is stopped, or its template has none')
}

type Line = WorkspaceAgentLog & { readonly agent: string }

const lineColumns: readonly Column<Line>[] = [
  instantColumn('at', (row) => row.created_at, 1),
  { name: 'agent', value: (row) => row.agent, priority: 3 },
  { name: 'script', value: (row) => row.source, priority: 1 },
  { name: 'line', value: (row) => row.output, priority: 0, elastic: true },
]

interface Logs extends Named {
  readonly agent: string | undefined
  readonly follow: boolean
}

export async function showAgentLogs(
  context: Context,
  { workspace, agent: wanted, follow: isFollowed }: Logs,
): Promise<Answer> {
  const client = await context.client()
  const agents = await agentsOf(context, client, workspace)
  const chosen = agents.filter(({ name }) => wanted === undefined || name === wanted)
  if (wanted !== undefined && chosen.length === 0) throw new Fault('not_found', `there is no agent ${wanted}`)
  const answer = (rows: AsyncIterable<Line>): Answer =>
    table(rows, lineColumns, ({ id }) => String(id), 'nothing was said yet')
  if (!isFollowed) return answer(kept(context, client, chosen))
  return { ...answer(interleave(chosen.map((one) => followed(context, client, one)))), endless: true }
}

async function* kept({ io: { signal } }: Context, client: Client, agents: readonly WorkspaceAgent[]) {
  for (const { id, name } of agents) {
    for (let after = 0; ;) {
      const params = { agent: id }
      const lines = await client.call(endpoints.listWorkspaceAgentLogs, { params, query: { after }, signal })
      const fresh = lines.filter((line) => line.id > after)
      for (const line of fresh) yield { ...line, agent: name }
      const last = fresh.at(-1)
      if (last === undefined) break
      after = last.id
    }
  }
}

/** Over connections that are lost. A server that stops ends it as the agent's end does: then it is asked which it was. */
async function* followed(context: Context, client: Client, agent: WorkspaceAgent): AsyncGenerator<Line> {
  const { signal } = context.io
  const { id, name, workspace_id: workspace } = agent
  let after = 0
  const connect = () =>
    client.events(endpoints.followWorkspaceAgentLogs, { params: { agent: id }, query: { after }, signal })
  for await (const told of follow(connect, { signal })) {
    if (told.kind === 'lost' && told.fault === null) {
      const agents = await client.call(endpoints.listWorkspaceAgents, { params: { workspace }, signal })
      if (!agents.some((one) => one.id === id)) return
    }
    if (told.kind !== 'event') continue
    after = told.event.id
    yield { ...told.event, agent: name }
  }
}
