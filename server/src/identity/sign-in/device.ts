import { Fault, uuidv7 } from '@reeve/base'
import type { DeviceLogin } from '@reeve/sdk'
import { mayHandOut } from '../../access/scopes.ts'
import { appendAudit } from '../../audit/journal.ts'
import type { Tx } from '../../db/database.ts'
import { isUniqueViolation } from '../../db/failures.ts'
import { type Scope, signedIn } from '../../http/implement.ts'
import { networkOf } from '../../http/rate-limit.ts'
import type { Identity } from '../identity.ts'
import { lockUser } from '../queries.ts'
import { beginSession } from './sessions.ts'
import { createGuessLimit, type GuessLimit } from './guess-limit.ts'
import { deviceCodeUnknown, deviceLoginAnswered, deviceSessionName } from './events.ts'
import {
  deleteExpiredDeviceLogins,
  type DeviceLoginRow,
  findDeviceLogin,
  insertDeviceLogin,
  lockDeviceLogin,
  lockLiveKey,
  updateDeviceLogin,
} from './queries.ts'
import { randomText, sha256 } from '../tokens/token.ts'
import { alphabets, newTypedCode, normalCode } from './typed-code.ts'

/**
 * Signing in a program through a browser (RFC 8628).
 *
 *   pending ──approved by somebody signed in──▶ approved ──the program asks──▶ used: it has a session
 *      │                                           └─his sessions end, or he is suspended──▶ denied
 *      └──denied──▶ denied            all of them are over ten minutes after the beginning
 *
 * The code on the screen is short: it tells which program is meant, to people who are signed in and may try few. The
 * program's own code is long, and is what the session is handed out for, once.
 */
const validMs = 10 * 60_000
/** 34 bits; ten guesses in a quarter of an hour. */
const userCodeChars = 8
const deviceCodeChars = 40
const intervalSeconds = 5
const slowDownSeconds = 5
const intervalSecondsMax = 60
/** Networks deliver unevenly. */
const earlyMs = 1_000

export const createCodeLimit = ({ db, clock }: Pick<Identity, 'db' | 'clock'>): GuessLimit =>
  createGuessLimit({ db, clock, name: 'device code', limit: 10, windowMs: 15 * 60_000 })

export async function startDeviceLogin(
  identity: Identity,
  scope: Scope,
  given: { readonly client_name: string; readonly host: string },
) {
  const { db, clock, accessUrl } = identity
  const deviceCode = randomText(deviceCodeChars)
  const begin = async (userCode: string): Promise<string> => {
    await db.transaction(async (tx) => {
      const now = clock.now()
      await deleteExpiredDeviceLogins(tx, now)
      await insertDeviceLogin(tx, {
        id: uuidv7(now),
        device_code_sha256: sha256(deviceCode),
        user_code: userCode,
        client_name: given.client_name,
        host: given.host,
        ip: scope.sourceIp,
        user_agent: scope.userAgent?.slice(0, 512) ?? null,
        interval_seconds: intervalSeconds,
        created_at: now,
        expires_at: new Date(now.getTime() + validMs),
      })
    })
    return userCode
  }
  const newCode = () => newTypedCode(alphabets.consonants, userCodeChars)
  const userCode = await begin(newCode()).catch((thrown: unknown) => {
    if (isUniqueViolation(thrown, 'device_logins_user_code_key')) return begin(newCode())
    throw thrown
  })
  return {
    device_code: deviceCode,
    user_code: userCode,
    verification_uri: `${accessUrl}/device`,
    verification_uri_complete: `${accessUrl}/device?code=${userCode}`,
    expires_in: validMs / 1000,
    interval: intervalSeconds,
  }
}

type PollError = 'authorization_pending' | 'slow_down' | 'access_denied' | 'expired_token'

export async function pollDeviceLogin(
  identity: Identity,
  scope: Scope,
  deviceCode: string,
): Promise<{ session_token: string | null; error: PollError | null; interval: number }> {
  const no = (error: PollError, interval = intervalSeconds) => ({ session_token: null, error, interval })
  try {
    return await identity.db.transaction(async (tx) => {
      const now = identity.clock.now()
      const by = { deviceCodeSha256: sha256(deviceCode) }
      const seen = await findDeviceLogin(tx, by, now)
      // The person before what he approved, as whoever suspends him takes them.
      if (typeof seen?.user_id === 'string') await lockUser(tx, seen.user_id)
      const row = await lockDeviceLogin(tx, by, now)
      // A code that was used, one that is over and one that never was: there is nothing to come.
      if (row === undefined || row.status === 'used') return no('expired_token')
      if (row.status === 'denied' || (row.status === 'approved' && row.user_id === null)) return no('access_denied')
      // Approved at this very moment: the next question finds it so.
      if (row.status === 'pending' || row.user_id === null || row.user_id !== seen?.user_id) {
        const { error, interval } = await wait(tx, row, now)
        return no(error, interval)
      }
      const kind = { loginType: 'device', name: deviceSessionName(row.host) } as const
      const token = await beginSession(tx, identity, scope, row.user_id, 'himself', kind)
      await updateDeviceLogin(tx, row.id, { status: 'used' })
      identity.logins.inc({ outcome: 'ok' })
      return { session_token: token.reveal(), error: null, interval: row.interval_seconds }
    })
  } catch (thrown) {
    // Suspended after he approved.
    if (thrown instanceof Fault && thrown.code === 'unauthenticated') return no('access_denied')
    throw thrown
  }
}

async function wait(tx: Tx, row: DeviceLoginRow, now: Date) {
  const sinceMs = row.polled_at === null ? Infinity : now.getTime() - row.polled_at.getTime()
  const isEarly = sinceMs < row.interval_seconds * 1000 - earlyMs
  const interval = isEarly ? Math.min(row.interval_seconds + slowDownSeconds, intervalSecondsMax) : row.interval_seconds
  await updateDeviceLogin(tx, row.id, { polled_at: now, interval_seconds: interval })
  return { error: isEarly ? ('slow_down' as const) : ('authorization_pending' as const), interval }
}

/** Whoever is signed in may look at what waits for an answer, and at what he answered. */
export async function showDeviceLogin(
  identity: Identity,
  guesses: GuessLimit,
  scope: Scope,
  code: string,
): Promise<DeviceLogin> {
  const { userId } = signedIn(scope)
  refuseGuessing(identity, guesses, userId)
  const row = await findDeviceLogin(identity.db.sql, { userCode: normalCode(code) }, identity.clock.now())
  if (row === undefined || (row.status !== 'pending' && row.user_id !== userId)) {
    throw await unknownCode(identity, guesses, scope)
  }
  return present(row, scope)
}

export async function answerDeviceLogin(
  identity: Identity,
  guesses: GuessLimit,
  scope: Scope,
  code: string,
  answer: 'approve' | 'deny',
): Promise<DeviceLogin> {
  const { db, clock } = identity
  const { userId, apiKeyId, scopes, allowList } = signedIn(scope)
  refuseGuessing(identity, guesses, userId)
  const answered = await db.transaction(async (tx) => {
    const now = clock.now()
    const row = await lockDeviceLogin(tx, { userCode: normalCode(code) }, now)
    if (row === undefined || (row.status !== 'pending' && row.user_id !== userId)) return null
    if (row.status !== 'pending') throw new Fault('conflict', 'this sign-in was answered already')
    const mine = await lockLiveKey(tx, apiKeyId, now)
    if (answer === 'approve' && (mine === undefined || mine.login_type === 'token')) {
      throw new Fault('forbidden', 'a token cannot approve a sign-in', {
        fix: 'sign in with a browser and approve there',
      })
    }
    if (answer === 'approve' && (!mayHandOut(scopes, 'all') || allowList !== null)) {
      throw new Fault('forbidden', 'this credential cannot hand out everything, as it does not have it')
    }
    const status = answer === 'approve' ? 'approved' : 'denied'
    await updateDeviceLogin(tx, row.id, { status, user_id: userId })
    await appendAudit(tx, { scope, at: now, ...deviceLoginAnswered(row, answer) })
    return { ...row, status, user_id: userId }
  })
  if (answered === null) throw await unknownCode(identity, guesses, scope)
  identity.deviceLogins.inc({ outcome: answer === 'approve' ? 'approved' : 'denied' })
  return present(answered, scope)
}

function refuseGuessing({ deviceLogins }: Identity, guesses: GuessLimit, userId: string): void {
  const seconds = guesses.waitSeconds(userId)
  if (seconds === null) return
  deviceLogins.inc({ outcome: 'limited' })
  throw new Fault('limited', 'too many wrong codes', { fix: `try again in ${Math.ceil(seconds / 60)} min` })
}

async function unknownCode({ db, clock, deviceLogins }: Identity, guesses: GuessLimit, scope: Scope): Promise<Fault> {
  await guesses.hit(signedIn(scope).userId)
  deviceLogins.inc({ outcome: 'unknown_code' })
  await db.transaction((tx) => appendAudit(tx, { scope, at: clock.now(), ...deviceCodeUnknown() }))
  return new Fault('not_found', 'no sign-in waits under this code', {
    fix: 'compare it with the terminal; a code works for 10 minutes, and reeve login makes a new one',
  })
}

function present(row: DeviceLoginRow, scope: Scope): DeviceLogin {
  const { id, user_code, client_name, host, ip, user_agent } = row
  return {
    id,
    user_code,
    client_name,
    host,
    ip,
    user_agent,
    same_network: networkOf(ip) === networkOf(scope.sourceIp),
    status: row.status === 'pending' ? 'pending' : row.status === 'denied' ? 'denied' : 'approved',
    created_at: row.created_at.toISOString(),
    expires_at: row.expires_at.toISOString(),
  }
}
