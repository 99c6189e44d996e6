import { timingSafeEqual } from 'node:crypto'
import { Fault } from '@reeve/base'
import { appendAudit } from '../../audit/journal.ts'
import type { Tx } from '../../db/database.ts'
import type { Scope } from '../../http/implement.ts'
import { createGuessLimit, type GuessLimit } from './guess-limit.ts'
import { enqueue, enqueueMail } from '../../outbox/outbox.ts'
import { changeCredentials, type Identity } from '../identity.ts'
import { findUser, lockUser, updateUser, type UserRow } from '../queries.ts'
import { expireKeysOf } from '../tokens/queries.ts'
import { passwordReset, resetRefused, resetRequested } from './events.ts'
import { countWrongPasscode, deletePasswordReset, lockPasswordReset, replacePasswordReset } from './queries.ts'
import { sha256 } from '../tokens/token.ts'
import { alphabets, newTypedCode, normalCode } from './typed-code.ts'

/**
 * A new password for somebody who forgot the old one.
 *
 *   asked for ──code mailed──▶ valid for 20 minutes ──right code and a new password──▶ used
 *                                │ a new request replaces it; five wrong codes or the time end it
 *
 * Whoever asks learns nothing about an address: what is answered, and when, is the same whether somebody has it. The
 * work itself is a little longer for an address that exists, which hides behind a fixed time.
 */
const validMinutes = 20
const attempts = 5
/** 80 bits. */
const passcodeChars = 16
const answerAfterMs = 250

export const createResetLimit = ({ db, clock }: Pick<Identity, 'db' | 'clock'>): GuessLimit =>
  createGuessLimit({ db, clock, name: 'password reset', limit: 5, windowMs: 60 * 60_000 })

export async function requestPasswordReset(
  identity: Identity,
  limit: GuessLimit,
  scope: Scope,
  { email }: { readonly email: string },
): Promise<void> {
  const account = email.toLowerCase()
  const seconds = limit.waitSeconds(account) ?? (await limit.hit(account))
  if (seconds !== null) {
    identity.passwordResets.inc({ outcome: 'limited' })
    throw new Fault('limited', 'a new password was asked for too often', {
      fix: `use the mail that was sent last, or try again in ${Math.ceil(seconds / 60)} min`,
    })
  }
  const isMailed = await noSoonerThan(answerAfterMs, mailCode(identity, scope, email))
  identity.passwordResets.inc({ outcome: isMailed ? 'requested' : 'request_refused' })
}

async function mailCode(identity: Identity, scope: Scope, email: string): Promise<boolean> {
  const { db, clock, keyring, accessUrl } = identity
  return db.transaction(async (tx) => {
    const at = clock.now()
    const user = await findUser(tx, { email })
    const reason = whyNot(identity, user)
    if (user === undefined || reason !== null) {
      await appendAudit(tx, { scope, at, ...resetRefused(user, email, reason ?? 'unknown e-mail') })
      return false
    }
    const code = newTypedCode(alphabets.lettersAndDigits, passcodeChars)
    await replacePasswordReset(tx, {
      user_id: user.id,
      passcode_sha256: sha256(code),
      attempts_left: attempts,
      created_at: at,
      expires_at: new Date(at.getTime() + validMinutes * 60_000),
    })
    // What follows the # stays in the browser: no server or proxy writes it into a log.
    const link = `${accessUrl}/reset-password#${new URLSearchParams({ email: user.email, code })}`
    await enqueueMail(
      tx,
      { to: user.email, template: 'password-reset', facts: { username: user.username }, secrets: { link }, at },
      keyring,
    )
    await appendAudit(tx, { scope, at, ...resetRequested(user, validMinutes) })
    return true
  })
}

/** Why somebody does not get a code; told to the audit log alone. */
function whyNot({ passwordSignIn }: Identity, user: UserRow | undefined): string | null {
  if (user === undefined) return 'unknown e-mail'
  if (user.login_type !== 'password') return `signs in by ${user.login_type}`
  if (user.status === 'suspended') return 'suspended'
  return passwordSignIn === 'owners' && !user.roles.includes('owner') ? 'passwords are switched off' : null
}

/**
 * Of two that come with the same code, the second finds it used: both hold its row while they look. The password is
 * hashed in between, so that a guess costs no more than a look.
 */
export async function resetPassword(
  identity: Identity,
  scope: Scope,
  given: { readonly email: string; readonly one_time_passcode: string; readonly password: string },
): Promise<void> {
  const { db, clock, passwords } = identity
  const code = normalCode(given.one_time_passcode)
  const user = await findUser(db.sql, { email: given.email })
  const isGood = await noSoonerThan(
    answerAfterMs,
    db.transaction((tx) => checkPasscode(tx, scope, user, given.email, code, clock.now())),
  )
  if (!isGood || user === undefined) throw wrongCode(identity)
  const hash = await passwords.hash(given.password)
  const isDone = await changeCredentials(identity, { userId: user.id }, async (tx) => {
    const at = clock.now()
    const locked = await lockUser(tx, user.id)
    if (locked === undefined || whyNot(identity, locked) !== null) return false
    if (!(await checkPasscode(tx, scope, locked, given.email, code, at))) return false
    await deletePasswordReset(tx, user.id)
    await updateUser(tx, user.id, { password_hash: hash }, at)
    const ended = await expireKeysOf(tx, user.id, { kind: 'sessions' }, at)
    await appendAudit(tx, { scope, at, ...passwordReset(locked, ended) })
    await enqueue(tx, { event: 'password-changed', userIds: [user.id], facts: { by: user.username }, at })
    return true
  })
  if (!isDone) throw wrongCode(identity)
  identity.passwordResets.inc({ outcome: 'done' })
}

/** A wrong code is counted and put on record; that commits, whatever the caller answers. */
async function checkPasscode(
  tx: Tx,
  scope: Scope,
  user: UserRow | undefined,
  email: string,
  code: string,
  at: Date,
): Promise<boolean> {
  const reset = user === undefined ? undefined : await lockPasswordReset(tx, user.id, at)
  if (reset !== undefined && timingSafeEqual(reset.passcode_sha256, sha256(code))) return true
  if (reset !== undefined) await countWrongPasscode(tx, reset.user_id)
  const reason = user === undefined ? 'unknown e-mail' : reset === undefined ? 'no valid code' : 'wrong code'
  await appendAudit(tx, { scope, at, ...resetRefused(user, email, reason) })
  return false
}

function wrongCode({ passwordResets }: Identity): Fault {
  passwordResets.inc({ outcome: 'refused' })
  return new Fault('invalid', 'the password was not changed', {
    fix: 'ask for a new mail if the code is older than 20 minutes or was used already',
    problems: [{ field: 'one_time_passcode', detail: 'is wrong or no longer valid' }],
  })
}

/** Also a failure comes no sooner. */
async function noSoonerThan<T>(ms: number, work: Promise<T>): Promise<T> {
  const [done] = await Promise.allSettled([work, new Promise((resolve) => setTimeout(resolve, ms))])
  if (done.status === 'rejected') throw done.reason
  return done.value
}
