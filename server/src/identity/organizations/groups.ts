import { Fault, isUuid, type Problem, type Uuid, uuidv7 } from '@reeve/base'
import type { Grantable } from '@reeve/sdk'
import type { Actor } from '../../access/actor.ts'
import { allows, visibility } from '../../access/policy.ts'
import { appendAudit } from '../../audit/journal.ts'
import type { Tx } from '../../db/database.ts'
import { isUniqueViolation } from '../../db/failures.ts'
import { type Scope, signedIn } from '../../http/implement.ts'
import { changePayload, credentialChannel } from '../tokens/authenticate.ts'
import { groupChanged } from '../events.ts'
import {
  addToGroup,
  deleteGroup as deleteGroupRow,
  findGroup,
  type GroupFields,
  type GroupRow,
  insertGroup,
  lockGroup,
  removeFromGroup,
  selectGroups,
  updateGroup,
} from './group-queries.ts'
import { type Identity, reach } from '../identity.ts'
import { findMembersNamed } from './queries.ts'
import { resolveOrganization } from './organizations.ts'
import { notifyCredentials } from '../tokens/queries.ts'

/**
 * Groups of an organization, for quotas and for access lists of objects. A group whose source is `oidc` is filled by the
 * identity provider: what a person would change there by hand, the next sign-in would undo.
 */

export async function listGroups({ db }: Identity, actor: Actor, ref: string): Promise<GroupRow[]> {
  const { id } = await resolveOrganization(db.sql, actor, ref, 'group:read')
  return selectGroups(db.sql, id, visibility(actor, 'group:read'))
}

export async function resolveGroup({ db }: Identity, actor: Actor, id: Uuid, needs: Grantable): Promise<GroupRow> {
  const found = await findGroup(db.sql, { id })
  const object = { id, organizationId: found?.organization_id ?? '' }
  return reach(found, actor, { read: 'group:read', needs, object, noun: 'group' })
}

export async function resolveGroupNamed(
  { db }: Identity,
  actor: Actor,
  organization: string,
  ref: string,
): Promise<GroupRow> {
  const { id: organizationId } = await resolveOrganization(db.sql, actor, organization, 'group:read')
  const found = await findGroup(db.sql, { ...(isUuid(ref) ? { id: ref } : { name: ref }), organizationId })
  const object = { id: found?.id ?? '', organizationId }
  return reach(found, actor, { read: 'group:read', needs: 'group:read', object, noun: 'group' })
}

export async function createGroup(
  identity: Identity,
  scope: Scope,
  ref: string,
  given: GroupFields & { readonly name: string },
): Promise<GroupRow> {
  const { db, clock } = identity
  const organization = await resolveOrganization(db.sql, signedIn(scope), ref, 'group:create')
  const now = clock.now()
  const row = {
    id: uuidv7(now),
    organization_id: organization.id,
    name: given.name,
    display_name: given.display_name ?? '',
    avatar_url: given.avatar_url ?? '',
    quota_allowance: given.quota_allowance ?? 0,
    source: 'user',
    created_at: now,
    updated_at: now,
  }
  await refuseTakenName(() =>
    db.transaction(async (tx) => {
      await insertGroup(tx, row)
      await appendAudit(tx, { scope, at: now, ...groupChanged(null, row) })
    }),
  )
  return { ...row, organization_name: organization.name, total_member_count: 0 }
}

export interface GroupChange extends GroupFields {
  readonly add_users?: readonly string[] | undefined
  readonly remove_users?: readonly string[] | undefined
}

export async function changeGroup(identity: Identity, scope: Scope, id: Uuid, given: GroupChange): Promise<GroupRow> {
  const { db, clock } = identity
  await resolveGroup(identity, signedIn(scope), id, 'group:update')
  const { add_users: add = [], remove_users: remove = [], ...fields } = given
  const now = clock.now()
  const { changed, group } = await refuseTakenName(() =>
    db.transaction(async (tx) => {
      const old = await locked(tx, id)
      const people = await setGroupMembers(tx, old, { add, remove }, now)
      checkOwnWay(signedIn(scope), old, people.added)
      await updateGroup(tx, id, fields, now)
      const next = await locked(tx, id)
      await appendAudit(tx, { scope, at: now, ...groupChanged(old, next, people) })
      return { changed: people.userIds, group: next }
    }),
  )
  for (const userId of changed) identity.forget({ userId })
  return group
}

/**
 * Objects grant things to groups, so that joining one is being given what they grant: somebody lets others in, and himself
 * only who may give roles there.
 */
function checkOwnWay(actor: Actor, { name, organization_id }: GroupRow, added: readonly string[]): void {
  if (!added.includes(actor.username) || allows(actor, 'role:assign', { organizationId: organization_id })) return
  throw new Fault('forbidden', `nobody lets himself into the group ${name}`, {
    fix: 'ask somebody else who may change the group, or who may give roles in the organization',
  })
}

/**
 * Adds and removes members of the organization, given by username or id; who is in the group already, or is not, is left
 * as he is. Other replicas hear of it when the transaction commits. Returns whose groups have changed.
 */
export async function setGroupMembers(
  tx: Tx,
  group: Pick<GroupRow, 'id' | 'organization_id' | 'name' | 'source'>,
  wish: { readonly add: readonly string[]; readonly remove: readonly string[] },
  at: Date,
): Promise<{ userIds: Uuid[]; added: string[]; removed: string[] }> {
  if (wish.add.length + wish.remove.length === 0) return { userIds: [], added: [], removed: [] }
  if (group.source === 'oidc') {
    throw new Fault('forbidden', `the identity provider says who is in the group ${group.name}`, {
      fix: 'change the group there; it counts here with the next sign-in, and within 15 minutes',
    })
  }
  const members = await findMembersNamed(tx, group.organization_id, [...wish.add, ...wish.remove])
  const problems: Problem[] = []
  const read = (field: string, refs: readonly string[]): Uuid[] =>
    refs.flatMap((ref, i) => {
      const name = ref.toLowerCase()
      const found = members.find((row) => row.user_id === name || row.username.toLowerCase() === name)
      if (found !== undefined) return [found.user_id]
      problems.push({ field: `${field}.${i}`, detail: `${JSON.stringify(ref)} is no member of the organization` })
      return []
    })
  const [toAdd, toRemove] = [read('add_users', wish.add), read('remove_users', wish.remove)]
  if (problems.length > 0) throw new Fault('invalid', 'the group was not changed', { problems })
  const added = await addToGroup(tx, group.id, [...new Set(toAdd)], at)
  const removed = await removeFromGroup(tx, group.id, [...new Set(toRemove)])
  const userIds = [...new Set([...added, ...removed])]
  for (const userId of userIds) await notifyCredentials(tx, credentialChannel, changePayload({ userId }))
  const names = (ids: readonly Uuid[]) =>
    members.filter(({ user_id }) => ids.includes(user_id)).map(({ username }) => username)
  return { userIds, added: names(added), removed: names(removed) }
}

export async function deleteGroup(identity: Identity, scope: Scope, id: Uuid): Promise<void> {
  const { db, clock } = identity
  await resolveGroup(identity, signedIn(scope), id, 'group:delete')
  const gone = await db.transaction(async (tx) => {
    const old = await locked(tx, id)
    const userIds = await deleteGroupRow(tx, id)
    for (const userId of userIds) await notifyCredentials(tx, credentialChannel, changePayload({ userId }))
    await appendAudit(tx, { scope, at: clock.now(), ...groupChanged(old, null) })
    return userIds
  })
  for (const userId of gone) identity.forget({ userId })
}

async function locked(tx: Tx, id: Uuid): Promise<GroupRow> {
  const group = await lockGroup(tx, id)
  if (group === undefined) throw new Fault('not_found', 'there is no such group')
  return group
}

async function refuseTakenName<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (thrown) {
    if (isUniqueViolation(thrown, 'groups_name')) {
      throw new Fault('conflict', 'there is a group of this name in the organization')
    }
    throw thrown
  }
}
