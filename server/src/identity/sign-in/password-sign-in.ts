import { Fault } from '@reeve/base'
import { appendAudit } from '../../audit/journal.ts'
import type { Scope, SessionCookie } from '../../http/implement.ts'
import { networkOf } from '../../http/rate-limit.ts'
import { enqueue } from '../../outbox/outbox.ts'
import { signInRefused } from '../events.ts'
import type { Identity } from '../identity.ts'
import { findUser, type UserRow } from '../queries.ts'
import { createGuessLimit, type GuessLimit } from './guess-limit.ts'
import { beginSession } from './sessions.ts'

/** Signing in with a password. Every attempt, good or bad, is in the audit log. */

/** Wrong passwords for one account: from one network, and from all of them together. */
export interface GuessLimits {
  readonly fromOneNetwork: GuessLimit
  readonly fromAnywhere: GuessLimit
}

const windowMs = 15 * 60_000

export const createGuessLimits = ({ db, clock }: Pick<Identity, 'db' | 'clock'>): GuessLimits => ({
  fromOneNetwork: createGuessLimit({ db, clock, name: 'password network', limit: 10, windowMs }),
  fromAnywhere: createGuessLimit({ db, clock, name: 'password', limit: 100, windowMs }),
})

export async function signIn(
  identity: Identity,
  guesses: GuessLimits,
  scope: Scope,
  { email, password }: { readonly email: string; readonly password: string },
): Promise<{ result: { session_token: string }; session: SessionCookie }> {
  const { db, clock, passwords, logins, passwordSignIn } = identity
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
  const isShut = passwordSignIn === 'owners' && user?.roles.includes('owner') !== true
  if (user === undefined || !isRight || user.status === 'suspended' || isShut) {
    await Promise.all([guesses.fromOneNetwork.hit(here), guesses.fromAnywhere.hit(account)])
    logins.inc({ outcome: 'refused' })
    const reason =
      user === undefined
        ? 'unknown e-mail'
        : !isRight
          ? 'wrong password'
          : user.status === 'suspended'
            ? 'suspended'
            : 'passwords are switched off'
    await db.transaction((tx) => appendAudit(tx, { scope, at: clock.now(), ...signInRefused(user, email, reason) }))
    // One answer for all reasons: whether an address has an account is not for strangers.
    throw new Fault('unauthenticated', 'the e-mail address or the password is wrong')
  }
  const token = await begin(identity, scope, user)
  logins.inc({ outcome: 'ok' })
  return { result: { session_token: token }, session: { token, maxAgeMs: identity.sessionMaxMs } }
}

/** Where passwords are for emergencies, each use of one is on record as such, and every owner hears of it. */
async function begin(identity: Identity, scope: Scope, user: UserRow): Promise<string> {
  const isEmergency = identity.passwordSignIn === 'owners'
  const begun = await identity.db.transaction(async (tx) => {
    const kind = isEmergency ? { reason: 'break-glass' } : {}
    const session = await beginSession(tx, identity, scope, user.id, 'himself', kind)
    const facts = { username: user.username, ip: scope.sourceIp ?? 'this machine' }
    const at = identity.clock.now()
    if (isEmergency) await enqueue(tx, { event: 'break-glass-sign-in', userIds: 'owners', facts, at })
    return session
  })
  return begun.reveal()
}
