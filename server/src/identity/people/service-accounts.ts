import { Fault, isUuid, type Problem, type Uuid } from '@reeve/base'
import type { Actor } from '../../access/actor.ts'
import { allows } from '../../access/policy.ts'
import { appendAudit } from '../../audit/journal.ts'
import type { Tx } from '../../db/database.ts'
import { type Scope, signedIn } from '../../http/implement.ts'
import { type Identity, resolveUser } from '../identity.ts'
import { findUser, lockOwners, lockUser, updateUser, type UserRow } from '../queries.ts'
import { expireKeysOf, notifyCredentials } from '../tokens/queries.ts'
import { enqueue } from '../../outbox/outbox.ts'
import { userStatusChanged } from '../events.ts'
import { changePayload, credentialChannel } from '../tokens/authenticate.ts'
import { selectLiveAccountsOf } from './queries.ts'
import { responsibleChanged } from '../sign-in/events.ts'
import { actorNow, checkOutranks } from '../roles/standing.ts'

/**
 * An account for programs. It is a user in all that access and the record ask, and no person: it does not sign in, has
 * no password and no address (the empty text is stored), and never becomes dormant. A person is responsible for it, and
 * makes its tokens. It is disabled by suspending it, which ends them; it is suspended with that person.
 */
export interface AccountWish {
  readonly email?: string | undefined
  readonly password?: string | undefined
  readonly login_type?: 'password' | 'none' | undefined
  readonly service_account?: boolean | undefined
  readonly owner?: string | undefined
}

/** How a new account signs in, if it does, and its address. Throws `invalid` with all that does not fit together. */
export function readAccount(wish: AccountWish): { email: string; loginType: 'password' | 'none' } {
  const { email, password, service_account = false, owner } = wish
  const loginType = service_account ? 'none' : (wish.login_type ?? 'password')
  const problems: Problem[] = []
  const refuse = (field: string, detail: string) => problems.push({ field, detail })
  if (service_account && wish.login_type === 'password') refuse('login_type', 'must be none for a service account')
  if (service_account && email !== undefined) refuse('email', 'must be left out for a service account')
  if (!service_account && email === undefined) refuse('email', 'is needed')
  if (!service_account && owner !== undefined) refuse('owner', 'is for service accounts')
  if (loginType === 'password' && password === undefined) refuse('password', 'is needed')
  if (loginType === 'none' && password !== undefined) {
    refuse('password', 'must be left out for a user who does not sign in with one')
  }
  if (problems.length > 0) throw new Fault('invalid', 'such a user cannot be made', { problems })
  return { email: email ?? '', loginType }
}

/** Who is responsible: the person named, or whoever makes it. Null for an account of a person. */
export async function responsibleFor(tx: Tx, actor: Actor, wish: AccountWish): Promise<Uuid | null> {
  if (wish.service_account !== true) return null
  const ref = wish.owner ?? 'me'
  const found = await findUser(tx, ref === 'me' ? { id: actor.userId } : isUuid(ref) ? { id: ref } : { username: ref })
  const isFit = found !== undefined && !found.is_service_account && found.status !== 'suspended'
  if (isFit && allows(actor, 'user:read', { ownerId: found.id })) return found.id
  const problems = [{ field: 'owner', detail: 'is not a person who could be responsible' }]
  throw new Fault('invalid', 'such a user cannot be made', { problems })
}

/**
 * Nobody answers for them any more, and nobody would notice what their tokens do: they end with the person. Whoever
 * administers hears of each, hands over what is needed, and activates it. Gives the accounts, to be forgotten.
 */
export async function suspendAccountsOf(tx: Tx, scope: Scope, person: UserRow, by: Actor, at: Date): Promise<Uuid[]> {
  const accounts = person.is_service_account ? [] : await selectLiveAccountsOf(tx, person.id)
  for (const { id } of accounts) {
    const account = await lockUser(tx, id)
    if (account === undefined) continue
    await updateUser(tx, id, { status: 'suspended' }, at)
    const ended = await expireKeysOf(tx, id, { kind: 'all' }, at)
    const reason = `${person.username} answers for it`
    await appendAudit(tx, { scope, at, ...userStatusChanged(account, 'suspended', ended), reason })
    const facts = { username: account.username, responsible: person.username, by: by.username }
    await enqueue(tx, { event: 'service-account-suspended', userIds: 'user-admins', facts, at })
    await notifyCredentials(tx, credentialChannel, changePayload({ userId: id }))
  }
  return accounts.map(({ id }) => id)
}

/** An account that nobody answers for does not come back. */
export async function checkAnsweredFor(tx: Tx, account: UserRow): Promise<void> {
  if (!account.is_service_account || account.owner_id === null) return
  const person = await findUser(tx, { id: account.owner_id })
  if (person !== undefined && person.status !== 'suspended') return
  throw new Fault('conflict', `nobody answers for ${account.username}: who did was suspended or deleted`, {
    fix: `hand it over first: reeve users hand-over ${account.username} <person>`,
  })
}

/** For when a person leaves: the account goes on, and somebody else answers for it and makes its tokens. */
export async function setResponsible(identity: Identity, scope: Scope, ref: string, owner: string): Promise<UserRow> {
  const { db, clock } = identity
  const { id } = await resolveUser(db.sql, signedIn(scope), ref, 'user:update')
  return db.transaction(async (tx) => {
    await lockOwners(tx)
    const actor = await actorNow(tx, signedIn(scope))
    await checkOutranks(tx, actor, id)
    const account = await lockUser(tx, id)
    if (account?.is_service_account !== true) {
      const problems = [{ field: 'user', detail: 'is a person, and responsible for himself' }]
      throw new Fault('invalid', 'only a service account has somebody who is responsible for it', { problems })
    }
    const ownerId = await responsibleFor(tx, actor, { service_account: true, owner })
    const at = clock.now()
    await updateUser(tx, id, { owner_id: ownerId }, at)
    await appendAudit(tx, { scope, at, ...responsibleChanged(account, ownerId) })
    return { ...account, owner_id: ownerId, updated_at: at }
  })
}
