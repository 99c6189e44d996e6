import { Fault, type Uuid, uuidv7 } from '@reeve/base'
import type { Actor } from '../../access/actor.ts'
import { allows, visibility } from '../../access/policy.ts'
import { appendAudit } from '../../audit/journal.ts'
import type { Tx } from '../../db/database.ts'
import { isUniqueViolation } from '../../db/failures.ts'
import { type Scope, type SessionCookie, signedIn } from '../../http/implement.ts'
import { readSearch } from '../../http/search.ts'
import { enqueue } from '../../outbox/outbox.ts'
import {
  passwordChangeRefused,
  passwordChanged,
  profileChanged,
  userCreated,
  userDeleted,
  userStatusChanged,
} from '../events.ts'
import { demand } from '../../http/demand.ts'
import { changeCredentials, type Identity, resolveUser } from '../identity.ts'
import { deleteGitKey } from '../git-keys/queries.ts'
import { findOrganizations, removeMemberships } from '../organizations/queries.ts'
import { checkSuspension } from '../policy.ts'
import {
  countActiveOwners,
  findUser,
  insertUser,
  lockOwners,
  lockUser,
  selectUsers,
  updateUser,
  type UserRow,
} from '../queries.ts'
import { expireKeysOf } from '../tokens/queries.ts'
import { isImplied } from '../../access/built-in-roles.ts'
import { refusalOnRecord } from '../refused.ts'
import { checkGrants, checkOwnerStays } from '../roles/roles.ts'
import {
  type AccountWish,
  checkAnsweredFor,
  readAccount,
  responsibleFor,
  suspendAccountsOf,
} from './service-accounts.ts'
import { deleteUserSecretsOf } from '../user-secrets/queries.ts'
import { beginSession } from '../sign-in/sessions.ts'
import { actorNow, checkOutranks } from '../roles/standing.ts'

/** People: list, create, suspend, activate, and their passwords. */

export interface NewUser extends AccountWish {
  readonly username: string
  readonly name?: string | undefined
  readonly organization_ids?: readonly string[] | undefined
  readonly roles?: readonly string[] | undefined
}

export async function createUser(identity: Identity, scope: Scope, given: NewUser): Promise<UserRow> {
  const { db, clock, passwords } = identity
  const { email, loginType } = readAccount(given)
  const hash = given.password === undefined ? null : await passwords.hash(given.password)
  return refuseDuplicates(() =>
    db.transaction(async (tx) => {
      await lockOwners(tx)
      const actor = await actorNow(tx, signedIn(scope))
      const organizationIds = await existing(tx, actor, given.organization_ids ?? [])
      const roles = (given.roles ?? []).filter((role) => !isImplied(role))
      await checkGrants(tx, actor, null, { added: roles })
      const ownerId = await responsibleFor(tx, actor, given)
      const facts = { ...given, email, loginType, hash, roles, organizationIds, ownerId }
      return addUser(tx, facts, clock.now(), scope)
    }),
  )
}

/** The organizations asked for, or the default one: everybody belongs somewhere. */
async function existing(tx: Tx, actor: Actor, asked: readonly string[]): Promise<string[]> {
  const found = await findOrganizations(tx, asked.length === 0 ? 'all' : asked)
  const ids =
    asked.length === 0
      ? found.filter(({ is_default }) => is_default).map(({ id }) => id)
      : found.map(({ id }) => id).filter((id) => allows(actor, 'organization_member:create', { organizationId: id }))
  if (ids.length === 0 || ids.length < new Set(asked).size) {
    const problems = [{ field: 'organization_ids', detail: 'names an organization that does not exist' }]
    throw new Fault('invalid', 'such a user cannot be made', { problems })
  }
  return ids
}

export interface UserFacts {
  readonly email: string
  readonly username: string
  readonly name?: string | undefined
  readonly loginType: 'password' | 'oidc' | 'none'
  readonly hash: string | null
  readonly roles: readonly string[]
  readonly organizationIds: readonly string[]
  /** Of a service account: who is responsible. Null for a person. */
  readonly ownerId?: string | null
}

export async function addUser(tx: Tx, facts: UserFacts, now: Date, scope: Scope): Promise<UserRow> {
  const row = {
    id: uuidv7(now),
    username: facts.username,
    name: facts.name ?? '',
    email: facts.email,
    status: 'active',
    login_type: facts.loginType,
    password_hash: facts.hash,
    roles: [...new Set(facts.roles)],
    is_service_account: (facts.ownerId ?? null) !== null,
    owner_id: facts.ownerId ?? null,
    created_at: now,
    updated_at: now,
  }
  await insertUser(tx, row, facts.organizationIds)
  await appendAudit(tx, { scope, at: now, ...userCreated(row, facts.hash !== null) })
  // The first owner is told of nobody: there is nobody else, and he knows.
  if (scope.actor !== null) {
    const told = { username: row.username, email: row.email, by: scope.actor.username }
    await enqueue(tx, { event: 'user-created', userIds: 'user-admins', facts: told, at: now })
  }
  const made = await findUser(tx, { id: row.id })
  if (made === undefined) throw new Fault('internal', 'the user is not there after it was made')
  return made
}

export async function refuseDuplicates<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (thrown) {
    if (isUniqueViolation(thrown, 'users_username')) throw new Fault('conflict', 'this username is taken')
    if (isUniqueViolation(thrown, 'users_email')) throw new Fault('conflict', 'this e-mail address is taken')
    throw thrown
  }
}

export interface UserPage {
  readonly q?: string | undefined
  readonly limit?: number | undefined
  readonly offset?: number | undefined
  readonly after_id?: string | undefined
}

export function listUsers(identity: Identity, actor: Actor, { q = '', limit = 100, offset = 0, after_id }: UserPage) {
  const keys = ['status', 'role', 'login_type', 'last_seen_before', 'kind', 'owner', 'organization', 'group']
  const { words, values } = readSearch(q, keys)
  const roles = values('role')
  const filter = {
    visible: visibility(actor, 'user:read'),
    words,
    statuses: values('status'),
    // Everybody holds those that are implied.
    roles: roles.some(isImplied) ? [] : roles,
    loginTypes: values('login_type'),
    lastSeenBefore: readDay(values('last_seen_before').at(-1)),
    kinds: values('kind').map(readKind),
    responsible: values('owner').map((ref) => (ref.toLowerCase() === 'me' ? actor.userId : ref)),
    organizations: values('organization'),
    groups: values('group'),
  }
  return selectUsers(identity.db.sql, filter, { limit, offset, afterId: after_id })
}

function readKind(text: string): 'person' | 'service' {
  if (text === 'person' || text === 'service') return text
  const problems = [{ field: 'q', detail: `kind: ${text} is neither person nor service` }]
  throw new Fault('invalid', 'the search is not understood', { problems })
}

function readDay(text: string | undefined): Date | 'never' | null {
  if (text === undefined || text === 'never') return text ?? null
  const date = new Date(text)
  if (/^\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d))?$/.test(text) && !Number.isNaN(date.getTime())) return date
  const problems = [{ field: 'q', detail: `last_seen_before: ${text} is no day such as 2026-01-31, nor never` }]
  throw new Fault('invalid', 'the search is not understood', { problems })
}

/** Ends every credential of the user: after an activation there have to be new ones. */
export async function suspendUser(identity: Identity, scope: Scope, ref: string): Promise<UserRow> {
  const actor = signedIn(scope)
  const { id } = await resolveUser(identity.db.sql, actor, ref, 'user:update')
  let theirs: Uuid[] = []
  const suspended = await changeCredentials(identity, { userId: id }, async (tx) => {
    await lockOwners(tx)
    const user = await locked(tx, id)
    await checkOutranks(tx, await actorNow(tx, actor), id)
    if (user.status === 'suspended') return user
    checkSuspension(
      { id, isOwner: user.roles.includes('owner') && !user.is_service_account },
      actor.userId,
      await countActiveOwners(tx),
    )
    const now = identity.clock.now()
    await updateUser(tx, id, { status: 'suspended' }, now)
    const ended = await expireKeysOf(tx, id, { kind: 'all' }, now)
    await appendAudit(tx, { scope, at: now, ...userStatusChanged(user, 'suspended', ended) })
    await tellOfStatus(tx, 'suspended', user, actor, now)
    theirs = await suspendAccountsOf(tx, scope, user, actor, now)
    return locked(tx, id)
  })
  for (const userId of theirs) identity.forget({ userId })
  return suspended
}

export async function activateUser(identity: Identity, scope: Scope, ref: string): Promise<UserRow> {
  const actor = signedIn(scope)
  const { id } = await resolveUser(identity.db.sql, actor, ref, 'user:update')
  return identity.db.transaction(async (tx) => {
    await lockOwners(tx)
    const user = await locked(tx, id)
    await checkOutranks(tx, await actorNow(tx, actor), id)
    if (user.status === 'active') return user
    await checkAnsweredFor(tx, user)
    const now = identity.clock.now()
    await updateUser(tx, id, { status: 'active' }, now)
    await appendAudit(tx, { scope, at: now, ...userStatusChanged(user, 'active', 0) })
    // Who comes back from dormancy was not kept out.
    if (user.status === 'suspended') await tellOfStatus(tx, 'activated', user, actor, now)
    return locked(tx, id)
  })
}

async function tellOfStatus(
  tx: Tx,
  what: 'suspended' | 'activated',
  { id, username }: UserRow,
  actor: Actor,
  at: Date,
): Promise<void> {
  const by = actor.username
  await enqueue(tx, { event: `account-${what}`, userIds: [id], facts: { by }, at })
  await enqueue(tx, { event: `user-${what}`, userIds: 'user-admins', facts: { username, by }, at })
}

/** One's own password needs the old one, whoever one is: a borrowed session must not be enough to keep the account. */
export async function changePassword(
  identity: Identity,
  scope: Scope,
  ref: string,
  given: { readonly old_password?: string | undefined; readonly password: string },
): Promise<SessionCookie | undefined> {
  const { db, clock, passwords } = identity
  const actor = signedIn(scope)
  const user = await resolveUser(db.sql, actor, ref, 'user:read')
  const isOwn = user.id === actor.userId
  if (!isOwn && !allows(actor, 'user:update', { ownerId: user.id })) {
    throw new Fault('forbidden', 'only an owner may change the password of somebody else')
  }
  if (user.login_type !== 'password') {
    throw new Fault('invalid', 'this user does not sign in with a password', {
      problems: [{ field: 'user', detail: `signs in by ${user.login_type}` }],
    })
  }
  if (isOwn && !(await passwords.verify(user.password_hash, given.old_password ?? ''))) {
    await db.transaction((tx) => appendAudit(tx, { scope, at: clock.now(), ...passwordChangeRefused(user) }))
    throw new Fault('invalid', 'the password was not changed', {
      problems: [{ field: 'old_password', detail: 'is wrong' }],
    })
  }
  const hash = await passwords.hash(given.password)
  const attempt = passwordChangeRefused(user)
  // A browser takes a session with a new id; a program keeps the one that it asked with, as it could not be told.
  const isRenewed = isOwn && scope.fromCookie === true
  const change = async (tx: Tx) => {
    await checkOutranks(tx, await actorNow(tx, actor), user.id)
    const now = clock.now()
    await updateUser(tx, user.id, { password_hash: hash }, now)
    const kind = 'sessions'
    const which = isOwn && !isRenewed ? ({ kind, except: actor.apiKeyId } as const) : ({ kind } as const)
    const ended = await expireKeysOf(tx, user.id, which, now)
    await appendAudit(tx, { scope, at: now, ...passwordChanged(user, ended) })
    await enqueue(tx, { event: 'password-changed', userIds: [user.id], facts: { by: actor.username }, at: now })
    if (!isRenewed) return undefined
    const token = (await beginSession(tx, identity, scope, user.id, 'himself')).reveal()
    return { token, maxAgeMs: identity.sessionMaxMs }
  }
  return refusalOnRecord(identity, scope, attempt, () => changeCredentials(identity, { userId: user.id }, change))
}

/** One's own name is one's own to change; that of another needs what every act on his account needs. */
export async function changeProfile(
  identity: Identity,
  scope: Scope,
  ref: string,
  given: { readonly username?: string | undefined; readonly name?: string | undefined },
): Promise<UserRow> {
  const actor = signedIn(scope)
  const { id } = await resolveUser(identity.db.sql, actor, ref, 'user:read')
  if (id !== actor.userId) demand(actor, 'user:update', { ownerId: id })
  return refuseDuplicates(() =>
    changeCredentials(identity, { userId: id }, async (tx) => {
      const old = await locked(tx, id)
      await checkOutranks(tx, await actorNow(tx, actor), id)
      const now = identity.clock.now()
      await updateUser(tx, id, given, now)
      const next = await locked(tx, id)
      await appendAudit(tx, { scope, at: now, ...profileChanged(old, next) })
      return next
    }),
  )
}

/**
 * What is left of a deleted user is a tombstone: the record goes on naming the person, and nothing lets anybody in. The
 * name and the address are free again; an id never is.
 */
export async function deleteUser(identity: Identity, scope: Scope, ref: string): Promise<void> {
  const actor = signedIn(scope)
  const found = await resolveUser(identity.db.sql, actor, ref, 'user:delete')
  const { id } = found
  if (id === actor.userId) throw new Fault('conflict', 'nobody can delete himself', { fix: 'ask another owner' })
  let theirs: Uuid[] = []
  const remove = async (tx: Tx) => {
    await lockOwners(tx)
    const user = await locked(tx, id)
    await checkOutranks(tx, await actorNow(tx, actor), id)
    if (user.roles.includes('owner')) await checkOwnerStays(tx, user)
    const now = identity.clock.now()
    const ended = await expireKeysOf(tx, id, { kind: 'all' }, now)
    await removeMemberships(tx, id, null)
    await deleteGitKey(tx, id)
    await deleteUserSecretsOf(tx, id)
    await updateUser(tx, id, { deleted_at: now, roles: [], password_hash: null }, now)
    await appendAudit(tx, { scope, at: now, ...userDeleted(user, ended) })
    const facts = { username: user.username, by: actor.username }
    await enqueue(tx, { event: 'user-deleted', userIds: 'user-admins', facts, at: now })
    theirs = await suspendAccountsOf(tx, scope, user, actor, now)
  }
  const attempt = userDeleted(found, 0)
  await refusalOnRecord(identity, scope, attempt, () => changeCredentials(identity, { userId: id }, remove))
  for (const userId of theirs) identity.forget({ userId })
}

async function locked(tx: Tx, id: string): Promise<UserRow> {
  const user = await lockUser(tx, id)
  if (user === undefined) throw new Fault('not_found', 'there is no such user')
  return user
}
