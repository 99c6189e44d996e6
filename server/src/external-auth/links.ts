import { Fault, type Secret, type Uuid } from '@reeve/base'
import { appendAudit, type AuditEntry } from '../audit/journal.ts'
import { type Scope, signedIn } from '../http/implement.ts'
import { contextOf } from '../keyring/keyring.ts'
import { accountLinked, accountUnlinked } from './events.ts'
import type { ExternalAuth } from './external-auth.ts'
import { type Provider, providerNamed } from './provider.ts'
import type { Tokens } from './provider-client.ts'
import { deleteLink, findLink, type LinkRow, lockLink, putLink } from './queries.ts'

/** The accounts that people have linked: made, opened, forgotten. Tokens are sealed for the row that they stand in. */

const table = 'external_auth_links'

export const openAccessToken = ({ keyring }: Pick<ExternalAuth, 'keyring'>, row: LinkRow): Secret =>
  keyring.open(row.access_token, contextOf(table, 'access_token', row.user_id, row.provider_id))

export const openRefreshToken = ({ keyring }: Pick<ExternalAuth, 'keyring'>, row: LinkRow): Secret | null =>
  row.refresh_token === null
    ? null
    : keyring.open(row.refresh_token, contextOf(table, 'refresh_token', row.user_id, row.provider_id))

/** The columns that tokens fill. What the provider leaves out stays as it was, as the standard has it. */
export function sealedTokens(
  { keyring }: Pick<ExternalAuth, 'keyring'>,
  { user_id, provider_id }: Pick<LinkRow, 'user_id' | 'provider_id'>,
  { accessToken, refreshToken, expiresAt, scopes }: Tokens,
): Pick<LinkRow, 'access_token' | 'expires_at'> & Partial<Pick<LinkRow, 'refresh_token' | 'scopes'>> {
  const sealFor = (column: string, secret: Secret): string =>
    keyring.seal(secret.reveal(), contextOf(table, column, user_id, provider_id))
  return {
    access_token: sealFor('access_token', accessToken),
    expires_at: expiresAt,
    ...(refreshToken === null ? {} : { refresh_token: sealFor('refresh_token', refreshToken) }),
    ...(scopes === null ? {} : { scopes: [...scopes] }),
  }
}

/** Asks the provider who it is, and keeps the tokens in place of those that were there. */
export async function saveLink(
  room: ExternalAuth,
  scope: Scope,
  userId: Uuid,
  provider: Provider,
  tokens: Tokens,
): Promise<LinkRow> {
  const checked = await room.client.validate(provider, tokens.accessToken)
  if (checked.state === 'invalid') throw new Fault('upstream', `${provider.displayName} does not accept its own token`)
  const account = checked.state === 'valid' ? checked.account : null
  const scopes = tokens.scopes ?? provider.scopes
  return room.db.transaction(async (tx) => {
    const now = room.clock.now()
    const before = await lockLink(tx, userId, provider.id)
    const keys = { user_id: userId, provider_id: provider.id }
    await putLink(tx, {
      ...keys,
      // Of another grant, perhaps to another account: nothing of it is kept.
      refresh_token: null,
      ...sealedTokens(room, keys, tokens),
      scopes: [...scopes],
      account: account === null ? null : JSON.stringify(account),
      refresh_failed_at: null,
      refresh_failure: null,
      created_at: before?.created_at ?? now,
      updated_at: now,
    })
    await appendAudit(tx, {
      scope,
      at: now,
      ...accountLinked(userId, provider.id, before === undefined, account, scopes),
    })
    const saved = await findLink(tx, userId, provider.id)
    if (saved === undefined) throw new Fault('internal', 'the link is not there right after it was saved')
    return saved
  })
}

/** Forgets the link whatever the provider says to the end of its tokens; the answer tells what it said. */
export async function unlink(room: ExternalAuth, scope: Scope, providerId: string): Promise<string | null> {
  const { userId } = signedIn(scope)
  const known = room.providers.find(({ id }) => id.toLowerCase() === providerId.toLowerCase())
  // A provider that is not configured any more must not keep anybody's token.
  const row = await findLink(room.db.sql, userId, known?.id ?? providerId)
  if (row === undefined) throw notLinked(providerNamed(room.providers, providerId))
  return forget(room, scope, row)
}

/** Null when the provider ended the tokens, or else why it did not. */
export async function forget(room: ExternalAuth, scope: AuditEntry['scope'], row: LinkRow): Promise<string | null> {
  const { user_id: userId, provider_id: providerId } = row
  const provider = room.providers.find(({ id }) => id === providerId)
  const failure = provider === undefined ? 'the provider is not configured any more' : await revoke(room, provider, row)
  await room.db.transaction(async (tx) => {
    const deleted = await deleteLink(tx, userId, providerId)
    if (deleted === undefined) return
    await appendAudit(tx, { scope, at: room.clock.now(), ...accountUnlinked(userId, providerId, failure === null) })
  })
  return failure
}

/** A token that does not open cannot be sent to anybody, and must not keep its owner from forgetting it. */
async function revoke(room: ExternalAuth, provider: Provider, row: LinkRow): Promise<string | null> {
  try {
    return await room.client.revoke(provider, openAccessToken(room, row), openRefreshToken(room, row))
  } catch (thrown) {
    if (thrown instanceof Fault) return thrown.message
    throw thrown
  }
}

export const notLinked = (provider: Provider): Fault =>
  new Fault('not_found', `no account at ${provider.displayName} is linked`, {
    fix: `link one: reeve external-auth login ${provider.id}`,
  })
