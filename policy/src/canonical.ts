import type { WebRequest } from './decision.ts'
import { canonicalHost } from './host.ts'
import { canonicalPath } from './path.ts'

/** A request as it came: the line's own words, and the authority that the connection or the header names. */
export interface RawRequest {
  readonly method: string
  readonly scheme: 'http' | 'https'
  /** Host and port of the `Host` header or `:authority`. An absolute target counts instead of it. */
  readonly authority: string
  readonly target: string
  readonly exes: readonly string[]
}

/** What is decided, and with `query` what is sent on. */
export interface CanonicalRequest extends WebRequest {
  /** As it came, with its `?`; empty where there is none. */
  readonly query: string
}

/** There is no one form of it, so nobody can say what it would be at the other end. */
export interface Refusal {
  readonly refused: 'method' | 'authority' | 'path'
  readonly message: string
}

export const isRefusal = (answer: WebRequest | Refusal): answer is Refusal => 'refused' in answer

export function canonicalRequest({ method, scheme, authority, target, exes }: RawRequest): CanonicalRequest | Refusal {
  if (!/^[A-Z][A-Z0-9-]{0,31}$/.test(method) || method === 'CONNECT' || method === 'PRI') {
    return refusal('method', 'the method is not a word of capital letters')
  }
  const absolute = /^(https?):\/\/([^/?#]*)(.*)$/is.exec(target)
  if (absolute !== null && absolute[1]!.toLowerCase() !== scheme) {
    return refusal('authority', 'the target names another scheme than the connection has')
  }
  const place = canonicalAuthority(absolute?.[2] ?? authority, scheme)
  if (place === null) return refusal('authority', 'the authority is not one host name with at most a port')
  const rest = absolute === null ? target : rooted(absolute[3]!)
  const mark = rest.indexOf('?')
  const query = mark < 0 ? '' : rest.slice(mark)
  const path = canonicalPath(mark < 0 ? rest : rest.slice(0, mark))
  if (path === null) return refusal('path', 'the path has no form that every server reads alike')
  if (!/^[\x21\x22\x24-\x7e]*$/.test(query)) return refusal('path', 'the query has characters that must be escaped')
  return { method, scheme, ...place, path, exes, query }
}

const refusal = (refused: Refusal['refused'], message: string): Refusal => ({ refused, message })
const rooted = (rest: string) => (rest.startsWith('/') ? rest : `/${rest}`)

/** Host and port of `example.com:8443`; no name and password, no list, no zone. */
export function canonicalAuthority(
  text: string,
  scheme: 'http' | 'https',
): { readonly host: string; readonly port: number } | null {
  const parts = /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/.exec(text)
  const host = parts === null ? null : canonicalHost(parts[1]!)
  const port = parts?.[2] === undefined ? (scheme === 'https' ? 443 : 80) : Number(parts[2])
  return host === null || port < 1 || port > 65_535 ? null : { host, port }
}

/** A request that a person wrote, `https://host/path`: what a browser would make of it, then the canonical form. */
export function requestOfUrl(method: string, url: string, exes: readonly string[] = []): CanonicalRequest | Refusal {
  const parts = /^(https?):\/\/(?:[^/?#@]*@)?([^/?#]*)([^#]*)/is.exec(url.trim())
  if (parts === null) return refusal('authority', 'write the whole address: https://host/path')
  const scheme = parts[1]!.toLowerCase() === 'https' ? 'https' : 'http'
  const target = encodeURI(rooted(parts[3]!).toWellFormed()).replaceAll('%25', '%')
  return canonicalRequest({ method, scheme, authority: parts[2]!, target, exes })
}
