import { type Clock, Fault, type Secret, type Uuid, uuidv7 } from '@reeve/base'
import { appendAudit, type AuditEntry } from '../audit/journal.ts'
import type { Tx } from '../db/database.ts'
import { enqueue } from '../outbox/outbox.ts'
import { renewalFailed, tokenRenewed } from './events.ts'
import type { ExternalAuth } from './external-auth.ts'
import { notLinked, openAccessToken, openRefreshToken, sealedTokens } from './links.ts'
import { type Provider, providerNamed } from './provider.ts'
import { findLink, type LinkRow, lockLink, updateLink } from './queries.ts'

/**
 * Tokens are renewed when somebody needs one that has ended, under a lock on the row: a provider that hands out refresh
 * tokens for one use takes a second use for theft, and ends everything. Whoever waited for the lock finds the new token.
 *
 *   fresh ──its end is near, and somebody needs it──▶ renewing ──new tokens──▶ fresh
 *   renewing ──the provider cannot be reached, or fails──▶ failing ──somebody needs it, a while later──▶ renewing
 *   renewing ──the provider refuses the refresh token──▶ expired, until the account is linked again
 *   fresh ──its end comes, and there is no refresh token──▶ expired
 */
export interface AccessToken {
  readonly token: Secret
  readonly expiresAt: Date | null
}

export type LinkState = 'ok' | 'expired' | 'failing'

/** A token is not given to somebody who would find it ended on arrival. */
const marginMs = 60_000
/** Whoever comes right after a failure gets the same answer, and the provider its peace. */
const failurePauseMs = 10_000
/** Each renewal holds a connection to the database while the provider is asked; the others must not run out of them. */
const renewalsMax = 3

export function createAccessTokens(room: ExternalAuth): (userId: Uuid, providerId: string) => Promise<AccessToken> {
  const running = new Map<string, Promise<LinkRow>>()
  const turns = createTurns(renewalsMax)

  return async (userId, providerId) => {
    const provider = providerNamed(room.providers, providerId)
    const row = await findLink(room.db.sql, userId, provider.id)
    if (row === undefined) throw notLinked(provider)
    if (isFresh(row, room.clock)) return opened(room, row)
    const name = `${userId} ${provider.id}`
    const renewal = running.get(name) ?? turns(() => renew(room, provider, userId))
    running.set(name, renewal)
    try {
      return opened(room, await renewal)
    } finally {
      running.delete(name)
    }
  }
}

const opened = (room: ExternalAuth, row: LinkRow): AccessToken => ({
  token: openAccessToken(room, row),
  expiresAt: row.expires_at,
})

const isFresh = ({ expires_at }: LinkRow, clock: Clock): boolean =>
  expires_at === null || expires_at.getTime() - clock.now().getTime() > marginMs

const canRenew = (provider: Provider, row: LinkRow): boolean => provider.refreshes && row.refresh_token !== null

export function linkState(row: LinkRow, provider: Provider | undefined, clock: Clock): LinkState {
  const renewable = provider !== undefined && canRenew(provider, row)
  if (renewable) return row.refresh_failed_at === null ? 'ok' : 'failing'
  const hasEnded = row.expires_at !== null && row.expires_at.getTime() <= clock.now().getTime()
  return hasEnded || row.refresh_failed_at !== null ? 'expired' : 'ok'
}

/** What a failed renewal writes is kept, so that it is a result of the transaction and thrown after it. */
async function renew(room: ExternalAuth, provider: Provider, userId: Uuid): Promise<LinkRow> {
  const result = await room.db.transaction(async (tx) => {
    const row = await lockLink(tx, userId, provider.id)
    if (row === undefined) return notLinked(provider)
    if (isFresh(row, room.clock)) return row
    if (!canRenew(provider, row)) return ended(provider, row)
    const sinceFailureMs = room.clock.now().getTime() - (row.refresh_failed_at?.getTime() ?? Number.NEGATIVE_INFINITY)
    if (sinceFailureMs < failurePauseMs) return failing(provider, row.refresh_failure ?? '')
    return ask(room, tx, provider, row)
  })
  const outcome = result instanceof Fault ? (result.code === 'upstream' ? 'failed' : 'refused') : 'renewed'
  room.refreshes.inc({ provider: provider.id, outcome })
  if (result instanceof Fault) throw result
  return result
}

async function ask(room: ExternalAuth, tx: Tx, provider: Provider, row: LinkRow): Promise<LinkRow | Fault> {
  const refreshToken = openRefreshToken(room, row)
  if (refreshToken === null) return ended(provider, row)
  const answer = await room.client.refresh(provider, refreshToken).catch((thrown: unknown) => {
    if (thrown instanceof Fault) return thrown
    throw thrown
  })
  const scope = ownDoing(room.clock)
  const at = room.clock.now()
  if (answer instanceof Fault || 'error' in answer) {
    const refusal = answer instanceof Fault ? null : answer.error
    // Other words mean that the application is set up wrong, and that it can be put right.
    const isFinal = refusal === 'invalid_grant' || refusal === 'bad_refresh_token'
    const reason = answer instanceof Fault ? answer.message : `${provider.displayName} refused: ${answer.error}`
    const failed = { refresh_failed_at: at, refresh_failure: reason, updated_at: at }
    await updateLink(tx, row, isFinal ? { ...failed, refresh_token: null } : failed)
    await appendAudit(tx, { scope, at, ...renewalFailed(row.user_id, provider.id, reason) })
    if (isFinal) {
      const facts = { provider: provider.displayName, reason }
      await enqueue(tx, { event: 'external-auth-broken', userIds: [row.user_id], facts, at })
    }
    room.log.warn({ provider: provider.id, userId: row.user_id, reason }, 'a linked account was not renewed')
    return isFinal ? ended(provider, row) : failing(provider, reason)
  }
  const change = {
    ...sealedTokens(room, row, answer.tokens),
    refresh_failed_at: null,
    refresh_failure: null,
    updated_at: at,
  }
  await updateLink(tx, row, change)
  await appendAudit(tx, { scope, at, ...tokenRenewed(row.user_id, provider.id, answer.tokens.expiresAt) })
  return { ...row, ...change }
}

const ended = (provider: Provider, { provider_id }: LinkRow): Fault =>
  new Fault('conflict', `the link to ${provider.displayName} has ended`, {
    fix: `link the account again: reeve external-auth login ${provider_id}`,
  })

const failing = (provider: Provider, reason: string): Fault =>
  new Fault('upstream', `the token of ${provider.displayName} could not be renewed: ${reason}`, {
    fix: 'try again in a moment; if it stays, unlink the account and link it again',
  })

/** Nobody asked for it by name: the server renews for whoever needs the token. */
const ownDoing = (clock: Clock): AuditEntry['scope'] => ({
  actor: null,
  requestId: uuidv7(clock.now()),
  sourceIp: null,
  userAgent: null,
})

/** Runs no more than so many at once; the others wait in order. */
function createTurns(most: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = []
  let running = 0
  return async (work) => {
    if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve))
    else running++
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next === undefined) running--
      else next()
    }
  }
}
