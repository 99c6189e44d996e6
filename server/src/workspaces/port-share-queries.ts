import type { Uuid } from '@reeve/base'
import type { Insertable, Selectable } from 'kysely'
import { narrower, type ShareLevel, shareLevelOf } from '../access/share-level.ts'
import type { Schema } from '../db/__generated__/schema.ts'
import type { Executor, Tx } from '../db/database.ts'

/** SQL of ports that are shared. */

export type PortShareRow = Selectable<Schema['workspace_port_shares']>

export interface OfPort {
  readonly workspaceId: Uuid
  readonly agentName: string
  readonly port: number
}

export const selectPortShares = (db: Executor, workspaceId: Uuid): Promise<PortShareRow[]> =>
  db
    .selectFrom('workspace_port_shares')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .orderBy('agent_name')
    .orderBy('port')
    .execute()

/** With whom a port is shared as things are: its template may allow less than it did. */
export async function findPortShareLevel(db: Executor, { workspaceId, agentName, port }: OfPort): Promise<ShareLevel> {
  const row = await db
    .selectFrom('workspace_port_shares as s')
    .innerJoin('workspaces as w', 'w.id', 's.workspace_id')
    .innerJoin('templates as t', 't.id', 'w.template_id')
    .select(['s.share_level', 't.max_port_share_level'])
    .where('s.workspace_id', '=', workspaceId)
    .where('s.agent_name', '=', agentName)
    .where('s.port', '=', port)
    .executeTakeFirst()
  return row === undefined ? 'owner' : narrower(shareLevelOf(row.share_level), shareLevelOf(row.max_port_share_level))
}

/** Gives what it was before. */
export async function putPortShare(
  tx: Tx,
  row: Insertable<Schema['workspace_port_shares']>,
): Promise<PortShareRow | undefined> {
  const { workspace_id: workspaceId, agent_name: agentName, port } = row
  const before = await ofPort(tx, { workspaceId, agentName, port }).executeTakeFirst()
  await tx
    .insertInto('workspace_port_shares')
    .values(row)
    .onConflict((on) =>
      on
        .columns(['workspace_id', 'agent_name', 'port'])
        .doUpdateSet({ share_level: row.share_level, updated_at: row.updated_at }),
    )
    .execute()
  return before
}

/** Gives what was there. */
export async function deletePortShare(tx: Tx, port: OfPort): Promise<PortShareRow | undefined> {
  const before = await ofPort(tx, port).executeTakeFirst()
  await tx
    .deleteFrom('workspace_port_shares')
    .where('workspace_id', '=', port.workspaceId)
    .where('agent_name', '=', port.agentName)
    .where('port', '=', port.port)
    .execute()
  return before
}

const ofPort = (tx: Tx, { workspaceId, agentName, port }: OfPort) =>
  tx
    .selectFrom('workspace_port_shares')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where('agent_name', '=', agentName)
    .where('port', '=', port)

/** Whether the latest build has an agent of this name. */
export async function hasAgent(db: Executor, buildId: Uuid, name: string): Promise<boolean> {
  const row = await db
    .selectFrom('workspace_agents as a')
    .innerJoin('workspace_resources as r', 'r.id', 'a.resource_id')
    .select('a.id')
    .where('r.build_id', '=', buildId)
    .where('a.name', '=', name)
    .executeTakeFirst()
  return row !== undefined
}
