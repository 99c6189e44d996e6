import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Attempt } from './provider.ts'

/**
 * A sign-in that is under way. The browser keeps a secret in a cookie of a few minutes; the state is new for each
 * attempt, and nonce and code verifier are made from both. Whoever has only one of browser and state has nothing, and
 * whoever reads the database finds hashes.
 */
export const attemptMs = 10 * 60_000
export const attemptCookie = 'sign_in'

export const newSecret = (): string => randomBytes(32).toString('base64url')
export const isSecret = (text: string | null): text is string => text !== null && /^[\w-]{43}$/.test(text)

export function attemptOf(browserSecret: string, state: string): Attempt {
  const derive = (use: string) => createHmac('sha256', browserSecret).update(`${use} ${state}`).digest('base64url')
  return { state, nonce: derive('nonce'), codeVerifier: derive('code verifier') }
}

export const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()

export const isHashOf = (hash: Buffer, text: string): boolean => timingSafeEqual(hash, sha256(text))

/**
 * A path of our own pages, or null. Browsers read `//host`, `/\host` and paths that become one of these when dots are
 * resolved as the address of somebody else.
 */
export function safeRedirect(wish: string | undefined): string | null {
  if (wish === undefined || wish === '') return '/'
  if (!wish.startsWith('/') || /[\\\x00-\x20\x7f]/.test(wish)) return null
  const url = URL.parse(wish, 'http://reeve.invalid')
  if (url === null || url.origin !== 'http://reeve.invalid' || url.pathname.startsWith('//')) return null
  return url.pathname + url.search + url.hash
}
