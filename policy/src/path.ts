import type { PathPattern } from './glob.ts'

/**
 * Paths of web requests have one form: unreserved characters plain, everything else percent-encoded in upper case, dot
 * segments resolved, no empty segments. It is decided and it is sent on. What has no such form is refused.
 *
 * Two things stay as they are because honest clients need them: `%2F` (names of packages and projects) and `;`. Servers
 * read them in more than one way, so `readings` gives every way: an allow rule must fit all of them, a deny rule one.
 */

/** The canonical path, or null: control bytes, backslashes, what is not ASCII, broken or double escapes, tricks with dots. */
export const canonicalPath = (raw: string): string | null => canonical(raw, false)

/** In a rule `*` is a pattern; in a request it is a character, written so that no rule made of it can mean more. */
function canonical(raw: string, pattern: boolean): string | null {
  if (!raw.startsWith('/') || raw.length > pathMax || !/^[\x21-\x7e]*$/.test(raw) || /[\\?#]/.test(raw)) return null
  if (plainPath.test(raw)) return raw
  const decoded = normalEscapes(pattern ? raw : raw.replaceAll('*', '%2A'))
  if (decoded === null || /%[01][0-9A-F]|%7F|%5C|%25(?:[01][0-9a-f]|2[ef5]|3b|5c|7f)/i.test(decoded)) return null
  const path = resolved(decoded.split('/'))
  return readings(path) === null ? null : path
}
const pathMax = 16_384
/** Most paths: nothing to decode, no empty segment, no segment that begins with a dot. */
const plainPath = /^(?:\/(?!\/)(?:[A-Za-z0-9_~!$&'()+,=:@-][A-Za-z0-9._~!$&'()+,=:@-]*)?)+$/

/** Escapes of unreserved characters are decoded, all others made upper case; characters that must be escaped are. */
function normalEscapes(raw: string): string | null {
  if (/%(?![0-9a-fA-F]{2})/.test(raw)) return null
  return raw
    .replace(/%[0-9a-fA-F]{2}/g, (escape) => {
      const character = String.fromCharCode(Number.parseInt(escape.slice(1), 16))
      return /[A-Za-z0-9._~-]/.test(character) ? character : escape.toUpperCase()
    })
    .replace(/["<>^`{|}[\]]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
}

/** Without empty and dot segments; a slash at the end stays, and one comes where a dot segment was last. */
function resolved(segments: readonly string[]): string {
  const kept: string[] = []
  for (const segment of segments) {
    if (segment === '..') kept.pop()
    else if (segment !== '.' && segment !== '') kept.push(segment)
  }
  const folder = ['', '.', '..'].includes(segments.at(-1)!)
  return `/${kept.join('/')}${folder && kept.length > 0 ? '/' : ''}`
}

/** Every way in which a server may read a canonical path, split at its slashes; null where one of them climbs. */
export function readings(path: string): readonly (readonly string[])[] | null {
  if (!/%2F|;|%3B/.test(path)) return [path.split('/')]
  const slashed = path.replaceAll('%2F', '/')
  const bare = path.replace(/(?:;|%3B)[^/]*/g, '')
  // Parameters end at a slash of either kind, depending on what is decoded first.
  const bareSlashed = slashed.replace(/(?:;|%3B)[^/]*/g, '')
  const shortBare = path.replace(/(?:;|%3B)(?:(?!%2F)[^/])*/g, '').replaceAll('%2F', '/')
  const texts = new Set([path, slashed, bare, bareSlashed, shortBare].map((text) => text.replace(/\/{2,}/g, '/')))
  const all = [...texts].map((text) => text.split('/'))
  return all.some((segments) => segments.includes('.') || segments.includes('..')) ? null : all
}

/** A path of a rule: every way to read it, as the paths of requests are read; or what is wrong with it. */
export function pathRule(text: string): readonly PathPattern[] | string {
  if (!text.startsWith('/')) return 'does not begin with a slash'
  if (/[?#]/.test(text)) return 'has a query or a fragment, and rules are about paths'
  if (/\/(\.{1,2}|%2e)(\/|$)|\/\//i.test(text)) return 'has empty or dot segments, which no request has'
  const path = canonical(encodeURI(text.toWellFormed()).replaceAll('%25', '%'), true)
  return path === null ? 'is not a path that a request can have' : (readings(path) ?? 'climbs')
}
