import type { OidcConfig } from './settings.ts'

/** What the identity provider says about somebody. Written by people elsewhere: everything in it is checked before use. */
export type Claims = Readonly<Record<string, unknown>>

const valuesMax = 1_000
const valueCharsMax = 256

/** A claim as a list of texts: what is neither a text nor a number in it is left out. Null when there is no such claim. */
export function claimValues(claims: Claims, field: string): string[] | null {
  if (field === '' || !Object.hasOwn(claims, field)) return null
  const given = claims[field]
  const list: readonly unknown[] = Array.isArray(given) ? given.slice(0, valuesMax) : [given]
  const texts = list.flatMap((each) => (typeof each === 'string' || typeof each === 'number' ? [String(each)] : []))
  return [...new Set(texts.filter((text) => text !== '' && text.length <= valueCharsMax && isStorable(text)))]
}

function claimText(claims: Claims, field: string): string {
  const value = Object.hasOwn(claims, field) ? claims[field] : undefined
  return typeof value === 'string' && isStorable(value) ? value.trim() : ''
}

/** The person that claims describe. */
export interface Person {
  /** Lower case. Null when there is none that can be believed to be one. */
  readonly email: string | null
  readonly isEmailVerified: boolean
  readonly username: string
  readonly name: string
}

export function describePerson(claims: Claims, config: Pick<OidcConfig, 'fields' | 'ignoreEmailVerified'>): Person {
  const wished = claimText(claims, config.fields.username)
  const given = claimText(claims, config.fields.email)
  const email = readEmail(given) ?? (given === '' ? readEmail(wished) : null)
  // Some providers say so in a text. What is left out is not verified.
  const verified = claims['email_verified'] === true || claims['email_verified'] === 'true'
  return {
    email,
    isEmailVerified: email !== null && (verified || config.ignoreEmailVerified),
    username: usernameFrom(wished === '' ? (email ?? '') : wished),
    name: claimText(claims, config.fields.name).slice(0, 128),
  }
}

/**
 * ASCII only. Addresses that differ in a letter that looks alike, or that becomes the same in lower case (the Kelvin
 * sign is a k then), would otherwise be a way into somebody else's account.
 */
function readEmail(text: string): string | null {
  const isPlain = /^[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9-]+(?:\.[a-z0-9-]+)*$/i.test(text)
  return isPlain && text.length <= 254 ? text.toLowerCase() : null
}

export const domainOf = (email: string): string => email.slice(email.lastIndexOf('@') + 1)

/** `me` is whoever asks, wherever a username can be. */
const reserved = new Set(['me'])
export const usernameCharsMax = 32

/** What is left of a wish when it has to be letters, digits and single hyphens; may be empty. */
export function usernameFrom(wish: string): string {
  const [local = ''] = wish.split('@')
  const plain = local
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[^a-zA-Z0-9]+/g, '-')
  const cut = plain.replace(/^-+/, '').slice(0, usernameCharsMax).replace(/-+$/, '')
  return reserved.has(cut.toLowerCase()) ? `${cut}-1` : cut
}

/** The n-th try at a name that others may have: dana, dana-2, dana-3. */
export function nthUsername(wished: string, n: number): string {
  const base = wished === '' ? 'user' : wished
  if (n <= 1) return base
  const suffix = `-${n}`
  return base.slice(0, usernameCharsMax - suffix.length).replace(/-+$/, '') + suffix
}

/** Those parts of the claims that the standard uses to protect the token, and that say nothing about the person. */
const protocolClaims = ['iss', 'aud', 'exp', 'iat', 'nbf', 'nonce', 'azp', 'at_hash', 'c_hash', 's_hash', 'jti', 'sid']

/** What the ID token and the user info say together; where both speak, user info is the newer. */
export function mergeClaims(idToken: Claims, userinfo: Claims | null): Claims {
  const added = Object.entries(userinfo ?? {}).filter(([name]) => !protocolClaims.includes(name) && name !== 'sub')
  return { ...idToken, ...Object.fromEntries(added) }
}

/** What is worth keeping: bounded, and such that PostgreSQL can store it. */
export function storableClaims(claims: Claims): string {
  const kept = Object.entries(claims).filter(([name]) => !protocolClaims.includes(name))
  const text = JSON.stringify(Object.fromEntries(kept), (_, value: unknown) =>
    typeof value === 'string' ? value.replaceAll('\0', '\uFFFD').toWellFormed() : value,
  )
  return text.length <= claimsCharsMax ? text : JSON.stringify({ sub: claims['sub'], truncated: true })
}

const claimsCharsMax = 256 * 1024

const isStorable = (text: string): boolean => !text.includes('\0') && text.isWellFormed()
