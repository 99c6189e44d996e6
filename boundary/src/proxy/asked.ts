import type { IncomingMessage } from 'node:http'
import type { Http2ServerRequest } from 'node:http2'
import { canonicalAuthority, type CanonicalRequest, canonicalRequest, isRefusal } from '@reeve/policy'
import type { Origin } from './services.ts'

export type ClientRequest = IncomingMessage | Http2ServerRequest

/**
 * What a client asked for, in the one form in which it is decided and sent on; or why it has none. `mismatch`: it names
 * another host than the connection is for.
 */
export type Asked =
  | { readonly kind: 'request'; readonly request: CanonicalRequest }
  | { readonly kind: 'mismatch' | 'refused'; readonly host: string; readonly port: number }

export function readAsked(req: ClientRequest, origin: Origin): Asked {
  const { scheme, port, caller } = origin
  const refused = { kind: 'refused', host: origin.host ?? 'unknown', port } as const
  const authorities = authoritiesOf(req)
  const [authority] = authorities
  if (authority === undefined || authorities.length > 1) return refused
  const request = canonicalRequest({
    method: req.method ?? '',
    scheme,
    authority: withPort(authority, port),
    target: req.url ?? '',
    exes: caller?.exes ?? [],
  })
  if (isRefusal(request)) return refused
  const mismatch = { kind: 'mismatch', host: request.host, port: request.port } as const
  if (origin.mismatched) return mismatch
  if (origin.host !== null && (request.host !== origin.host || request.port !== port)) return mismatch
  return { kind: 'request', request }
}

/**
 * The hosts that the header fields name. Two fields, or `:authority` beside another `host`, are two readings of one
 * request. Beside an absolute target the field must say the same.
 */
function authoritiesOf(req: ClientRequest): string[] {
  const fields: string[] = []
  for (let at = 0; at < req.rawHeaders.length; at += 2) {
    const name = req.rawHeaders[at]!.toLowerCase()
    if (name === 'host' || name === ':authority') fields.push(req.rawHeaders[at + 1]!)
  }
  const absolute = /^https?:\/\/([^/?#]*)/i.exec(req.url ?? '')?.[1]
  if (req.httpVersionMajor >= 2 || absolute === undefined) {
    return req.httpVersionMajor >= 2 ? [...new Set(fields.map((field) => field.toLowerCase()))] : fields
  }
  const same = fields.every((field) => sameAuthority(field, absolute))
  return fields.length <= 1 && same ? [absolute] : [absolute, ...fields]
}

function sameAuthority(one: string, other: string): boolean {
  const [a, b] = [canonicalAuthority(one, 'http'), canonicalAuthority(other, 'http')]
  return a !== null && b !== null && a.host === b.host && a.port === b.port
}

/** A host without a port means the port that was connected to. */
const withPort = (authority: string, port: number): string =>
  /(?:^[^:]*|\])$/.test(authority) ? `${authority}:${port}` : authority
