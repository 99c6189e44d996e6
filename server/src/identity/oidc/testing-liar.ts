import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, exportSPKI, generateKeyPair, type JWTHeaderParameters, type JWTPayload, SignJWT } from 'jose'

/** What the ID token of the next answer is to be. Left out: as an honest provider would have it. */
export interface Lie {
  readonly header?: Partial<JWTHeaderParameters> & Readonly<Record<string, unknown>>
  readonly claims?: JWTPayload & Readonly<Record<string, unknown>>
  /** Signed with the key that is in the key set, another one, the public key as if it were a secret, or not at all. */
  readonly signed?: 'honestly' | 'by another key' | 'with the public key' | 'not at all'
  /** Instead of tokens. */
  readonly tokenError?: string
}

/**
 * An OpenID provider that says whatever the test wants: right about itself in its discovery document, and a liar in its
 * tokens. Nobody is asked to sign in; the test goes to the callback itself.
 */
export interface Liar extends AsyncDisposable {
  readonly issuer: string
  lie: Lie
  /** The nonce that the browser was sent with. */
  nonce: string
  /** The code verifier that the last code was redeemed with. */
  readonly redeemed: { verifier: string | null; redirectUri: string | null }
  /** Signs with a new key, and has no other in its key set any more. */
  rotate(): Promise<void>
  asked(path: string): number
}

export async function testLiar(): Promise<Liar> {
  let generation = 0
  let keys = await newKeys(generation)
  const stranger = await newKeys(99)
  const asked = new Map<string, number>()

  const server = createServer((req, res) => {
    const { pathname } = new URL(req.url ?? '', 'http://liar')
    asked.set(pathname, (asked.get(pathname) ?? 0) + 1)
    void answer(pathname, req).then(({ status = 200, json }) => {
      res.writeHead(status, { 'Content-Type': 'application/json' })
      res.end(JSON.stringify(json))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // SAFETY: it listens on a port.
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  async function answer(path: string, body: AsyncIterable<Buffer>): Promise<{ status?: number; json: unknown }> {
    if (path === '/.well-known/openid-configuration') return { json: description(issuer) }
    if (path === '/jwks') return { json: { keys: [keys.publicJwk] } }
    // A trap: somebody who follows `jku` finds the stranger's key here.
    if (path === '/trap') return { json: { keys: [stranger.publicJwk] } }
    const form = new URLSearchParams(Buffer.concat(await Array.fromAsync(body)).toString())
    liar.redeemed.verifier = form.get('code_verifier')
    liar.redeemed.redirectUri = form.get('redirect_uri')
    if (liar.lie.tokenError !== undefined) return { status: 400, json: { error: liar.lie.tokenError } }
    return { json: { access_token: 'an access token', token_type: 'Bearer', expires_in: 60, id_token: await mint() } }
  }

  async function mint(): Promise<string> {
    const { header = {}, claims = {}, signed = 'honestly' } = liar.lie
    const now = Math.floor(Date.now() / 1000)
    const payload = {
      iss: issuer,
      aud: 'reeve',
      sub: 'mallory',
      iat: now,
      exp: now + 300,
      nonce: liar.nonce,
      email: 'mallory@example.com',
      email_verified: true,
      preferred_username: 'mallory',
      ...claims,
    }
    if (signed === 'not at all') {
      const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
      return `${part({ alg: 'none', ...header })}.${part(payload)}.`
    }
    if (signed === 'with the public key') {
      const secret = Buffer.from(await exportSPKI(keys.publicKey))
      return new SignJWT(payload).setProtectedHeader({ alg: 'HS256', kid: keys.kid, ...header }).sign(secret)
    }
    const { privateKey } = signed === 'by another key' ? stranger : keys
    return new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid: keys.kid, ...header }).sign(privateKey)
  }

  const liar: Liar = {
    issuer,
    lie: {},
    nonce: '',
    redeemed: { verifier: null, redirectUri: null },
    async rotate() {
      keys = await newKeys(++generation)
    },
    asked: (path) => asked.get(path) ?? 0,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  return liar
}

async function newKeys(generation: number) {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true })
  const kid = `key-${generation}`
  return { privateKey, publicKey, kid, publicJwk: { ...(await exportJWK(publicKey)), kid, alg: 'RS256', use: 'sig' } }
}

/** As generous as a careless provider: it would take `none`, and signatures with shared secrets. */
const description = (issuer: string) => ({
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  jwks_uri: `${issuer}/jwks`,
  response_types_supported: ['code'],
  subject_types_supported: ['public'],
  id_token_signing_alg_values_supported: ['RS256', 'HS256', 'none'],
  code_challenge_methods_supported: ['plain', 'S256'],
  authorization_response_iss_parameter_supported: true,
})
