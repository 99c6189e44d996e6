import { type Uuid, uuidv7 } from '@reeve/base'
import { sql } from 'kysely'
import { builtInRoles, impliedRoles } from '../../access/built-in-roles.ts'
import type { Executor, Tx } from '../../db/database.ts'
import type { AccessChange, Directory, HeldAccess } from './mapping.ts'

/** What there is to be given, what somebody has, and the writing of what changes. */

export async function readDirectory(db: Executor): Promise<Directory> {
  const organizations = await db
    .selectFrom('organizations')
    .select(['id', 'name', 'is_default as isDefault', 'default_member_roles as defaultRoles'])
    .where('deleted_at', 'is', null)
    .orderBy('is_default', 'desc')
    .orderBy('id')
    .execute()
  const groups = await db
    .selectFrom('groups')
    .select(['id', 'organization_id as organizationId', 'name', sql<boolean>`source = 'oidc'`.as('isSynced')])
    .execute()
  const custom = await db.selectFrom('custom_roles').select(['organization_id', 'name']).execute()
  const builtIn = (level: 'site' | 'organization') =>
    builtInRoles.filter((role) => role.level === level && role.name !== impliedRoles[level]).map(({ name }) => name)
  const customOf = (id: Uuid | null) => custom.filter((role) => role.organization_id === id).map(({ name }) => name)
  return {
    organizations,
    groups,
    siteRoles: new Set([...builtIn('site'), ...customOf(null)]),
    organizationRoles: new Map(
      organizations.map(({ id }) => [id, new Set([...builtIn('organization'), ...customOf(id)])]),
    ),
  }
}

export async function readHeld(db: Executor, userId: Uuid): Promise<HeldAccess> {
  const { roles } = await db.selectFrom('users').select('roles').where('id', '=', userId).executeTakeFirstOrThrow()
  const memberships = await db
    .selectFrom('organization_members as m')
    .innerJoin('organizations as o', 'o.id', 'm.organization_id')
    .select(['m.organization_id as organizationId', 'm.roles'])
    .where('m.user_id', '=', userId)
    .where('o.deleted_at', 'is', null)
    .orderBy('m.organization_id')
    .execute()
  const groups = await db.selectFrom('group_members').select('group_id').where('user_id', '=', userId).execute()
  return { siteRoles: roles, memberships, groupIds: groups.map(({ group_id }) => group_id) }
}

export async function writeChange(tx: Tx, userId: Uuid, change: AccessChange, now: Date): Promise<void> {
  const { siteRoles, joins, leaves, roles, newGroups, groupsJoined, groupsLeft } = change
  const stamps = { created_at: now, updated_at: now }
  if (siteRoles !== null) {
    await tx
      .updateTable('users')
      .set({ roles: [...siteRoles], updated_at: now })
      .where('id', '=', userId)
      .execute()
  }
  for (const { organizationId, roles: given } of joins) {
    const row = { organization_id: organizationId, user_id: userId, roles: [...given], ...stamps }
    await tx
      .insertInto('organization_members')
      .values(row)
      .onConflict((conflict) => conflict.doNothing())
      .execute()
  }
  const membership = (organizationId: Uuid) =>
    tx.updateTable('organization_members').where('user_id', '=', userId).where('organization_id', '=', organizationId)
  for (const { organizationId, roles: given } of roles) {
    await membership(organizationId)
      .set({ roles: [...given], updated_at: now })
      .execute()
  }
  if (groupsLeft.length > 0) {
    await tx.deleteFrom('group_members').where('user_id', '=', userId).where('group_id', 'in', groupsLeft).execute()
  }
  if (leaves.length > 0) {
    await tx
      .deleteFrom('organization_members')
      .where('user_id', '=', userId)
      .where('organization_id', 'in', leaves)
      .execute()
  }
  const made: Uuid[] = []
  for (const { organizationId, name } of newGroups) made.push(await ensureGroup(tx, organizationId, name, now))
  for (const groupId of [...groupsJoined, ...made]) {
    await tx
      .insertInto('group_members')
      .values({ group_id: groupId, user_id: userId, created_at: now })
      .onConflict((conflict) => conflict.doNothing())
      .execute()
  }
}

/** Two people of a new group may sign in at once: the second finds the first one's. */
async function ensureGroup(tx: Tx, organizationId: Uuid, name: string, now: Date): Promise<Uuid> {
  const { rows } = await sql<{ id: Uuid }>`
    insert into groups (id, organization_id, name, source, created_at, updated_at)
    values (${uuidv7(now)}, ${organizationId}, ${name}, 'oidc', ${now}, ${now})
    on conflict (organization_id, lower(name)) do update set updated_at = groups.updated_at
    returning id`.execute(tx)
  return rows[0]!.id
}
