import { Fault } from '@reeve/base'
import { endpoints, type PortShareLevel, type WorkspacePortShare } from '@reeve/sdk'
import type { Context } from '../context.ts'
import { type Answer, type Column, one, table } from '../output/answer.ts'
import { agentOf, placeOf } from './agent-streams.ts'
import { findWorkspace } from './workspaces.ts'

/** Ports of a workspace that others may open. */

const columns: readonly Column<WorkspacePortShare>[] = [
  { name: 'agent', value: (row) => row.agent_name, priority: 1 },
  { name: 'port', value: (row) => row.port, priority: 0 },
  { name: 'shared with', value: (row) => row.share_level, priority: 0 },
]
const idOf = ({ agent_name: agent, port }: WorkspacePortShare): string => `${agent}:${port}`

export async function listPorts(context: Context, { workspace }: { readonly workspace: string }): Promise<Answer> {
  const client = await context.client()
  const { id } = await findWorkspace(context, client, workspace)
  const { signal } = context.io
  const { shares } = await client.call(endpoints.listWorkspacePortShares, { params: { workspace: id }, signal })
  return table(shares, columns, idOf, 'no port is shared')
}

interface Input {
  readonly workspace: string
  readonly port: string
  readonly with: Exclude<PortShareLevel, 'owner'> | undefined
  readonly off: boolean
}

export async function sharePort(
  context: Context,
  { workspace, port: given, with: level, off }: Input,
): Promise<Answer> {
  if (off === (level !== undefined)) throw new Fault('invalid', 'either --with or --off is to be said')
  const port = Number(given)
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new Fault('invalid', `${given} is no port`)
  const { signal } = context.io
  const client = await context.client()
  const { place, wanted } = placeOf(workspace)
  const { id, name } = await findWorkspace(context, client, place)
  const params = { workspace: id }
  const agent_name =
    wanted ?? agentOf(await client.call(endpoints.listWorkspaceAgents, { params, signal }), name, undefined).name
  const of = { agent_name, port }
  if (level !== undefined) {
    const body = { ...of, share_level: level }
    return one(await client.call(endpoints.shareWorkspacePort, { params, body, signal }), columns, idOf)
  }
  await client.call(endpoints.unshareWorkspacePort, { params, body: of, signal })
  return one({ ...of, workspace_id: id, share_level: 'owner', protocol: 'http' }, columns, idOf)
}
