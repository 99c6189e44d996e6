import { Provider as OAuthServer } from 'oidc-provider'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createAccessTokens } from './access-token.ts'
import { serve, testProvider, type TestWorld, testWorld } from './testing.ts'

/** A whole OAuth2 server that is not ours, as the type `generic`: rotating refresh tokens, PKCE, revocation. */

let server: Awaited<ReturnType<typeof serve>>
let oauth: OAuthServer
let world: TestWorld
const grants: string[] = []
const failures: string[] = []

beforeAll(async () => {
  let handle: ReturnType<OAuthServer['callback']> | null = null
  server = await serve((req, res) => {
    const isInteraction = req.url?.startsWith('/interaction/') === true
    if (isInteraction) void agree(req, res)
    else void handle?.(req, res)
  })
  const agree: Parameters<typeof serve>[0] = async (req, res) => {
    const { params } = await oauth.interactionDetails(req, res)
    const grant = new oauth.Grant({ accountId: 'octavia', clientId: String(params['client_id']) })
    grant.addOIDCScope(String(params['scope']))
    const consent = { grantId: await grant.save() }
    await oauth.interactionFinished(req, res, { login: { accountId: 'octavia' }, consent })
  }
  world = await testWorld((url) => {
    oauth = new OAuthServer(server.url, {
      clients: [
        {
          client_id: 'reeve',
          client_secret: 'client-secret-%25+of/oauth',
          redirect_uris: [`${url}/external-auth/company/callback`],
          grant_types: ['authorization_code', 'refresh_token'],
          token_endpoint_auth_method: 'client_secret_basic',
        },
      ],
      scopes: ['openid', 'offline_access', 'code'],
      pkce: { required: () => true },
      features: { devInteractions: { enabled: false }, revocation: { enabled: true } },
      rotateRefreshToken: true,
      issueRefreshToken: async () => true,
      findAccount: async (_, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
      interactions: { url: (_, { uid }) => `/interaction/${uid}` },
      ttl: { AccessToken: 600, Grant: 86_400, RefreshToken: 86_400, Session: 600, Interaction: 600 },
      cookies: { keys: ['a key of the test'] },
    })
    oauth.on('grant.success', ({ oidc }) => void grants.push(String(oidc.params?.['grant_type'])))
    oauth.on('grant.error', (_, error) => void failures.push(error.message))
    handle = oauth.callback()
    return [
      testProvider({
        ID: 'company',
        CLIENT_ID: 'reeve',
        CLIENT_SECRET: 'client-secret-%25+of/oauth',
        AUTH_URL: `${server.url}/auth`,
        TOKEN_URL: `${server.url}/token`,
        VALIDATE_URL: `${server.url}/me`,
        REVOKE_URL: `${server.url}/token/revocation`,
        SCOPES: 'openid offline_access',
      }),
    ]
  })
  await world.person('dana')
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

const path = '/api/v2/external-auth/company'

test('an account at any OAuth2 server is linked, renewed once at a time, and ended', async () => {
  const back = await world.link('dana', 'company')
  expect(failures).toEqual([])
  expect(back.headers['location']).toBe('/external-auth/company?result=linked')
  const linked = await world.call('GET', path, { token: 'dana' })
  expect(linked.json).toMatchObject({
    authenticated: true,
    validation: 'valid',
    link: { account: { id: 'octavia' }, has_refresh_token: true },
  })

  // The server ends everything when a refresh token is used twice: each renewal must come after the one before.
  const [row] = await world.db.sql.selectFrom('external_auth_links').selectAll().execute()
  const replicas = [createAccessTokens(world.room), createAccessTokens(world.room)]
  for (let round = 1; round <= 3; round++) {
    world.clock.advance(3_600_000)
    const got = await Promise.all(Array.from({ length: 6 }, (_, i) => replicas[i % 2]!(row!.user_id, 'company')))
    expect(new Set(got.map(({ token }) => token.reveal())).size).toBe(1)
    expect(grants.filter((grant) => grant === 'refresh_token')).toHaveLength(round)
  }
  expect((await world.call('GET', path, { token: 'dana' })).json).toMatchObject({ validation: 'valid' })

  const { json } = await world.call('POST', `${path}/access-token`, { token: 'dana' })
  const whoAmI = () => fetch(`${server.url}/me`, { headers: { authorization: `Bearer ${json.access_token}` } })
  expect((await whoAmI()).status).toBe(200)
  const ended = await world.call('DELETE', path, { token: 'dana' })
  expect(ended.json).toEqual({ token_revoked: true, token_revocation_error: '' })
  expect((await whoAmI()).status).toBe(401)
})
