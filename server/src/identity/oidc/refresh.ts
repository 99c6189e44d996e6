import { randomInt } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { type Log, type Secret, toError, type Uuid, uuidv7 } from '@reeve/base'
import { appendAudit } from '../../audit/journal.ts'
import { contextOf } from '../../keyring/keyring.ts'
import { changeCredentials } from '../identity.ts'
import { lockOwners, lockUser } from '../queries.ts'
import { expireKeysOf } from '../tokens/queries.ts'
import { type Claims, storableClaims } from './claims.ts'
import { sessionsEndedByProvider } from './events.ts'
import type { Oidc } from './oidc.ts'
import { followProfile, isInAllowedGroup } from './people.ts'
import type { Outcome, Refreshed } from './provider.ts'
import { canBeAsked, type LinkRow, takeDueLinks, takeLinkOf, updateLink } from './queries.ts'
import { issuerOf } from './settings.ts'
import { applyClaims } from './sync.ts'

/**
 * What changes at the provider counts here within 15 minutes, whether people sign in or not: every refresh token is
 * exchanged every 8 to 10 minutes while its owner has a live credential, and what the provider says then is applied as at
 * a sign-in. Of several replicas one takes each link, for as long as asking can take. The provider says no: the sessions
 * end. The provider says nothing, or nothing that can be believed: everything stays, and it is asked again soon.
 */
const minute = 60_000
const refreshMaxMs = 10 * minute
export const nextRefresh = (now: Date): Date => new Date(now.getTime() + randomInt(8 * minute, refreshMaxMs))
/** Longer than three questions to a provider that answers at its last moment. */
const leaseMs = 2 * minute
const tickMs = minute / 2
const atOnce = 4

export function keepRefreshing(oidc: Oidc, log: Log): AsyncDisposable {
  let isStopping = false
  let running = Promise.resolve()
  let isRunning = false
  const tick = () => {
    if (isRunning) return
    isRunning = true
    running = refreshDue(oidc, log, () => isStopping)
      .then(() => {})
      .catch((thrown: unknown) => {
        log.warn({ err: toError(thrown) }, 'people are not compared with the identity provider yet')
      })
      .finally(() => (isRunning = false))
  }
  const timer = setInterval(tick, tickMs)
  timer.unref()
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      isStopping = true
      await running
    },
  }
}

/** Until nobody is due. Returns how many were asked for. */
export async function refreshDue(oidc: Oidc, log: Log, isStopping = () => false): Promise<number> {
  const { identity } = oidc
  const issuer = issuerOf(oidc.config)
  let count = 0
  while (!isStopping()) {
    const now = identity.clock.now()
    const again = new Date(now.getTime() + leaseMs)
    const links = await takeDueLinks(identity.db.sql, { issuer, now, again, limit: atOnce })
    await Promise.all(links.map((link) => refreshOne(oidc, link, log)))
    count += links.length
    if (links.length < atOnce) break
  }
  return count
}

/** Gives the access token that came with it, for somebody who may still act. */
async function refreshOne(oidc: Oidc, link: LinkRow, log: Log): Promise<Secret | null> {
  try {
    const outcome = await ask(oidc, link)
    oidc.refreshes.inc({ outcome: outcome.kind })
    if (outcome.kind === 'ok') return (await apply(oidc, link, outcome.value)) ? outcome.value.accessToken : null
    else if (outcome.kind === 'refused')
      await endSessions(oidc, link, 'the identity provider refused the refresh token')
    else await tryAgain(oidc, link, outcome.reason, log)
  } catch (thrown) {
    log.warn({ err: toError(thrown), link: link.id }, 'somebody is not compared with the identity provider yet')
  }
  return null
}

const triesMax = 60
const betweenTriesMs = 250

/**
 * What the provider's own services take from a user, made for whoever asks here: none is kept, as hardly any build asks
 * and each is good for minutes. Null where there is none to be had; the provider is heard as at any other refresh. It
 * waits while somebody else asks about this user: a refresh token that is shown twice ends all that came of it.
 */
export async function accessTokenOf(oidc: Oidc, userId: Uuid, log: Log): Promise<Secret | null> {
  const { identity, config } = oidc
  const whose = { issuer: issuerOf(config), userId }
  for (let tries = 0; tries < triesMax; tries++) {
    const link = await takeLinkOf(identity.db.sql, { ...whose, now: identity.clock.now(), leaseMs, refreshMaxMs })
    if (link !== undefined) return refreshOne(oidc, link, log)
    if (!(await canBeAsked(identity.db.sql, whose))) return null
    await wait(betweenTriesMs)
  }
  return null
}

async function ask({ keyring, provider }: Oidc, link: LinkRow): Promise<Outcome<Refreshed>> {
  const sealed = link.refresh_token ?? ''
  const token = keyring.open(sealed, contextOf('user_links', 'refresh_token', link.id))
  return provider.refresh(token.reveal(), link.subject)
}

/** Whether he may still act. */
async function apply(oidc: Oidc, link: LinkRow, told: Refreshed): Promise<boolean> {
  const { identity, config, keyring } = oidc
  const claims = currentClaims(link, told)
  if (!isInAllowedGroup(config, claims)) {
    await endSessions(oidc, link, 'none of the groups is in REEVE_OIDC_ALLOWED_GROUPS any more')
    return false
  }
  const now = identity.clock.now()
  const scope = { requestId: uuidv7(now), sourceIp: null, userAgent: null }
  const sealed =
    told.refreshToken === null
      ? link.refresh_token
      : keyring.seal(told.refreshToken, contextOf('user_links', 'refresh_token', link.id))
  const isChanged = await identity.db.transaction(async (tx) => {
    await lockOwners(tx)
    const set = {
      refresh_token: sealed,
      claims: storableClaims(claims),
      synced_at: now,
      updated_at: now,
      next_sync_at: nextRefresh(now),
      failures: 0,
    }
    // Whoever signed in meanwhile brought a newer token and newer claims.
    if (!(await updateLink(tx, link.id, set, link.refresh_token))) return false
    const user = await lockUser(tx, link.user_id)
    if (user === undefined) return false
    await followProfile(tx, config, user, claims, scope, now)
    return applyClaims(tx, config, user, claims, scope, now)
  })
  if (isChanged) identity.forget({ userId: link.user_id })
  return true
}

/** Without an ID token, what user info does not mention is as it was. */
function currentClaims(link: LinkRow, { claims, isPartial }: Refreshed): Claims {
  const before: Claims = Object(link.claims)
  if (claims === null) return before
  return isPartial ? { ...before, ...claims } : claims
}

async function endSessions(oidc: Oidc, link: LinkRow, reason: string): Promise<void> {
  const { identity } = oidc
  const now = identity.clock.now()
  const scope = { actor: null, requestId: uuidv7(now), sourceIp: null, userAgent: null }
  await changeCredentials(identity, { userId: link.user_id }, async (tx) => {
    const set = { refresh_token: null, updated_at: now }
    if (!(await updateLink(tx, link.id, set, link.refresh_token))) return
    const user = await lockUser(tx, link.user_id)
    if (user === undefined) return
    const count = await expireKeysOf(tx, user.id, { kind: 'sessions' }, now)
    await appendAudit(tx, { scope, at: now, ...sessionsEndedByProvider(user, count, reason) })
  })
}

async function tryAgain({ identity }: Oidc, link: LinkRow, reason: string, log: Log): Promise<void> {
  const now = identity.clock.now()
  const failures = Math.min(link.failures + 1, 1_000)
  if (link.failures === 0)
    log.warn({ link: link.id, reason }, 'the identity provider gave no usable word about somebody')
  const waitMs = Math.min(failures, 4) * minute
  await updateLink(identity.db.sql, link.id, { failures, next_sync_at: new Date(now.getTime() + waitMs) })
}
