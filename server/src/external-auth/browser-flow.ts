import { createHash, randomBytes } from 'node:crypto'
import { Fault, type Uuid, uuidv7 } from '@reeve/base'
import { allows } from '../access/policy.ts'
import { appendAudit } from '../audit/journal.ts'
import { type Scope, signedIn } from '../http/implement.ts'
import { contextOf } from '../keyring/keyring.ts'
import { linkRefused } from './events.ts'
import type { ExternalAuth } from './external-auth.ts'
import { saveLink } from './links.ts'
import { type Provider, providerNamed } from './provider.ts'
import { type AttemptRow, deleteExpiredAttempts, insertAttempt, takeAttempt } from './queries.ts'

/**
 * Linking in the browser (RFC 6749 with RFC 7636): somebody is sent to the provider with a state that only he can bring
 * back, and comes back with a code that only we can use. Each provider has a callback address of its own, so that the
 * answer of one is never taken for that of another.
 *
 *   started ──he comes back, signed in as the same person, within ten minutes──▶ trading the code in ──▶ linked
 *   started ──he declines──▶ denied
 *   started ──too late, a second time, or somebody else──▶ expired
 */
const attemptMs = 10 * 60_000

export type FlowResult = 'linked' | 'denied' | 'expired' | 'signed_out' | 'failed'

export async function startLink(
  room: ExternalAuth,
  scope: Scope,
  providerId: string,
): Promise<{ url: string; expires_at: string }> {
  const { userId } = signedIn(scope)
  const provider = providerNamed(room.providers, providerId)
  const now = room.clock.now()
  const state = randomBytes(32).toString('base64url')
  const verifier = provider.pkce ? randomBytes(32).toString('base64url') : null
  const id = uuidv7(now)
  const row = {
    id,
    state_sha256: sha256(state),
    user_id: userId,
    provider_id: provider.id,
    code_verifier: verifier === null ? null : room.keyring.seal(verifier, verifierContext(id)),
    created_at: now,
    expires_at: new Date(now.getTime() + attemptMs),
  }
  await room.db.transaction(async (tx) => {
    await deleteExpiredAttempts(tx, now)
    await insertAttempt(tx, row)
  })
  return { url: authorizationUrl(room, provider, state, verifier), expires_at: row.expires_at.toISOString() }
}

function authorizationUrl(room: ExternalAuth, provider: Provider, state: string, verifier: string | null): string {
  const url = new URL(provider.authUrl)
  const parameters = {
    response_type: provider.grant === 'assertion' ? 'Assertion' : 'code',
    client_id: provider.clientId,
    redirect_uri: callbackUrl(room, provider),
    state,
    ...(provider.scopes.length === 0 ? {} : { scope: provider.scopes.join(' ') }),
    ...(verifier === null
      ? {}
      : { code_challenge: sha256(verifier).toString('base64url'), code_challenge_method: 'S256' }),
  }
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  return url.href
}

/** To be registered at the provider, exactly so. */
export const callbackUrl = ({ accessUrl }: Pick<ExternalAuth, 'accessUrl'>, { id }: Provider): string =>
  `${accessUrl}/external-auth/${encodeURIComponent(id)}/callback`

export interface Callback {
  readonly state?: string | undefined
  readonly code?: string | undefined
  readonly error?: string | undefined
}

export async function finishLink(
  room: ExternalAuth,
  scope: Scope,
  providerId: string,
  callback: Callback,
): Promise<FlowResult> {
  const provider = providerNamed(room.providers, providerId)
  const attempt = await takeOwnAttempt(room, scope, provider, callback.state)
  if (typeof attempt === 'string') return attempt
  if (callback.error !== undefined || callback.code === undefined) {
    const isDenied = callback.error === 'access_denied'
    await record(
      room,
      scope,
      attempt.user_id,
      provider,
      isDenied ? 'denied at the provider' : 'refused by the provider',
    )
    return isDenied ? 'denied' : 'failed'
  }
  const verifier =
    attempt.code_verifier === null ? null : room.keyring.open(attempt.code_verifier, verifierContext(attempt.id))
  try {
    const answer = await room.client.exchange(
      provider,
      callback.code,
      verifier?.reveal() ?? null,
      callbackUrl(room, provider),
    )
    if ('error' in answer) {
      await record(room, scope, attempt.user_id, provider, `the provider refused the code: ${answer.error}`)
      return 'failed'
    }
    await saveLink(room, scope, attempt.user_id, provider, answer.tokens)
    return 'linked'
  } catch (thrown) {
    if (!(thrown instanceof Fault)) throw thrown
    scope.log.warn(
      { provider: provider.id, reason: thrown.message, detail: thrown.detail },
      'an account was not linked',
    )
    await record(room, scope, attempt.user_id, provider, thrown.message)
    return 'failed'
  }
}

/** The attempt is spent whoever brings its state back. */
async function takeOwnAttempt(
  room: ExternalAuth,
  scope: Scope,
  provider: Provider,
  state: string | undefined,
): Promise<AttemptRow | 'expired' | 'signed_out'> {
  const { actor } = scope
  const attempt = state === undefined ? undefined : await room.db.transaction((tx) => takeAttempt(tx, sha256(state)))
  const isGood = attempt !== undefined && attempt.provider_id === provider.id && attempt.expires_at > room.clock.now()
  if (!isGood) {
    await record(room, scope, attempt?.user_id ?? null, provider, 'the state is unknown, used or too old')
    return 'expired'
  }
  if (actor === null || !allows(actor, 'external_auth:create', { ownerId: actor.userId })) {
    await record(room, scope, attempt.user_id, provider, 'nobody was signed in')
    return 'signed_out'
  }
  if (actor.userId === attempt.user_id) return attempt
  // Otherwise anybody could have his own account linked to the person who follows his link.
  await record(room, scope, attempt.user_id, provider, 'the state was made for somebody else')
  return 'expired'
}

const record = (
  room: ExternalAuth,
  scope: Scope,
  userId: Uuid | null,
  provider: Provider,
  reason: string,
): Promise<void> =>
  room.db.transaction((tx) =>
    appendAudit(tx, { scope, at: room.clock.now(), ...linkRefused(userId, provider.id, reason) }),
  )

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()
const verifierContext = (attemptId: Uuid): string => contextOf('external_auth_attempts', 'code_verifier', attemptId)
