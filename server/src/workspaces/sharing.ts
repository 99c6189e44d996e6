import { Fault, type Uuid } from '@reeve/base'
import type { Action, WorkspaceAcl } from '@reeve/sdk'
import type { Actor } from '../access/actor.ts'
import { type AccessList, allows } from '../access/policy.ts'
import { appendAudit } from '../audit/journal.ts'
import { type Scope, signedIn } from '../http/implement.ts'
import { changesOf } from '../templates/events.ts'
import { selectListedGroups, selectListedUsers, selectMembers } from '../templates/queries.ts'
import type { Room } from '../templates/room.ts'
import { workspaceChanged } from './events.ts'
import { findWorkspace, lockWorkspace, type WorkspaceRow } from './queries.ts'
import { objectOf, workspaceFor } from './reachable.ts'
import { updateWorkspace } from './time-queries.ts'

/**
 * A workspace is shared with members of its organization and with groups. Who may use it gets into it, and into whatever
 * its owner has in there: his files, and what calls models in his name. The list is its owner's: who is on it does not
 * share further.
 */

type WorkspaceRole = 'use' | 'admin'

const roleActions: Readonly<Record<WorkspaceRole, readonly Action[]>> = {
  use: ['read', 'ssh', 'application_connect'],
  admin: ['read', 'ssh', 'application_connect', 'start', 'stop', 'update'],
}
const roleOf = (actions: readonly string[] = []): WorkspaceRole => (actions.includes('update') ? 'admin' : 'use')

// SAFETY: the column is written by this room alone, from this type.
const listOf = ({ access_list: list }: WorkspaceRow): AccessList => list as unknown as AccessList

/** A workspace of whom it is, or of whom his role gives everybody's: being on its list is not enough. */
export async function ownFor({ db }: Room, actor: Actor, id: Uuid): Promise<WorkspaceRow> {
  const row = await workspaceFor(db.sql, actor, id, 'workspace:update')
  const { accessList: _, ...object } = objectOf(row)
  if (allows(actor, 'workspace:update', object)) return row
  throw new Fault('forbidden', 'a workspace is shared by its owner', { fix: 'ask its owner' })
}

export async function readWorkspaceAcl(room: Room, actor: Actor, id: Uuid): Promise<WorkspaceAcl> {
  const row = await ownFor(room, actor, id)
  const { users, groups } = listOf(row)
  const [people, teams] = await Promise.all([
    selectListedUsers(room.db.sql, Object.keys(users)),
    selectListedGroups(room.db.sql, row.organization_id, Object.keys(groups)),
  ])
  return {
    users: people.map((user) => ({ ...user, role: roleOf(users[user.id]) })),
    group: teams.map((group) => ({ ...group, role: roleOf(groups[group.id]) })),
  }
}

type Roles = Readonly<Record<string, '' | WorkspaceRole>>

export async function changeWorkspaceAcl(
  room: Room,
  scope: Scope,
  id: Uuid,
  {
    user_roles: users = {},
    group_roles: groups = {},
  }: { user_roles?: Roles | undefined; group_roles?: Roles | undefined },
): Promise<WorkspaceAcl> {
  const actor = signedIn(scope)
  const row = await ownFor(room, actor, id)
  await demandKnown(room, row.organization_id, users, groups)
  await write(room, scope, id, (list) => ({
    users: merged(list.users, users),
    groups: merged(list.groups, groups),
  }))
  return readWorkspaceAcl(room, actor, id)
}

export async function clearWorkspaceAcl(room: Room, scope: Scope, id: Uuid): Promise<void> {
  await ownFor(room, signedIn(scope), id)
  await write(room, scope, id, () => ({ users: {}, groups: {} }))
}

async function demandKnown({ db }: Room, organizationId: Uuid, users: Roles, groups: Roles): Promise<void> {
  const added = (roles: Roles): string[] => Object.keys(roles).filter((each) => roles[each] !== '')
  const members = await selectMembers(db.sql, organizationId, added(users))
  const teams = new Set((await selectListedGroups(db.sql, organizationId, added(groups))).map(({ id }) => id))
  const problems = [
    ...added(users)
      .filter((each) => !members.has(each))
      .map((each) => ({ field: `user_roles.${each}`, detail: 'is no member of the organization' })),
    ...added(groups)
      .filter((each) => !teams.has(each))
      .map((each) => ({ field: `group_roles.${each}`, detail: 'is no group of the organization' })),
  ]
  if (problems.length > 0) throw new Fault('invalid', 'the workspace cannot be shared so', { problems })
}

async function write({ db, clock }: Room, scope: Scope, id: Uuid, next: (list: AccessList) => AccessList) {
  const now = clock.now()
  await db.transaction(async (tx) => {
    const row = (await lockWorkspace(tx, id)) ? await findWorkspace(tx, id) : undefined
    if (row === undefined) throw new Fault('not_found', 'there is no such workspace')
    const list = next(listOf(row))
    const diff = changesOf<object>({ access_list: listOf(row) }, { access_list: list })
    if (Object.keys(diff).length === 0) return
    await updateWorkspace(tx, id, { access_list: JSON.stringify(list), updated_at: now })
    await appendAudit(tx, { scope, at: now, ...workspaceChanged(row, diff) })
  })
}

type Entries = AccessList['users']

function merged(old: Entries, change: Roles): Entries {
  const next: Record<string, readonly Action[]> = { ...old }
  for (const [id, role] of Object.entries(change)) {
    if (role === '') delete next[id]
    else next[id] = roleActions[role]
  }
  return next
}
