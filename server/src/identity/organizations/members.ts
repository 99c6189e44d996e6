import { Fault, isUuid } from '@reeve/base'
import type { Grantable } from '@reeve/sdk'
import type { Actor } from '../../access/actor.ts'
import { visibility } from '../../access/policy.ts'
import { appendAudit } from '../../audit/journal.ts'
import type { Executor, Tx } from '../../db/database.ts'
import { isUniqueViolation } from '../../db/failures.ts'
import { demand } from '../../http/demand.ts'
import { type Scope, signedIn } from '../../http/implement.ts'
import { readSearch } from '../../http/search.ts'
import { membershipChanged, rolesChanged } from '../events.ts'
import { changeCredentials, type Identity, reach } from '../identity.ts'
import {
  findMember,
  insertMember,
  lockOrganization,
  type MemberRow,
  type OrganizationRow,
  removeMemberships,
  selectMembers,
} from './queries.ts'
import { syncedMemberships } from '../oidc/synced.ts'
import { checkBelongsElsewhere, resolveOrganization } from './organizations.ts'
import { findUser, lockOwners, lockUser, type UserRow } from '../queries.ts'
import { refusalOnRecord } from '../refused.ts'
import { assignRoles, checkGrants } from '../roles/roles.ts'
import { actorNow } from '../roles/standing.ts'

/** Who belongs to an organization, and with which roles. */

export async function listMembers(
  { db }: Identity,
  actor: Actor,
  ref: string,
  query: {
    readonly q?: string | undefined
    readonly limit?: number | undefined
    readonly offset?: number | undefined
    readonly after_id?: string | undefined
  },
): Promise<{ rows: MemberRow[]; count: number }> {
  const { id: organizationId } = await resolveOrganization(db.sql, actor, ref, 'organization_member:read')
  const { words, values } = readSearch(query.q ?? '', ['role', 'status'])
  const filter = {
    visible: visibility(actor, 'organization_member:read'),
    organizationId,
    words,
    roles: values('role'),
    statuses: values('status'),
  }
  const page = { limit: query.limit ?? 100, offset: query.offset ?? 0, afterId: query.after_id }
  return selectMembers(db.sql, filter, page)
}

/** The member whom a path names, for somebody who may do this with him. */
export async function resolveMember(
  { db }: Identity,
  actor: Actor,
  ref: string,
  userRef: string,
  needs: Grantable,
): Promise<{ organization: OrganizationRow; member: MemberRow }> {
  const organization = await resolveOrganization(db.sql, actor, ref, needs)
  const user = await named({ db }, actor, userRef)
  const member = user === undefined ? undefined : await findMember(db.sql, organization.id, user.id)
  const object = { id: member?.user_id ?? '', organizationId: organization.id }
  const wish = { read: 'organization_member:read', needs, object, noun: 'member' } as const
  return { organization, member: reach(member, actor, wish) }
}

const named = ({ db }: Pick<Identity, 'db'>, actor: Actor, ref: string): Promise<UserRow | undefined> =>
  findUser(db.sql, ref === 'me' ? { id: actor.userId } : isUuid(ref) ? { id: ref } : { username: ref })

/**
 * Whoever may add members adds anybody whose name he knows: that there is such a user is then no secret to him. The new
 * member gets what the organization gives to all new ones.
 */
export async function addMember(identity: Identity, scope: Scope, ref: string, userRef: string): Promise<MemberRow> {
  const { db, clock } = identity
  const actor = signedIn(scope)
  const { id } = await resolveOrganization(db.sql, actor, ref, 'organization_member:create')
  const user = await named(identity, actor, userRef)
  if (user === undefined) throw new Fault('not_found', 'there is no such user')
  await refuseSynced(db.sql, user)
  try {
    return await changeCredentials(identity, { userId: user.id }, async (tx) => {
      await lockOwners(tx)
      demand(await actorNow(tx, actor), 'organization_member:create', { organizationId: id })
      const organization = await lockOrganization(tx, id)
      if (organization === undefined || (await lockUser(tx, user.id)) === undefined) {
        throw new Fault('not_found', 'there is no such user')
      }
      const at = clock.now()
      const roles = organization.default_member_roles
      const stamps = { created_at: at, updated_at: at }
      await insertMember(tx, { organization_id: id, user_id: user.id, roles, ...stamps })
      const member = await findMember(tx, id, user.id)
      if (member === undefined) throw new Fault('internal', 'the member is not there after being added')
      await appendAudit(tx, { scope, at, ...membershipChanged(member, organization.name, 'began') })
      return member
    })
  } catch (thrown) {
    if (!isUniqueViolation(thrown, 'organization_members_pkey')) throw thrown
    throw new Fault('conflict', `${user.username} is a member already`)
  }
}

/** A membership takes its roles and groups along: who could not take those cannot end it. */
export async function removeMember(identity: Identity, scope: Scope, ref: string, userRef: string): Promise<void> {
  const actor = signedIn(scope)
  const found = await resolveMember(identity, actor, ref, userRef, 'organization_member:delete')
  const { organization } = found
  const userId = found.member.user_id
  await changeCredentials(identity, { userId }, async (tx) => {
    await lockOwners(tx)
    await lockUser(tx, userId)
    const member = await findMember(tx, organization.id, userId)
    if (member === undefined) throw new Fault('not_found', 'there is no such member')
    await refuseSynced(tx, { id: userId, username: member.username })
    const now = await actorNow(tx, actor)
    const givenToAll = new Set(organization.default_member_roles)
    const removed = member.roles.filter((name) => !givenToAll.has(name))
    await checkGrants(tx, now, organization.id, { added: [], removed })
    await checkBelongsElsewhere(tx, userId)
    await removeMemberships(tx, userId, organization.id)
    const at = identity.clock.now()
    await appendAudit(tx, { scope, at, ...membershipChanged(member, organization.name, 'ended') })
  })
}

async function refuseSynced(db: Executor, user: Pick<UserRow, 'id' | 'username'>): Promise<void> {
  if (!(await syncedMemberships(db, user.id))) return
  throw new Fault('forbidden', `the identity provider decides which organizations ${user.username} is in`, {
    fix: 'change it at the provider; a change by hand would be undone with the next sync',
  })
}

export async function setMemberRoles(
  identity: Identity,
  scope: Scope,
  ref: string,
  userRef: string,
  roles: readonly string[],
): Promise<MemberRow> {
  const found = await resolveMember(identity, signedIn(scope), ref, userRef, 'role:assign')
  const { organization_id: organizationId, user_id: userId } = found.member
  const assign = async (tx: Tx): Promise<MemberRow> => {
    await assignRoles(tx, scope, { userId, organizationId, roles, at: identity.clock.now() })
    const member = await findMember(tx, organizationId, userId)
    if (member === undefined) throw new Fault('not_found', 'there is no such member')
    return member
  }
  const { member, organization } = found
  const attempt = rolesChanged({ id: userId, username: member.username }, organization, member.roles, roles)
  return refusalOnRecord(identity, scope, attempt, () => changeCredentials(identity, { userId }, assign))
}
