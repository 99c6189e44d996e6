import { Fault, type Secret, type Uuid } from '@reeve/base'
import type { Actor } from '../../access/actor.ts'
import { appendAudit } from '../../audit/journal.ts'
import type { Tx } from '../../db/database.ts'
import { type Scope, signedIn } from '../../http/implement.ts'
import { signedInAs, signedOut, userStatusChanged } from '../events.ts'
import { changeCredentials, holderOf, type Identity, resolveUser, visible } from '../identity.ts'
import { lockUser, updateUser, type UserRow } from '../queries.ts'
import { expireKeysOf, findKey, insertKey, type KeyRow } from '../tokens/queries.ts'
import { otherSessionsEnded, sessionEnded } from './events.ts'
import { notePlace } from './places.ts'
import { deleteSession, selectSessions } from './queries.ts'
import { holdings } from '../roles/custom-roles.ts'
import { findStanding } from '../roles/queries.ts'
import { rightsMark } from '../roles/rights-mark.ts'
import { newToken } from '../tokens/token.ts'

/**
 * The life of a session: begun by whoever proved who he is, under a new id each time; prolonged by use up to its end
 * (but for a program's, which has its whole time from the beginning); ended by signing out, by its owner from elsewhere,
 * by a new password, or by a suspension; given a new id when its holder's rights change (`renewal.ts`). Every beginning
 * and end is in the audit log.
 */
export interface SessionKind {
  /** Default: the way in which the user signs in. */
  readonly loginType?: 'password' | 'oidc' | 'github' | 'device'
  /** What its owner knows it by. */
  readonly name?: string
  /** Before the end that every session has. */
  readonly endsBy?: Date
  /** Why it is worth a second look, for the audit log. */
  readonly reason?: string
}

/** A session with every scope, beginning now, for the user himself or by the actor who asks. Returns its token. */
export async function startSession(
  identity: Identity,
  scope: Scope,
  user: Pick<UserRow, 'id'>,
  by: 'himself' | 'actor',
  kind: SessionKind = {},
): Promise<string> {
  const begun = await identity.db.transaction((tx) => beginSession(tx, identity, scope, user.id, by, kind))
  return begun.reveal()
}

/** The same in the transaction of what lets the user in: a suspension that came first is seen, one that comes waits. */
export async function beginSession(
  tx: Tx,
  { clock, sessionMs, sessionMaxMs }: Pick<Identity, 'clock' | 'sessionMs' | 'sessionMaxMs'>,
  scope: Scope,
  userId: Uuid,
  by: 'himself' | 'actor',
  kind: SessionKind = {},
): Promise<Secret> {
  const user = await lockUser(tx, userId)
  if (user === undefined || user.status === 'suspended' || user.is_service_account) {
    throw new Fault('unauthenticated', 'this account cannot sign in')
  }
  const { id, token, secretSha256 } = newToken()
  const loginType = kind.loginType ?? (user.login_type === 'oidc' ? 'oidc' : 'password')
  const now = clock.now()
  const endsMs = Math.min(now.getTime() + sessionMaxMs, kind.endsBy?.getTime() ?? Infinity)
  const lifetimeMs = loginType === 'device' ? sessionMaxMs : sessionMs
  await insertKey(tx, {
    id,
    secret_sha256: secretSha256,
    user_id: user.id,
    login_type: loginType,
    session_name: kind.name ?? '',
    scopes: ['all'],
    lifetime_seconds: Math.round(lifetimeMs / 1000),
    created_at: now,
    updated_at: now,
    expires_at: new Date(Math.min(now.getTime() + lifetimeMs, endsMs)),
    ends_at: new Date(endsMs),
    created_ip: scope.sourceIp,
    created_agent: scope.userAgent?.slice(0, 512) ?? null,
    rights_sha256: await rightsOfUser(tx, user.id),
  })
  const own = { ...scope, actor: { userId: user.id, apiKeyId: id } }
  if (user.status === 'dormant') {
    await updateUser(tx, user.id, { status: 'active' }, now)
    await appendAudit(tx, { scope: own, at: now, ...userStatusChanged(user, 'active', 0) })
  }
  const reason = kind.reason === undefined ? {} : { reason: kind.reason }
  await appendAudit(tx, { scope: by === 'himself' ? own : scope, at: now, ...signedInAs(user, id), ...reason })
  if (by === 'himself') await notePlace(tx, scope, user.id, now)
  return token
}

/** The mark of what somebody may do through his roles at this moment. */
export async function rightsOfUser(tx: Tx, userId: Uuid): Promise<Buffer | null> {
  const standing = await findStanding(tx, userId)
  return standing === undefined ? null : rightsMark(holdings(standing).roles)
}

export async function signOut(identity: Identity, scope: Scope): Promise<void> {
  const actor = signedIn(scope)
  await changeCredentials(identity, { userId: actor.userId }, async (tx) => {
    await lockUser(tx, actor.userId)
    await deleteSession(tx, actor.apiKeyId)
    await appendAudit(tx, {
      scope,
      at: identity.clock.now(),
      ...signedOut(actor.username, actor.userId, actor.apiKeyId),
    })
  })
}

export async function listSessions(identity: Identity, actor: Actor, ref: string): Promise<KeyRow[]> {
  const { db, clock } = identity
  const user = await resolveUser(db.sql, actor, ref, 'api_key:read')
  return selectSessions(db.sql, user.id, clock.now())
}

export async function endSession(identity: Identity, scope: Scope, ref: string, id: string): Promise<void> {
  const { db, clock } = identity
  const actor = signedIn(scope)
  const user = await resolveUser(db.sql, actor, ref, 'api_key:delete')
  const found = await findKey(db.sql, user.id, id)
  const session = found?.login_type === 'token' || found?.id !== id ? undefined : found
  const { session_name } = visible(session, actor, 'api_key:delete', holderOf(user, actor), 'there is no such session')
  await changeCredentials(identity, { userId: user.id }, async (tx) => {
    await lockUser(tx, user.id)
    await deleteSession(tx, id)
    await appendAudit(tx, { scope, at: clock.now(), ...sessionEnded(user, id, session_name) })
  })
}

/** Whoever asks for somebody else ends all of them. */
export async function endOtherSessions(identity: Identity, scope: Scope, ref: string): Promise<number> {
  const actor = signedIn(scope)
  const user = await resolveUser(identity.db.sql, actor, ref, 'api_key:delete')
  return changeCredentials(identity, { userId: user.id }, async (tx) => {
    const now = identity.clock.now()
    const ended = await expireKeysOf(tx, user.id, { kind: 'sessions', except: actor.apiKeyId }, now)
    await appendAudit(tx, { scope, at: now, ...otherSessionsEnded(user, ended) })
    return ended
  })
}
