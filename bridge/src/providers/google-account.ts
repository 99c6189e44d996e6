import { createPrivateKey, type KeyObject, sign } from 'node:crypto'
import { Fault, type Secret } from '@reeve/base'
import { objectOf, parseJson, stringOf } from '../wire/json.ts'
import type { Post } from './provider.ts'

/** A service account of Google's: who asks, and with what that is proved. */
interface Account {
  readonly email: string
  readonly keyId: string
  readonly key: KeyObject
}

/**
 * The key of a service account in the form in which it is kept, `email:key-id:key`, from the file that Google makes; null
 * for any other text. One line without blanks is one key wherever keys are entered, and shows nothing of itself in a
 * hint.
 */
export function serviceAccountKey(file: string): string | null {
  const { client_email, private_key_id, private_key } = objectOf(parseJson(file))
  const [email, keyId, pem] = [stringOf(client_email), stringOf(private_key_id), stringOf(private_key)]
  if (email === null || keyId === null || pem === null) return null
  try {
    const der = createPrivateKey(pem).export({ type: 'pkcs8', format: 'der' })
    return `${email}:${keyId}:${der.toString('base64')}`
  } catch {
    // A key that cannot be read is none.
    return null
  }
}

/** Null for a key of another kind. */
export function accountOf(secret: Secret): Account | null {
  const [, email, keyId, der] = /^([^\s:]+@[^\s:]+):([\w-]+):([\w+/=]+)$/.exec(secret.reveal()) ?? []
  if (email === undefined || keyId === undefined || der === undefined) return null
  try {
    return { email, keyId, key: createPrivateKey({ key: Buffer.from(der, 'base64'), type: 'pkcs8', format: 'der' }) }
  } catch {
    // As above.
    return null
  }
}

const scope = 'https://www.googleapis.com/auth/cloud-platform'
const assertedSeconds = 3600
/** So long before its end a token is renewed, while it is still asked with. */
const renewedMs = 300_000
/** So long before its end it is not asked with any more. */
const marginMs = 30_000

/**
 * What is known of an account's access token.
 *
 *   none      there is none, or its end is near: whoever asks waits for one, and all of them for the same
 *   good      it is given out
 *   renewing  good, and another one is on its way; when that fails, the next request tries again
 */
interface Known {
  token: string
  endsAtMs: number
  underway: Promise<string> | null
}

/** Access tokens by a signed assertion (RFC 7523). Given out at once while one is good. */
export function googleTokens(tokenUrl: string) {
  const known = new Map<string, Known>()

  async function fetchToken(account: Account, at: Date, post: Post): Promise<string> {
    const form = new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      assertion: assertionOf(account, tokenUrl, at),
    })
    const { status, body } = await post(tokenUrl, form.toString())
    const { access_token, expires_in, error } = objectOf(parseJson(body))
    const token = stringOf(access_token)
    if (status !== 200 || token === null || !/^[\x21-\x7e]+$/.test(token)) {
      const why = /^[\w-]{1,60}$/.exec(stringOf(error) ?? '')?.[0] ?? `status ${status}`
      throw new Fault('unavailable', `Google gave no token for the service account (${why})`)
    }
    const seconds = typeof expires_in === 'number' ? expires_in : 0
    known.set(account.keyId, { token, endsAtMs: at.getTime() + seconds * 1000, underway: null })
    return token
  }

  return (account: Account, at: Date, post: Post): string | Promise<string> => {
    const one = known.get(account.keyId) ?? { token: '', endsAtMs: 0, underway: null }
    known.set(account.keyId, one)
    const leftMs = one.endsAtMs - at.getTime()
    if (leftMs > renewedMs) return one.token
    const underway = (one.underway ??= fetchToken(account, at, post).finally(() => (one.underway = null)))
    if (leftMs <= marginMs) return underway
    underway.catch(() => {})
    return one.token
  }
}

function assertionOf({ email, keyId, key }: Account, audience: string, at: Date): string {
  const iat = Math.floor(at.getTime() / 1000)
  const said = [
    { alg: 'RS256', typ: 'JWT', kid: keyId },
    { iss: email, scope, aud: audience, iat, exp: iat + assertedSeconds },
  ]
  const text = said.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  return `${text}.${sign('RSA-SHA256', Buffer.from(text), key).toString('base64url')}`
}
