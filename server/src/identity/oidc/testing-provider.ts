import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import { type Configuration, Provider } from 'oidc-provider'
import { clientSecret, redirectUri } from './testing.ts'

/** A real OpenID provider on a real socket, in which people sign in without typing. */
export interface TestProvider extends AsyncDisposable {
  readonly issuer: string
  /** The people that it knows, by subject, with their claims. Change them as an administrator over there would. */
  readonly people: Map<string, Record<string, unknown>>
  /** Who sits before the browser. */
  whoSignsIn: string
  /** While true, connections break. */
  isDown: boolean
  /** Signs with a new key from now on; the old one is in its key set no more. */
  rotateKeys(): Promise<void>
  /** How often it was asked for this path. */
  asked(path: string): number
}

/** With a public key, the client has to prove itself with the private one; else it has a secret. */
export async function testProvider(clientKey: JWK | null = null): Promise<TestProvider> {
  const people = new Map<string, Record<string, unknown>>()
  const asked = new Map<string, number>()
  let handle: ReturnType<Provider['callback']> = () => Promise.resolve()
  let provider: Provider
  const server = createServer((req, res) => {
    const { pathname } = new URL(req.url ?? '', 'http://provider')
    asked.set(pathname, (asked.get(pathname) ?? 0) + 1)
    if (made.isDown) req.socket.destroy()
    else if (pathname.startsWith('/interaction/')) void interact(provider, made.whoSignsIn, req, res)
    else void handle(req, res)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // SAFETY: it listens on a port.
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  let generation = 0
  async function rotateKeys(): Promise<void> {
    const { privateKey } = await generateKeyPair('RS256', { extractable: true })
    const key = { ...(await exportJWK(privateKey)), kid: `key-${++generation}`, alg: 'RS256', use: 'sig' }
    provider = new Provider(issuer, configuration(people, key, clientKey))
    handle = provider.callback()
  }

  const made: TestProvider = {
    issuer,
    people,
    whoSignsIn: '',
    isDown: false,
    rotateKeys,
    asked: (path) => asked.get(path) ?? 0,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  await rotateKeys()
  return made
}

function configuration(
  people: ReadonlyMap<string, Record<string, unknown>>,
  key: JWK,
  clientKey: JWK | null,
): Configuration {
  const proof: object =
    clientKey === null
      ? { client_secret: clientSecret }
      : { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [clientKey] } }
  return {
    clients: [
      {
        client_id: 'reeve',
        ...proof,
        redirect_uris: [redirectUri],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
      },
    ],
    // SAFETY: a private RSA key as jose exports it.
    jwks: { keys: [key as never] },
    claims: {
      openid: ['sub'],
      email: ['email', 'email_verified'],
      profile: ['name', 'preferred_username', 'groups', 'teams', 'duties'],
    },
    conformIdTokenClaims: false,
    cookies: { keys: ['only for tests'] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    findAccount: (_, accountId) => {
      const claims = people.get(accountId)
      return claims === undefined ? undefined : { accountId, claims: () => ({ sub: accountId, ...claims }) }
    },
    pkce: { required: () => true },
    rotateRefreshToken: true,
    ttl: {
      AccessToken: 600,
      AuthorizationCode: 60,
      Grant: 3600,
      IdToken: 600,
      Interaction: 600,
      RefreshToken: 3600,
      Session: 3600,
    },
  }
}

async function interact(
  provider: Provider,
  accountId: string,
  req: Parameters<Provider['interactionDetails']>[0],
  res: Parameters<Provider['interactionDetails']>[1],
): Promise<void> {
  const { params } = await provider.interactionDetails(req, res)
  if (accountId === '') {
    await provider.interactionFinished(req, res, { error: 'access_denied', error_description: 'not today' })
    return
  }
  const grant = new provider.Grant({ accountId, clientId: String(params['client_id']) })
  grant.addOIDCScope('openid profile email offline_access')
  const consent = { grantId: await grant.save() }
  await provider.interactionFinished(req, res, { login: { accountId }, consent }, { mergeWithLastSubmission: false })
}
