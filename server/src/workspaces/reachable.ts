import { Fault, type Uuid } from '@reeve/base'
import type { Grantable } from '@reeve/sdk'
import type { Actor } from '../access/actor.ts'
import { type AccessList, type AccessObject, allows } from '../access/policy.ts'
import type { Executor } from '../db/database.ts'
import { type BuildRow, findBuild } from './build-queries.ts'
import { findWorkspace, type WorkspaceRow } from './queries.ts'

/** Workspaces and builds as far as somebody gets to them. */

export const objectOf = (
  row: Pick<WorkspaceRow, 'id' | 'owner_id' | 'organization_id' | 'access_list'>,
): AccessObject => ({
  id: row.id,
  ownerId: row.owner_id,
  organizationId: row.organization_id,
  // SAFETY: the column is written by this room alone, from this type.
  accessList: row.access_list as unknown as AccessList,
})

const forbidden = (needs: Grantable): Fault =>
  new Fault('forbidden', 'this credential may not do that', {
    fix: `needs the permission ${needs} there, from a role and the scope of the token`,
  })

/** What one may not read is not there; what one may read and not do is forbidden. */
export async function workspaceFor(db: Executor, actor: Actor, id: Uuid, needs: Grantable): Promise<WorkspaceRow> {
  const row = await findWorkspace(db, id)
  if (row === undefined || !allows(actor, 'workspace:read', objectOf(row))) {
    throw new Fault('not_found', 'there is no such workspace')
  }
  if (!allows(actor, needs, objectOf(row))) throw forbidden(needs)
  return row
}

/** Also of a workspace that is gone: what was done stays to be looked at. */
export async function buildFor(db: Executor, actor: Actor, id: Uuid): Promise<BuildRow> {
  const row = await findBuild(db, id)
  if (row === undefined || !allows(actor, 'workspace:read', objectOf({ ...row, id: row.workspace_id }))) {
    throw new Fault('not_found', 'there is no such build')
  }
  return row
}

export function demandOfBuild(actor: Actor, row: BuildRow, needs: Grantable): void {
  if (!allows(actor, needs, objectOf({ ...row, id: row.workspace_id }))) throw forbidden(needs)
}
