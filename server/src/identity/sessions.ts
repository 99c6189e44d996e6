import { type Clock, Fault } from '@reeve/base'
import { appendAudit } from '../audit/journal.ts'
import { type Scope, type SessionCookie, signedIn } from '../http/implement.ts'
import { createRateLimit, networkOf, type RateLimit } from '../http/rate-limit.ts'
import { signedInAs, signedOut, signInRefused } from './events.ts'
import { changeCredentials, type Identity } from './identity.ts'
import { deleteKey, findUser, insertKey, type UserRow } from './queries.ts'
import { newToken } from './token.ts'

/** Signing in and out. Every attempt, good or bad, is in the audit log. */

/** Wrong passwords for one account: from one network, and from all of them together. */
export interface GuessLimits {
  readonly fromOneNetwork: RateLimit
  readonly fromAnywhere: RateLimit
}

const windowMs = 15 * 60_000
/** Use prolongs a session, which the browser does not hear of: its cookie outlives it, and the server says when it ended. */
const cookieMs = 30 * 86_400_000

export const createGuessLimits = (clock: Clock): GuessLimits => ({
  fromOneNetwork: createRateLimit({ clock, limit: 10, windowMs }),
  fromAnywhere: createRateLimit({ clock, limit: 100, windowMs }),
})

export async function signIn(
  identity: Identity,
  guesses: GuessLimits,
  scope: Scope,
  { email, password }: { readonly email: string; readonly password: string },
): Promise<{ result: { session_token: string }; session: SessionCookie }> {
  const { db, clock, passwords, logins, sessionMs } = identity
  const account = email.toLowerCase()
  const here = `${account} ${networkOf(scope.sourceIp)}`
  const seconds = guesses.fromOneNetwork.waitSeconds(here) ?? guesses.fromAnywhere.waitSeconds(account)
  if (seconds !== null) {
    logins.inc({ outcome: 'limited' })
    throw new Fault('limited', 'too many wrong passwords', { fix: `try again in ${Math.ceil(seconds / 60)} min` })
  }
  const user = await findUser(db.sql, { email })
  const hash = user?.login_type === 'password' ? user.password_hash : null
  const isRight = await passwords.verify(hash, password)
  if (user === undefined || !isRight || user.status === 'suspended') {
    guesses.fromOneNetwork.hit(here)
    guesses.fromAnywhere.hit(account)
    logins.inc({ outcome: 'refused' })
    const reason = user === undefined ? 'unknown e-mail' : isRight ? 'suspended' : 'wrong password'
    await db.transaction((tx) => appendAudit(tx, { scope, at: clock.now(), ...signInRefused(user, email, reason) }))
    // One answer for all reasons: whether an address has an account is not for strangers.
    throw new Fault('unauthenticated', 'the e-mail address or the password is wrong')
  }
  const token = await startSession(identity, scope, user, 'himself')
  logins.inc({ outcome: 'ok' })
  return { result: { session_token: token }, session: { token, maxAgeMs: Math.max(sessionMs, cookieMs) } }
}

/** A session with every scope, beginning now, for the user himself or by the actor who asks. Returns its token. */
export async function startSession(
  identity: Identity,
  scope: Scope,
  user: UserRow,
  by: 'himself' | 'actor',
): Promise<string> {
  const { db, clock, sessionMs } = identity
  const { id, token, secretSha256 } = newToken()
  await db.transaction(async (tx) => {
    const now = clock.now()
    await insertKey(tx, {
      id,
      secret_sha256: secretSha256,
      user_id: user.id,
      login_type: 'password',
      scopes: ['all'],
      lifetime_seconds: Math.round(sessionMs / 1000),
      created_at: now,
      updated_at: now,
      expires_at: new Date(now.getTime() + sessionMs),
      created_ip: scope.sourceIp,
      created_agent: scope.userAgent?.slice(0, 512) ?? null,
    })
    const actor = by === 'himself' ? { userId: user.id, apiKeyId: id } : scope.actor
    await appendAudit(tx, { scope: { ...scope, actor }, at: now, ...signedInAs(user, id) })
  })
  return token.reveal()
}

export async function signOut(identity: Identity, scope: Scope): Promise<void> {
  const actor = signedIn(scope)
  await changeCredentials(identity, { keyId: actor.apiKeyId }, async (tx) => {
    await deleteKey(tx, actor.apiKeyId)
    await appendAudit(tx, {
      scope,
      at: identity.clock.now(),
      ...signedOut(actor.username, actor.userId, actor.apiKeyId),
    })
  })
}
