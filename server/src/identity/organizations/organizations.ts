import { Fault, isUuid, uuidv7 } from '@reeve/base'
import type { Grantable } from '@reeve/sdk'
import type { Actor } from '../../access/actor.ts'
import { appendAudit } from '../../audit/journal.ts'
import type { Executor, Tx } from '../../db/database.ts'
import { isUniqueViolation } from '../../db/failures.ts'
import { type Scope, signedIn } from '../../http/implement.ts'
import { organizationChanged } from '../events.ts'
import { changeCredentials, type Identity, reach } from '../identity.ts'
import {
  countMembers,
  findMember,
  findOrganization,
  insertOrganization,
  lockOrganization,
  type OrganizationChange,
  type OrganizationRow,
  removeOrganization,
  updateOrganization,
} from './queries.ts'
import { findUser, lockOwners } from '../queries.ts'
import { isImplied } from '../../access/built-in-roles.ts'
import { checkGrants } from '../roles/roles.ts'
import { actorNow } from '../roles/standing.ts'

/** Organizations: made, changed, deleted. */

/** The organization that a path names, by id or name or as `default`, for somebody who may do this in it. */
export async function resolveOrganization(
  db: Executor,
  actor: Actor,
  ref: string,
  needs: Grantable,
): Promise<OrganizationRow> {
  const by = isUuid(ref) ? { id: ref.toLowerCase() } : ({ name: ref } as const)
  const found =
    (await findOrganization(db, by)) ?? (ref === 'default' ? await findOrganization(db, 'default') : undefined)
  const object = { id: found?.id ?? '', organizationId: found?.id ?? '' }
  // What is inside an organization is asked for by its own id, and the allow list of the credential names that.
  const asked = needs.startsWith('organization:') ? object : { organizationId: object.organizationId }
  return reach(found, actor, { read: 'organization:read', needs, object: asked, noun: 'organization' })
}

export interface NewOrganization {
  readonly name: string
  readonly display_name?: string | undefined
  readonly description?: string | undefined
  readonly icon?: string | undefined
  readonly default_member_roles?: readonly string[] | undefined
  readonly require_boundary?: boolean | undefined
}

export async function createOrganization(
  identity: Identity,
  scope: Scope,
  given: NewOrganization,
): Promise<OrganizationRow> {
  const { db, clock } = identity
  const now = clock.now()
  const row = {
    id: uuidv7(now),
    name: given.name,
    display_name: given.display_name ?? '',
    description: given.description ?? '',
    icon: given.icon ?? '',
    default_member_roles: grantable(given.default_member_roles ?? ['organization-workspace-access']),
    is_default: false,
    require_boundary: given.require_boundary ?? false,
    created_at: now,
    updated_at: now,
    deleted_at: null,
  }
  await refuseTakenName(() =>
    db.transaction(async (tx) => {
      await checkDefaults(tx, scope, row.id, [], row.default_member_roles)
      await insertOrganization(tx, row)
      await appendAudit(tx, { scope, at: now, ...organizationChanged(row.id, null, row) })
    }),
  )
  return row
}

export async function changeOrganization(
  identity: Identity,
  scope: Scope,
  ref: string,
  given: Omit<OrganizationChange, 'default_member_roles'> & {
    readonly default_member_roles?: readonly string[] | undefined
  },
): Promise<OrganizationRow> {
  const { db, clock } = identity
  const { id } = await resolveOrganization(db.sql, signedIn(scope), ref, 'organization:update')
  return refuseTakenName(() =>
    db.transaction(async (tx) => {
      // Before the organization, as everywhere: who waits for both waits in one order.
      await lockOwners(tx)
      const old = await locked(tx, id)
      const roles = given.default_member_roles
      if (roles !== undefined) await checkDefaults(tx, scope, id, old.default_member_roles, grantable(roles))
      const { default_member_roles: _, ...plain } = given
      const change = { ...plain, ...(roles === undefined ? {} : { default_member_roles: grantable(roles) }) }
      const now = clock.now()
      await updateOrganization(tx, id, change, now)
      const next = await locked(tx, id)
      await appendAudit(tx, { scope, at: now, ...organizationChanged(id, old, next) })
      return next
    }),
  )
}

/**
 * Whoever deletes an organization may be its last member, and nobody else: an organization full of people is more often
 * a mistake than a wish. Its row stays, so that what was recorded in it keeps its name; the name is free again.
 */
export async function deleteOrganization(identity: Identity, scope: Scope, ref: string): Promise<void> {
  const actor = signedIn(scope)
  const { id } = await resolveOrganization(identity.db.sql, actor, ref, 'organization:delete')
  await changeCredentials(identity, { userId: actor.userId }, async (tx) => {
    await lockOwners(tx)
    const old = await locked(tx, id)
    if (old.is_default) throw new Fault('conflict', 'the default organization stays')
    const isMember = (await findMember(tx, id, actor.userId)) !== undefined
    const others = (await countMembers(tx, id)) - (isMember ? 1 : 0)
    if (others > 0) {
      throw new Fault('conflict', `${old.name} still has ${others} ${others === 1 ? 'member' : 'members'} beside you`, {
        fix: 'remove them first',
      })
    }
    if (isMember) await checkBelongsElsewhere(tx, actor.userId)
    const now = identity.clock.now()
    await removeOrganization(tx, id, now)
    await appendAudit(tx, { scope, at: now, ...organizationChanged(id, old, null) })
  })
}

/** Everybody belongs somewhere: a session has an organization that it is recorded in. */
export async function checkBelongsElsewhere(tx: Tx, userId: string): Promise<void> {
  const user = await findUser(tx, { id: userId })
  if (user === undefined || user.organization_ids.length > 1) return
  throw new Fault('conflict', `${user.username} is in no other organization`, {
    fix: 'add the user to another organization first, or delete the user',
  })
}

/** What new members get is given to all of them by whoever sets it. */
async function checkDefaults(
  tx: Tx,
  scope: Scope,
  organizationId: string,
  old: readonly string[],
  now: readonly string[],
): Promise<void> {
  await lockOwners(tx)
  const actor = await actorNow(tx, signedIn(scope))
  const added = now.filter((name) => !old.includes(name))
  const removed = old.filter((name) => !now.includes(name))
  await checkGrants(tx, actor, organizationId, { added, removed, field: 'default_member_roles' })
}

const grantable = (roles: readonly string[]): string[] => [...new Set(roles)].filter((name) => !isImplied(name))

async function locked(tx: Tx, id: string): Promise<OrganizationRow> {
  const row = await lockOrganization(tx, id)
  if (row === undefined) throw new Fault('not_found', 'there is no such organization')
  return row
}

async function refuseTakenName<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (thrown) {
    if (isUniqueViolation(thrown, 'organizations_name')) {
      throw new Fault('conflict', 'there is an organization of this name already')
    }
    throw thrown
  }
}
