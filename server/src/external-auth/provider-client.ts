import { type Clock, Fault, Secret } from '@reeve/base'
import { z } from 'zod'
import type { Egress, EgressAnswer, EgressRequest } from '../http/egress.ts'
import type { Provider } from './provider.ts'

/**
 * What is said to providers, and how their answers are read. An answer is from outside: nothing of its text gets into
 * messages, logs or the database but the fields that are named here, in bounds. When a provider refuses, that is an
 * ordinary answer; when it cannot be reached or talks nonsense, that is a `Fault`.
 */
export interface ProviderClient {
  exchange(provider: Provider, code: string, verifier: string | null, redirectUri: string): Promise<TokenAnswer>
  refresh(provider: Provider, refreshToken: Secret): Promise<TokenAnswer>
  startDevice(provider: Provider): Promise<DeviceStart>
  pollDevice(provider: Provider, deviceCode: string): Promise<TokenAnswer>
  validate(provider: Provider, accessToken: Secret): Promise<Validation>
  /** Null when the provider ended it, or else why it did not. */
  revoke(provider: Provider, accessToken: Secret, refreshToken: Secret | null): Promise<string | null>
}

export interface Tokens {
  readonly accessToken: Secret
  readonly refreshToken: Secret | null
  readonly expiresAt: Date | null
  /** Null when the provider does not say, so that it is what was asked for. */
  readonly scopes: readonly string[] | null
}

/** `error` is a word of OAuth: invalid_grant, authorization_pending, … */
export type TokenAnswer = { readonly tokens: Tokens } | { readonly error: string }

export interface DeviceStart {
  readonly deviceCode: string
  readonly userCode: string
  readonly verificationUri: string
  readonly verificationUriComplete: string
  readonly expiresIn: number
  readonly interval: number
}

export interface Account {
  readonly id: string
  readonly login: string
  readonly name: string
  readonly profile_url: string
}

export type Validation =
  | { readonly state: 'valid'; readonly account: Account | null }
  | { readonly state: 'invalid' | 'unreachable' | 'unchecked'; readonly detail: string }

/** Shorter than any lock is waited for: whoever waits for a renewal by another replica gets its result. */
const timeoutMs = 8_000

const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code'

const seconds = z.coerce.number().int().min(0).max(3_153_600_000)
const TokenBody = z.object({
  access_token: z.string().min(1).max(32_768),
  refresh_token: z.string().max(32_768).nullish(),
  expires_in: seconds.nullish(),
  scope: z.string().max(8_192).nullish(),
})
const ErrorBody = z.object({ error: z.string() })
const DeviceBody = z.object({
  device_code: z.string().min(1).max(4_096),
  user_code: z.string().min(1).max(64),
  verification_uri: z.string().max(2_048),
  verification_uri_complete: z.string().max(2_048).nullish(),
  expires_in: seconds,
  interval: seconds.nullish(),
})

export function createProviderClient({ egress, clock }: { egress: Egress; clock: Clock }): ProviderClient {
  async function send(provider: Provider, request: Omit<EgressRequest, 'timeoutMs'>): Promise<EgressAnswer> {
    const answer = await egress.send({
      ...request,
      headers: { Accept: 'application/json', 'User-Agent': 'reeve', ...request.headers },
      timeoutMs,
    })
    // A redirect is not followed: it would take the secret along, or the answer from somewhere else.
    if (answer.status < 500 && (answer.status < 300 || answer.status >= 400)) return answer
    throw new Fault('upstream', `${provider.displayName} answered with status ${answer.status}`)
  }

  async function askForTokens(provider: Provider, fields: Readonly<Record<string, string>>): Promise<TokenAnswer> {
    const answer = await send(provider, form(provider, provider.tokenUrl, fields))
    const body = jsonOf(answer)
    // GitHub says what it refuses with status 200.
    const refused = ErrorBody.safeParse(body)
    if (refused.success) return { error: errorWord(refused.data.error) }
    const read = TokenBody.safeParse(body)
    if (answer.status >= 300 || !read.success) {
      throw new Fault('upstream', `${provider.displayName} did not answer with a token (status ${answer.status})`)
    }
    const { access_token, refresh_token, expires_in, scope } = read.data
    return {
      tokens: {
        accessToken: new Secret(access_token),
        refreshToken: refresh_token ? new Secret(refresh_token) : null,
        expiresAt: expires_in ? new Date(clock.now().getTime() + expires_in * 1_000) : null,
        scopes: typeof scope === 'string' ? words(scope) : null,
      },
    }
  }

  return {
    exchange(provider, code, verifier, redirectUri) {
      const how =
        provider.grant === 'assertion'
          ? { grant_type: jwtBearer, assertion: code }
          : { grant_type: 'authorization_code', code, ...(verifier === null ? {} : { code_verifier: verifier }) }
      return askForTokens(provider, { ...how, redirect_uri: redirectUri })
    },
    refresh(provider, refreshToken) {
      const field = provider.grant === 'assertion' ? 'assertion' : 'refresh_token'
      return askForTokens(provider, { grant_type: 'refresh_token', [field]: refreshToken.reveal() })
    },
    async startDevice(provider) {
      const fields = { scope: provider.scopes.join(' ') }
      const answer = await send(provider, form(provider, provider.deviceUrl ?? '', fields))
      const read = DeviceBody.safeParse(jsonOf(answer))
      if (!read.success || !isWebAddress(read.data.verification_uri)) {
        throw new Fault('upstream', `${provider.displayName} did not answer with a code (status ${answer.status})`, {
          fix: 'check that the application at the provider allows the device flow',
        })
      }
      const { device_code, user_code, verification_uri, verification_uri_complete, expires_in, interval } = read.data
      return {
        deviceCode: device_code,
        userCode: user_code,
        verificationUri: verification_uri,
        verificationUriComplete:
          verification_uri_complete && isWebAddress(verification_uri_complete) ? verification_uri_complete : '',
        expiresIn: expires_in,
        interval: interval ?? 5,
      }
    },
    pollDevice: (provider, deviceCode) => askForTokens(provider, { grant_type: deviceGrant, device_code: deviceCode }),
    async validate(provider, accessToken) {
      const { validateUrl, displayName } = provider
      if (validateUrl === null) return { state: 'unchecked', detail: '' }
      try {
        const headers = { Authorization: `Bearer ${accessToken.reveal()}` }
        const answer = await send(provider, { url: validateUrl, method: 'GET', headers })
        if (isLimited(answer)) return { state: 'unreachable', detail: `${displayName} asks to be asked less often` }
        if (answer.status === 401 || answer.status === 403) {
          return { state: 'invalid', detail: `${displayName} does not accept the token any more` }
        }
        if (answer.status >= 300) return { state: 'unreachable', detail: `${displayName} answered ${answer.status}` }
        return { state: 'valid', account: readAccount(jsonOf(answer)) }
      } catch (thrown) {
        if (!(thrown instanceof Fault)) throw thrown
        return { state: 'unreachable', detail: thrown.message }
      }
    },
    async revoke(provider, accessToken, refreshToken) {
      if (provider.revokeUrl === null) return `${provider.displayName} has no way to do that`
      try {
        for (const request of revocations(provider, provider.revokeUrl, accessToken, refreshToken)) {
          const { status } = await send(provider, request)
          // 404: GitHub does not know the token, so that it has ended already.
          if (status >= 300 && status !== 404) return `${provider.displayName} answered with status ${status}`
        }
        return null
      } catch (thrown) {
        if (thrown instanceof Fault) return thrown.message
        throw thrown
      }
    },
  }
}

function* revocations(
  provider: Provider,
  url: string,
  accessToken: Secret,
  refreshToken: Secret | null,
): Iterable<Omit<EgressRequest, 'timeoutMs'>> {
  if (provider.revocation === 'github') {
    const headers = { ...basic(provider), 'Content-Type': 'application/json' }
    yield { url, method: 'DELETE', headers, body: JSON.stringify({ access_token: accessToken.reveal() }) }
    return
  }
  if (refreshToken !== null)
    yield form(provider, url, { token: refreshToken.reveal(), token_type_hint: 'refresh_token' })
  yield form(provider, url, { token: accessToken.reveal(), token_type_hint: 'access_token' })
}

/** A form that also says which application asks, in the way that the provider wants. */
function form(
  provider: Provider,
  url: string,
  fields: Readonly<Record<string, string>>,
): Omit<EgressRequest, 'timeoutMs'> {
  const { clientId, clientSecret, clientAuth, grant } = provider
  const body = new URLSearchParams(fields)
  const inHeader = clientAuth === 'basic' && clientSecret !== null
  if (grant === 'assertion') {
    body.set('client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer')
    body.set('client_assertion', clientSecret?.reveal() ?? '')
  } else if (!inHeader) {
    body.set('client_id', clientId)
    if (clientSecret !== null) body.set('client_secret', clientSecret.reveal())
  }
  return {
    url,
    method: 'POST',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded', ...(inHeader ? basic(provider) : {}) },
    body: body.toString(),
  }
}

/** Both parts are form-encoded first (RFC 6749, 2.3.1). */
function basic({ clientId, clientSecret }: Provider): Record<string, string> {
  const encoded = [clientId, clientSecret?.reveal() ?? ''].map((part) =>
    new URLSearchParams({ part }).toString().slice(5),
  )
  return { Authorization: `Basic ${Buffer.from(encoded.join(':')).toString('base64')}` }
}

/** The names of GitHub, Gitea, OpenID Connect, Bitbucket and GitLab for the same things. */
function readAccount(body: unknown): Account | null {
  const text = (value: unknown): string =>
    typeof value === 'string' || typeof value === 'number'
      ? String(value).slice(0, 256).replaceAll('\0', '').toWellFormed()
      : ''
  const fields = new Map(Object.entries(Object(body)))
  const first = (...names: string[]): string =>
    names.map((name) => text(fields.get(name))).find((it) => it !== '') ?? ''
  const id = first('id', 'account_id', 'sub', 'uuid', 'resource_owner_id')
  if (id === '') return null
  const profile = first('html_url', 'web_url', 'profile')
  return {
    id,
    login: first('login', 'username', 'preferred_username', 'nickname'),
    name: first('name', 'display_name'),
    profile_url: isWebAddress(profile) ? profile : '',
  }
}

function jsonOf({ body }: EgressAnswer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return null
  }
}

/** GitHub says "too often" with 403. */
const isLimited = ({ status, headers }: EgressAnswer): boolean =>
  status === 429 ||
  (status === 403 && (headers['x-ratelimit-remaining'] === '0' || headers['retry-after'] !== undefined))

const isWebAddress = (text: string): boolean => /^https?:$/.test(URL.parse(text)?.protocol ?? '')
const errorWord = (text: string): string => (/^[a-z_]{1,64}$/.test(text) ? text : 'unknown_error')
const words = (text: string): string[] => text.split(/[\s,]+/).filter((word) => word !== '')
