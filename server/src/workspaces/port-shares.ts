import { Fault, type Uuid } from '@reeve/base'
import type { PortShareLevel, WorkspacePortShare } from '@reeve/sdk'
import type { Actor } from '../access/actor.ts'
import { narrower, type ShareLevel, shareLevelOf } from '../access/share-level.ts'
import { appendAudit } from '../audit/journal.ts'
import { type Scope, signedIn } from '../http/implement.ts'
import type { Room } from '../templates/room.ts'
import { workspaceChanged } from './events.ts'
import { deletePortShare, hasAgent, type PortShareRow, putPortShare, selectPortShares } from './port-share-queries.ts'
import { findWorkspace, lockWorkspace, type WorkspaceRow } from './queries.ts'
import { workspaceFor } from './reachable.ts'
import { ownFor } from './sharing.ts'

/**
 * A port of a workspace is for those who may use the workspace. Its owner may share it further, as far as the template
 * lets him: whoever is let in reaches what listens there, and nothing else. The template's word counts with each request,
 * not only when something is shared.
 */

interface PortOf {
  readonly agent_name: string
  readonly port: number
}

const present = (row: PortShareRow, max: ShareLevel): WorkspacePortShare => ({
  workspace_id: row.workspace_id,
  agent_name: row.agent_name,
  port: row.port,
  share_level: narrower(shareLevelOf(row.share_level), max),
  protocol: 'http',
})

export async function listPortShares(
  { db }: Room,
  actor: Actor,
  id: Uuid,
): Promise<{ shares: WorkspacePortShare[]; max_share_level: PortShareLevel }> {
  const row = await workspaceFor(db.sql, actor, id, 'workspace:read')
  const max = shareLevelOf(row.max_port_share_level)
  const shares = await selectPortShares(db.sql, id)
  return { shares: shares.map((share) => present(share, max)), max_share_level: max }
}

export async function sharePort(
  room: Room,
  scope: Scope,
  id: Uuid,
  { agent_name: agentName, port, share_level: level }: PortOf & { readonly share_level: ShareLevel },
): Promise<WorkspacePortShare> {
  await ownFor(room, signedIn(scope), id)
  const { db, clock } = room
  const now = clock.now()
  return db.transaction(async (tx) => {
    const workspace = (await lockWorkspace(tx, id)) ? await findWorkspace(tx, id) : undefined
    if (workspace === undefined) throw new Fault('not_found', 'there is no such workspace')
    demandAllowed(workspace, level)
    if (!(await hasAgent(tx, workspace.latest_build_id, agentName))) {
      throw refused('agent_name', 'is no agent of its latest build')
    }
    const row: PortShareRow = {
      workspace_id: id,
      agent_name: agentName,
      port,
      share_level: level,
      created_at: now,
      updated_at: now,
    }
    const before = await putPortShare(tx, row)
    if (before?.share_level !== level) {
      await appendAudit(tx, { scope, at: now, ...workspaceChanged(workspace, changed(before, row)) })
    }
    return present(row, shareLevelOf(workspace.max_port_share_level))
  })
}

export async function unsharePort(
  room: Room,
  scope: Scope,
  id: Uuid,
  { agent_name: agentName, port }: PortOf,
): Promise<void> {
  const { db, clock } = room
  const workspace = await ownFor(room, signedIn(scope), id)
  await db.transaction(async (tx) => {
    const before = await deletePortShare(tx, { workspaceId: id, agentName, port })
    if (before === undefined) throw new Fault('not_found', 'this port is not shared')
    await appendAudit(tx, { scope, at: clock.now(), ...workspaceChanged(workspace, changed(before, undefined)) })
  })
}

const refused = (field: string, detail: string, fix?: string): Fault =>
  new Fault('invalid', 'the port cannot be shared so', {
    problems: [{ field, detail }],
    ...(fix === undefined ? {} : { fix }),
  })

function demandAllowed({ max_port_share_level: max }: WorkspaceRow, level: ShareLevel): void {
  const most = shareLevelOf(max)
  if (narrower(level, most) === level) return
  const detail = most === 'owner' ? 'its template lets no port be shared' : `its template allows ${most} at most`
  throw refused('share_level', detail, 'ask whoever may change the template for a higher max_port_share_level')
}

const said = (row: PortShareRow | undefined) =>
  row === undefined ? null : { agent_name: row.agent_name, port: row.port, share_level: row.share_level }
const changed = (before: PortShareRow | undefined, after: PortShareRow | undefined) => ({
  port_share: { old: said(before), new: said(after) },
})
