import { type Clock, type Log, Secret, toError } from '@reeve/base'
import * as oidc from 'openid-client'
import { type Claims, mergeClaims } from './claims.ts'
import { askProvider, UnreachableProvider } from './ask-provider.ts'
import { keyAuthentication } from './client-key.ts'
import { issuerOf, type OidcConfig } from './settings.ts'

/**
 * The identity provider as this server sees it. It is asked for its description when it is first needed, and again until
 * it answers: the server starts without it, and only new sign-ins wait for it.
 */
export interface Provider {
  /** Where to send a browser. */
  begin(attempt: Attempt): Promise<Outcome<URL>>
  /** Takes what the browser brought back. `query` is believed in nothing that is not checked. */
  finish(query: URLSearchParams, attempt: Attempt): Promise<Outcome<SignedIn>>
  /** What the provider says about somebody now. */
  refresh(refreshToken: string, subject: string): Promise<Outcome<Refreshed>>
  status(): { readonly state: 'not_asked_yet' | 'reachable' | 'unreachable'; readonly problem: string | null }
}

/** What ties the way back to the way out. */
export interface Attempt {
  readonly state: string
  readonly nonce: string
  readonly codeVerifier: string
}

/** `reason` is for the operator and the audit log, never for whoever asked. */
export type Outcome<T> =
  | { readonly kind: 'ok'; readonly value: T }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'unavailable'; readonly reason: string }

export interface SignedIn {
  readonly issuer: string
  readonly subject: string
  readonly claims: Claims
  readonly refreshToken: string | null
}

export interface Refreshed {
  /** Null when the provider said nothing new: neither ID token nor user info. */
  readonly claims: Claims | null
  /** There was no ID token in it: a claim that is missing may still be as it was. */
  readonly isPartial: boolean
  /** Null when the old one stays good. */
  readonly refreshToken: string | null
  /** What the provider's own services take, for as long as it says. */
  readonly accessToken: Secret
}

const toleranceSeconds = 60
/** How far apart the clocks may be when the provider states that it made the token just now. */
const issuedWithinMs = 5 * 60_000
const descriptionGoodMs = 60 * 60_000
/** A provider that is down is not asked for its description by everybody who tries to sign in. */
const failureGoodMs = 5_000
const asymmetric = /^(?:RS|PS|ES)(?:256|384|512)$|^EdDSA$|^Ed25519$/

export function createProvider(options: {
  readonly config: OidcConfig
  readonly redirectUri: string
  readonly clock: Clock
  readonly log: Log
}): Provider {
  const { config, redirectUri, clock, log } = options
  let description: { readonly configuration: oidc.Configuration; readonly atMs: number } | null = null
  let failure: { readonly reason: string; readonly atMs: number } | null = null
  let asking: Promise<oidc.Configuration> | null = null

  async function discover(): Promise<oidc.Configuration> {
    const described = await oidc.discovery(new URL(config.issuer), config.clientId, undefined, oidc.None(), {
      [oidc.customFetch]: askProvider,
      timeout: 10,
      ...(config.insecure ? { execute: [oidc.allowInsecureRequests] } : {}),
    })
    const stated = described.serverMetadata()
    // What is signed with the client's own secret, or not at all, proves nothing.
    const algorithms = stated.id_token_signing_alg_values_supported?.filter((name) => asymmetric.test(name)) ?? []
    const server: oidc.ServerMetadata = Object.assign(structuredClone(stated), {
      id_token_signing_alg_values_supported: algorithms.length > 0 ? algorithms : ['RS256'],
    })
    const made = new oidc.Configuration(
      server,
      config.clientId,
      { [oidc.clockTolerance]: toleranceSeconds },
      clientAuthentication(config, server.token_endpoint_auth_methods_supported),
    )
    made[oidc.customFetch] = askProvider
    made.timeout = 10
    if (config.insecure) oidc.allowInsecureRequests(made)
    oidc.enableNonRepudiationChecks(made)
    return made
  }

  /** Whoever asks meanwhile waits for the same answer. What is known stays good while there is nothing newer. */
  async function configuration(): Promise<oidc.Configuration> {
    const nowMs = clock.monotonicMs()
    if (description !== null && nowMs - description.atMs < descriptionGoodMs) return description.configuration
    if (failure !== null && nowMs - failure.atMs < failureGoodMs) {
      if (description !== null) return description.configuration
      throw new UnreachableProvider(failure.reason)
    }
    asking ??= discover().finally(() => (asking = null))
    try {
      const made = await asking
      description = { configuration: made, atMs: clock.monotonicMs() }
      if (failure !== null) log.info({ issuer: config.issuer }, 'the identity provider answers again')
      failure = null
      return made
    } catch (thrown) {
      const reason = wordsOf(thrown)
      if (failure === null)
        log.warn({ issuer: config.issuer, err: toError(thrown) }, 'no word from the identity provider')
      failure = { reason, atMs: clock.monotonicMs() }
      if (description !== null) return description.configuration
      throw new UnreachableProvider(reason)
    }
  }

  async function attemptTo<T>(work: (configuration: oidc.Configuration) => Promise<T>): Promise<Outcome<T>> {
    try {
      return { kind: 'ok', value: await work(await configuration()) }
    } catch (thrown) {
      const kind = isOurTrouble(thrown) ? 'unavailable' : 'refused'
      return { kind, reason: wordsOf(thrown) }
    }
  }

  async function userinfo(made: oidc.Configuration, accessToken: string, subject: string): Promise<Claims | null> {
    if (config.ignoreUserinfo || made.serverMetadata().userinfo_endpoint === undefined) return null
    return oidc.fetchUserInfo(made, accessToken, subject)
  }

  return {
    begin: ({ state, nonce, codeVerifier }) =>
      attemptTo(async (made) =>
        oidc.buildAuthorizationUrl(made, {
          ...config.authUrlParams,
          redirect_uri: redirectUri,
          scope: scopesFor(config.scopes, made.serverMetadata().scopes_supported).join(' '),
          state,
          nonce,
          code_challenge: await oidc.calculatePKCECodeChallenge(codeVerifier),
          code_challenge_method: 'S256',
        }),
      ),
    finish: (query, { state, nonce, codeVerifier }) =>
      attemptTo(async (made) => {
        const came = new URL(redirectUri)
        came.search = query.toString()
        const tokens = await oidc.authorizationCodeGrant(made, came, {
          pkceCodeVerifier: codeVerifier,
          expectedState: state,
          expectedNonce: nonce,
          idTokenExpected: true,
        })
        const idToken = checkedClaims(tokens.claims(), config.clientId, clock)
        const claims = mergeClaims(idToken, await userinfo(made, tokens.access_token, idToken.sub))
        return { issuer: issuerOf(config), subject: idToken.sub, claims, refreshToken: tokens.refresh_token ?? null }
      }),
    refresh: (refreshToken, subject) =>
      attemptTo(async (made) => {
        const tokens = await oidc.refreshTokenGrant(made, refreshToken)
        const idToken = tokens.claims()
        if (idToken !== undefined && idToken.sub !== subject) throw new Refusal('the ID token is about somebody else')
        const told = await userinfo(made, tokens.access_token, subject)
        return {
          claims: idToken === undefined ? told : mergeClaims(idToken, told),
          isPartial: idToken === undefined,
          refreshToken: tokens.refresh_token ?? null,
          accessToken: new Secret(tokens.access_token),
        }
      }),
    status: () => ({
      state: failure !== null ? 'unreachable' : description === null ? 'not_asked_yet' : 'reachable',
      problem: failure?.reason ?? null,
    }),
  }
}

/** What the library leaves to us. */
function checkedClaims(claims: oidc.IDToken | undefined, clientId: string, clock: Clock): oidc.IDToken {
  if (claims === undefined) throw new Refusal('there is no ID token')
  if (claims.azp !== undefined && claims.azp !== clientId)
    throw new Refusal('the ID token was issued to another client')
  const ageMs = clock.now().getTime() - claims.iat * 1000
  if (Math.abs(ageMs) > issuedWithinMs) {
    throw new Refusal(`the ID token was issued ${Math.round(ageMs / 1000)} s ago; are the clocks right?`)
  }
  return claims
}

/** Most providers hand out refresh tokens for this scope only, and some know no such scope. */
function scopesFor(wanted: readonly string[], supported: readonly string[] | undefined): readonly string[] {
  const offline = 'offline_access'
  return supported?.includes(offline) === true && !wanted.includes(offline) ? [...wanted, offline] : wanted
}

function clientAuthentication(
  { clientSecret, clientKey }: OidcConfig,
  methods: readonly string[] | undefined,
): oidc.ClientAuth {
  if (clientKey !== null) return keyAuthentication(clientKey)
  if (clientSecret === null) return oidc.None()
  const inBody = methods !== undefined && !methods.includes('client_secret_basic')
  return inBody ? oidc.ClientSecretPost(clientSecret.reveal()) : oidc.ClientSecretBasic(clientSecret.reveal())
}

/** An answer that is well formed and not to be believed. */
class Refusal extends Error {}

/** Errors of the provider's that say something about this server's registration, and nothing about the person. */
const registrationErrors = new Set(['invalid_client', 'unauthorized_client', 'invalid_scope', 'unsupported_grant_type'])
const troubleErrors = new Set(['server_error', 'temporarily_unavailable', ...registrationErrors])

function isOurTrouble(thrown: unknown): boolean {
  for (let error = thrown; error instanceof Error; error = error.cause) {
    if (error instanceof UnreachableProvider) return true
    if (error instanceof oidc.ResponseBodyError || error instanceof oidc.AuthorizationResponseError) {
      return troubleErrors.has(error.error)
    }
    if ('code' in error && (error.code === 'OAUTH_TIMEOUT' || error.code === 'OAUTH_ABORT')) return true
  }
  return false
}

/** For operators. Codes and words of the library; no token is in them, and nothing that the provider described at length. */
function wordsOf(thrown: unknown): string {
  const error = toError(thrown)
  const code = error instanceof oidc.ResponseBodyError || error instanceof oidc.AuthorizationResponseError
  const parts = [code ? `the provider says ${error.error}` : error.message]
  const cause = error.cause instanceof Error && !code ? error.cause.message : ''
  if (cause !== '') parts.push(cause)
  return parts
    .join(': ')
    .replaceAll(/[^\x20-\x7e]/g, '?')
    .slice(0, 300)
}
