import { Fault, type Problem, type Uuid } from '@reeve/base'
import type { Actor } from '../../access/actor.ts'
import { builtInRole, builtInRoles, isImplied, type RoleDefinition } from '../../access/built-in-roles.ts'
import { missingToGrant } from '../../access/granting.ts'
import { allows } from '../../access/policy.ts'
import { appendAudit } from '../../audit/journal.ts'
import type { Executor, Tx } from '../../db/database.ts'
import { type Scope, signedIn } from '../../http/implement.ts'
import { enqueue } from '../../outbox/outbox.ts'
import { changePayload, credentialChannel } from '../tokens/authenticate.ts'
import { defineCustomRole } from './custom-roles.ts'
import { rolesChanged } from '../events.ts'
import { demand } from '../../http/demand.ts'

import { syncedRoles } from '../oidc/synced.ts'
import { findMember, findOrganizations, updateMemberRoles } from '../organizations/queries.ts'
import { countActiveOwners, lockOwners, lockUser, updateUser } from '../queries.ts'
import { notifyCredentials } from '../tokens/queries.ts'
import { selectCustomRoles } from './queries.ts'
import { actorNow } from './standing.ts'

/** Who holds which role. Roles add up: what one holds is the union of them, and none takes away. */

export interface KnownRole extends RoleDefinition {
  readonly organizationId: Uuid | null
  readonly builtIn: boolean
}

/** Every role that can be held everywhere, or in the organization. */
export async function knownRoles(db: Executor, organizationId: Uuid | null): Promise<KnownRole[]> {
  const level = organizationId === null ? 'site' : 'organization'
  const builtIn = builtInRoles.filter((role) => role.level === level)
  const custom = await selectCustomRoles(db, organizationId)
  return [
    ...builtIn.map((role) => ({ ...role, organizationId, builtIn: true })),
    ...custom.map((row) => ({ ...defineCustomRole(row), builtIn: false })),
  ]
}

export const displayNameOf = (name: string): string => builtInRole(name)?.displayName ?? name

/**
 * Checks that there are such roles and that the actor may give and take them. `removed` ones that nobody knows any more
 * go without a question.
 */
export async function checkGrants(
  db: Executor,
  actor: Actor,
  organizationId: Uuid | null,
  change: { readonly added: readonly string[]; readonly removed?: readonly string[]; readonly field?: string },
): Promise<void> {
  const { added, removed = [], field = 'roles' } = change
  if (added.length + removed.length === 0) return
  const known = new Map((await knownRoles(db, organizationId)).map((role) => [role.name, role]))
  const problems: Problem[] = added
    .filter((name) => !known.has(name))
    .map((name) => {
      const other =
        builtInRole(name) === undefined ? '' : organizationId === null ? ', only within one' : ', only everywhere'
      const place = organizationId === null ? 'everywhere' : 'in this organization'
      return { field, detail: `there is no role ${JSON.stringify(name)} that is held ${place}${other}` }
    })
  if (problems.length > 0) throw new Fault('invalid', 'these roles cannot be given', { problems })
  demand(actor, 'role:assign', organizationId === null ? {} : { organizationId })
  for (const [verb, names] of [
    ['give', added],
    ['take away', removed],
  ] as const) {
    for (const name of names) {
      const role = known.get(name)
      const missing = role === undefined ? [] : missingToGrant(actor, role, organizationId)
      if (missing.length > 0)
        throw lacking(`you cannot ${verb} the role ${name}, which has more than you have`, missing)
    }
  }
}

export const lacking = (message: string, missing: readonly string[]): Fault =>
  new Fault('forbidden', message, {
    fix: `you lack ${missing.slice(0, 8).join(', ')}${missing.length > 8 ? ` and ${missing.length - 8} more` : ''}`,
  })

/**
 * Makes these the roles that the user holds everywhere, or in the organization. Changes of roles wait for each other, so
 * that of two owners who unmake each other one stays; what the actor may do is looked at again inside.
 */
export async function assignRoles(
  tx: Tx,
  scope: Scope,
  wish: {
    readonly userId: Uuid
    readonly organizationId: Uuid | null
    readonly roles: readonly string[]
    readonly at: Date
  },
): Promise<void> {
  const { userId, organizationId, at } = wish
  await lockOwners(tx)
  const actor = await actorNow(tx, signedIn(scope))
  const user = await lockUser(tx, userId)
  const member = organizationId === null ? undefined : await findMember(tx, organizationId, userId)
  const held = organizationId === null ? user?.roles : member?.roles
  if (user === undefined || held === undefined) throw new Fault('not_found', 'there is no such user')

  const roles = [...new Set(wish.roles)].filter((name) => !isImplied(name))
  const added = roles.filter((name) => !held.includes(name))
  const removed = held.filter((name) => !roles.includes(name))
  await checkGrants(tx, actor, organizationId, { added, removed })
  if (await syncedRoles(tx, userId, organizationId)) {
    throw new Fault('forbidden', `the identity provider decides about the roles of ${user.username} there`, {
      fix: 'change them at the provider; a change by hand would be undone with the next sync',
    })
  }
  if (added.length + removed.length === 0) return
  if (organizationId === null && removed.includes('owner')) await checkOwnerStays(tx, user)

  if (organizationId === null) await updateUser(tx, userId, { roles }, at)
  else await updateMemberRoles(tx, organizationId, userId, roles, at)
  const [organization] = organizationId === null ? [] : await findOrganizations(tx, [organizationId])
  await appendAudit(tx, { scope, at, ...rolesChanged(user, organization, held, roles) })
  const facts = {
    where: organization?.name ?? 'everywhere',
    added: added.join(', '),
    removed: removed.join(', '),
    by: actor.username,
  }
  await enqueue(tx, { event: 'roles-changed', userIds: [userId], facts, at })
  await notifyCredentials(tx, credentialChannel, changePayload({ userId }))
}

/** To be asked with `lockOwners`, before an owner stops being one. */
export async function checkOwnerStays(
  tx: Tx,
  owner: { readonly status: string; readonly is_service_account: boolean },
): Promise<void> {
  if (owner.status === 'suspended' || owner.is_service_account || (await countActiveOwners(tx)) > 1) return
  throw new Fault('conflict', 'the last owner stays', { fix: 'make somebody else an owner first' })
}

/** What the actor may know of the roles of somebody whom he may see. */
export const mayReadRoles = (actor: Actor, userId: Uuid, organizationId: Uuid | null): boolean =>
  userId === actor.userId || allows(actor, 'role:read', organizationId === null ? {} : { organizationId })
