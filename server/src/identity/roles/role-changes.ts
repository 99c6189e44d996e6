import { Fault, type Problem, type Uuid, uuidv7 } from '@reeve/base'
import { type Grantable, grantables, isGrantable } from '@reeve/sdk'
import { builtInRole } from '../../access/built-in-roles.ts'
import { missingToGrant } from '../../access/granting.ts'
import type { AccessObject } from '../../access/policy.ts'
import { mayStandAt, type RoleLevel } from '../../access/role-levels.ts'
import { appendAudit } from '../../audit/journal.ts'
import type { Tx } from '../../db/database.ts'
import { isUniqueViolation } from '../../db/failures.ts'
import { type Scope, signedIn } from '../../http/implement.ts'
import { defineCustomRole } from './custom-roles.ts'
import { roleCreated, roleDeleted, roleWritten } from '../events.ts'
import { demand } from '../../http/demand.ts'
import { changeCredentials, type Identity } from '../identity.ts'
import { lockOwners } from '../queries.ts'
import { refusalOnRecord } from '../refused.ts'
import {
  deleteCustomRole,
  insertCustomRole,
  type RoleContent,
  selectCustomRoles,
  type StoredRoleRow,
  updateCustomRole,
} from './queries.ts'
import { type KnownRole, lacking } from './roles.ts'
import { actorNow } from './standing.ts'

/**
 * Roles that people make. Who makes one, changes one or deletes one must hold everything that is in it, before and
 * after. A changed role counts for its holders with their next request: everybody's remembered credentials are
 * forgotten, on every replica.
 */

export interface WantedPermission {
  readonly negate?: boolean | undefined
  readonly resource_type: string
  readonly action: string
}

export interface WantedRole {
  readonly name: string
  readonly display_name?: string | undefined
  readonly description?: string | undefined
  readonly site_permissions?: readonly WantedPermission[] | undefined
  readonly organization_permissions?: readonly WantedPermission[] | undefined
  readonly user_permissions?: readonly WantedPermission[] | undefined
}

export async function createRole(
  identity: Identity,
  scope: Scope,
  organizationId: Uuid | null,
  wanted: WantedRole,
): Promise<KnownRole> {
  const { db, clock } = identity
  const content = readContent(wanted, organizationId)
  if (builtInRole(wanted.name) !== undefined) throw new Fault('conflict', `${wanted.name} is a built-in role`)
  const now = clock.now()
  const stamps = { id: uuidv7(now), created_at: now, updated_at: now }
  const row: StoredRoleRow = { ...stamps, organization_id: organizationId, name: wanted.name, ...content }
  try {
    const insert = async (tx: Tx) => {
      await checkHolds(tx, scope, 'role:create', organizationId, [row])
      await insertCustomRole(tx, row)
      await appendAudit(tx, { scope, at: now, ...roleCreated(row) })
    }
    await refusalOnRecord(identity, scope, roleCreated(row), () => db.transaction(insert))
  } catch (thrown) {
    if (!isUniqueViolation(thrown, 'custom_roles_name')) throw thrown
    throw new Fault('conflict', `there is a role ${wanted.name} already`)
  }
  return { ...defineCustomRole(row), builtIn: false }
}

export async function replaceRole(
  identity: Identity,
  scope: Scope,
  organizationId: Uuid | null,
  wanted: WantedRole,
): Promise<KnownRole> {
  const content = readContent(wanted, organizationId)
  const now = identity.clock.now()
  const row = await changeCredentials(identity, 'everybody', async (tx) => {
    demand(signedIn(scope), 'role:update', placeOf(organizationId))
    const old = await stored(tx, organizationId, wanted.name)
    const next = { ...old, ...content }
    await checkHolds(tx, scope, 'role:update', organizationId, [old, next])
    await updateCustomRole(tx, old.id, content, now)
    await appendAudit(tx, { scope, at: now, ...roleWritten(old, next) })
    return next
  })
  return { ...defineCustomRole(row), builtIn: false }
}

export async function deleteRole(
  identity: Identity,
  scope: Scope,
  organizationId: Uuid | null,
  name: string,
): Promise<void> {
  const now = identity.clock.now()
  await changeCredentials(identity, 'everybody', async (tx) => {
    demand(signedIn(scope), 'role:delete', placeOf(organizationId))
    const old = await stored(tx, organizationId, name)
    await checkHolds(tx, scope, 'role:delete', organizationId, [old])
    const holders = await deleteCustomRole(tx, old, now)
    await appendAudit(tx, { scope, at: now, ...roleDeleted(old, holders) })
  })
}

/** Takes the lock of all changes of roles before it looks. */
async function stored(tx: Tx, organizationId: Uuid | null, name: string): Promise<StoredRoleRow> {
  await lockOwners(tx)
  if (builtInRole(name) !== undefined) throw new Fault('forbidden', `${name} is a built-in role and stays as it is`)
  const found = (await selectCustomRoles(tx, organizationId)).find((row) => row.name === name)
  if (found === undefined) throw new Fault('not_found', 'there is no such role')
  return found
}

const placeOf = (organizationId: Uuid | null): AccessObject => (organizationId === null ? {} : { organizationId })

async function checkHolds(
  tx: Tx,
  scope: Scope,
  permission: Grantable,
  organizationId: Uuid | null,
  rows: readonly StoredRoleRow[],
): Promise<void> {
  await lockOwners(tx)
  const actor = await actorNow(tx, signedIn(scope))
  demand(actor, permission, placeOf(organizationId))
  const missing = rows.flatMap((row) => missingToGrant(actor, defineCustomRole(row), organizationId))
  if (missing.length > 0) throw lacking(`the role ${rows[0]?.name} has more than you have`, [...new Set(missing)])
}

/** Throws `invalid` with everything that is wrong with what was wished. */
function readContent(wanted: WantedRole, organizationId: Uuid | null): RoleContent {
  const problems: Problem[] = []
  const read = (field: keyof WantedRole, level: RoleLevel, list: readonly WantedPermission[] = []): string[] => {
    if (level !== 'own' && (level === 'site') !== (organizationId === null) && list.length > 0) {
      const detail =
        level === 'site' ? 'belong to roles that are held everywhere' : 'belong to the role of an organization'
      problems.push({ field, detail })
      return []
    }
    return [...new Set(list.flatMap((each, i) => readPermission(each, `${field}.${i}`, level, problems)))]
  }
  const content = {
    display_name: wanted.display_name ?? '',
    description: wanted.description ?? '',
    site_permissions: read('site_permissions', 'site', wanted.site_permissions),
    organization_permissions: read('organization_permissions', 'organization', wanted.organization_permissions),
    own_permissions: read('user_permissions', 'own', wanted.user_permissions),
  }
  if (problems.length > 0) throw new Fault('invalid', 'there cannot be such a role', { problems })
  return content
}

function readPermission(
  { negate = false, resource_type, action }: WantedPermission,
  field: string,
  level: RoleLevel,
  problems: Problem[],
): Grantable[] {
  const refuse = (detail: string): Grantable[] => {
    problems.push({ field, detail })
    return []
  }
  if (negate) return refuse('negate: roles add up and none takes away; leave the permission out of the roles instead')
  const name = `${resource_type}:${action}`
  const named =
    action === '*' ? grantables.filter((each) => each.startsWith(`${resource_type}:`)) : isGrantable(name) ? [name] : []
  if (named.length === 0) return refuse(`there is no permission ${name}`)
  const standing = named.filter((permission) => mayStandAt(permission, level))
  const reach = { site: 'for everything', organization: 'for an organization', own: 'for one’s own things' }[level]
  return standing.length === 0 ? refuse(`${name} cannot be given ${reach}`) : standing
}
