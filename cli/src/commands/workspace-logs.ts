import { Fault } from '@reeve/base'
import { type Client, endpoints, type ProvisionerJobLog, type Workspace } from '@reeve/sdk'
import type { Context } from '../context.ts'
import { type Answer, type Column, table } from '../output/answer.ts'
import { instantColumn } from '../output/fields.ts'
import { findWorkspace } from './workspaces.ts'

const lineColumns: readonly Column<ProvisionerJobLog>[] = [
  instantColumn('time', (row) => row.created_at, 1),
  { name: 'stage', value: (row) => row.stage, priority: 0 },
  {
    name: 'level',
    value: (row) => row.log_level,
    priority: 1,
    tone: ({ log_level: level }) => (level === 'error' ? 'red' : level === 'warn' ? 'yellow' : null),
  },
  { name: 'line', value: (row) => row.output, priority: 0, elastic: true },
  { name: 'id', value: (row) => row.id, priority: 6 },
]

/** Of a build that goes on, until it ends. */
export async function showLogs(
  context: Context,
  { workspace, build: number }: { readonly workspace: string; readonly build: number | undefined },
): Promise<Answer> {
  const client = await context.client()
  const found = await findWorkspace(context, client, workspace)
  const build = number === undefined ? found.latest_build.id : await buildOf(context, client, found, number)
  const { signal } = context.io
  const lines = await client.events(endpoints.followWorkspaceBuildLogs, { params: { build }, signal })
  return table(lines, lineColumns, (row) => `${row.id}`, 'the build said nothing')
}

async function buildOf(context: Context, client: Client, { id, name }: Workspace, number: number): Promise<string> {
  const { signal } = context.io
  for (let after: string | undefined; ;) {
    const query = { limit: 100, ...(after === undefined ? {} : { after_id: after }) }
    const page = await client.call(endpoints.listWorkspaceBuilds, { params: { workspace: id }, query, signal })
    const found = page.find((one) => one.build_number === number)
    if (found !== undefined) return found.id
    if (page.length < 100) throw new Fault('not_found', `${name} has no build ${number}`)
    after = page.at(-1)?.id
  }
}
