import { Fault } from '@reeve/base'
import { endpoints, type ExternalAuth as ExternalAuthAnswer } from '@reeve/sdk'
import { appendAudit } from '../audit/journal.ts'
import { implement, implementRedirect, type Route, type Scope, signedIn } from '../http/implement.ts'
import { type AccessToken, createAccessTokens, linkState } from './access-token.ts'
import { finishLink, startLink } from './browser-flow.ts'
import { finishDevice, startDevice } from './device-flow.ts'
import { tokenHandedOut } from './events.ts'
import type { ExternalAuth } from './external-auth.ts'
import { unlink } from './links.ts'
import { presentLink, presentProvider } from './present.ts'
import { providerNamed } from './provider.ts'
import type { Validation } from './provider-client.ts'
import { findLink, selectLinks } from './queries.ts'
import { matchesPattern } from './repository-pattern.ts'

type AccessTokens = ReturnType<typeof createAccessTokens>

/** Everybody has his own links only; there is nobody who reads those of others. */
export function externalAuthRoutes(
  room: ExternalAuth,
  accessTokenFor: AccessTokens = createAccessTokens(room),
): Route[] {
  const named = (id: string) => room.providers.find((provider) => provider.id === id)
  return [
    implement(endpoints.listExternalAuth, async ({ query: { url } }, scope) => {
      const rows = await selectLinks(room.db.sql, signedIn(scope).userId)
      const providers = room.providers.filter(({ regex }) => url === undefined || matchesPattern(regex, url))
      return {
        providers: providers.map(presentProvider),
        links: rows.map((row) => presentLink(row, named(row.provider_id), room.clock)),
      }
    }),
    implement(endpoints.getExternalAuth, ({ params }, scope) => describe(room, accessTokenFor, scope, params.provider)),
    implement(endpoints.startExternalAuth, ({ params }, scope) => startLink(room, scope, params.provider)),
    implementRedirect(endpoints.finishExternalAuth, async ({ params, query }, scope) => {
      const result = await finishLink(room, scope, params.provider, query)
      const { id } = providerNamed(room.providers, params.provider)
      return { location: `/external-auth/${encodeURIComponent(id)}?result=${result}` }
    }),
    implement(endpoints.startExternalAuthDevice, async ({ params }) => {
      const start = await startDevice(room, params.provider)
      return {
        device_code: start.deviceCode,
        user_code: start.userCode,
        verification_uri: start.verificationUri,
        verification_uri_complete: start.verificationUriComplete,
        expires_in: start.expiresIn,
        interval: start.interval,
      }
    }),
    implement(endpoints.finishExternalAuthDevice, async ({ params, body }, scope) => {
      const polled = await finishDevice(room, scope, params.provider, body.device_code)
      if (polled.state !== 'linked') return { state: polled.state, link: null }
      return { state: 'linked' as const, link: presentLink(polled.row, named(polled.row.provider_id), room.clock) }
    }),
    implement(endpoints.getExternalAuthToken, async ({ params }, scope) => {
      const { userId } = signedIn(scope)
      const provider = providerNamed(room.providers, params.provider)
      const { token, expiresAt } = await accessTokenFor(userId, provider.id)
      await room.db.transaction((tx) =>
        appendAudit(tx, { scope, at: room.clock.now(), ...tokenHandedOut(userId, provider.id) }),
      )
      return { access_token: token.reveal(), expires_at: expiresAt?.toISOString() ?? null }
    }),
    implement(endpoints.deleteExternalAuth, async ({ params }, scope) => {
      const failure = await unlink(room, scope, params.provider)
      return { token_revoked: failure === null, token_revocation_error: failure ?? '' }
    }),
  ]
}

/** Providers know this address by heart, so that it stands beside the console's pages and not under the API. */
export const isExternalAuthCallback = (path: string): boolean => /^\/external-auth\/[^/]+\/callback$/.test(path)

async function describe(
  room: ExternalAuth,
  accessTokenFor: AccessTokens,
  scope: Scope,
  providerId: string,
): Promise<ExternalAuthAnswer> {
  const { userId } = signedIn(scope)
  const provider = providerNamed(room.providers, providerId)
  const shown = presentProvider(provider)
  const linked = await findLink(room.db.sql, userId, provider.id)
  if (linked === undefined) {
    return { ...shown, authenticated: false, validation: 'unchecked', detail: '', link: null }
  }
  const token = await accessTokenFor(userId, provider.id).catch((thrown: unknown) => {
    if (thrown instanceof Fault && thrown.code !== 'internal') return thrown
    throw thrown
  })
  const checked = await validate(room, providerId, token)
  // Again: the token may have been renewed, or have been refused to be.
  const row = (await findLink(room.db.sql, userId, provider.id)) ?? linked
  return {
    ...shown,
    authenticated: checked.state !== 'invalid' && linkState(row, provider, room.clock) !== 'expired',
    validation: checked.state,
    detail: 'detail' in checked ? checked.detail : '',
    link: presentLink(row, provider, room.clock),
  }
}

async function validate(room: ExternalAuth, providerId: string, token: AccessToken | Fault): Promise<Validation> {
  const provider = providerNamed(room.providers, providerId)
  if (token instanceof Fault) {
    return { state: token.code === 'conflict' ? 'invalid' : 'unreachable', detail: token.message }
  }
  return room.client.validate(provider, token.token)
}
