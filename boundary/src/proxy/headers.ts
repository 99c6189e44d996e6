import type { IncomingHttpHeaders } from 'node:http'
import { isSealHeader } from './seal.ts'

export type Headers = Record<string, string | string[]>

/** They are about one connection, not about the message (RFC 9110 7.6.1), or are this proxy's own to set. */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authorization',
  'proxy-authenticate',
  'proxy-authentication-info',
  'transfer-encoding',
  'upgrade',
  'te',
  'host',
  'expect',
  'http2-settings',
])

/** What is sent on of a request: without what is about the client's connection, and what only the boundary may say. */
export function requestHeaders(headers: IncomingHttpHeaders): Headers {
  const kept = endToEnd(headers, (name) => !isSealHeader(name))
  if (/\btrailers\b/i.test(String(headers['te'] ?? ''))) kept['te'] = 'trailers'
  return kept
}

/** `alt-svc` would send clients to other ports and to UDP, where nobody answers. */
export function responseHeaders(headers: IncomingHttpHeaders): Headers {
  const kept = endToEnd(headers, (name) => name !== 'alt-svc')
  // Trailers come only behind a body in chunks; their announcement beside a length is an error.
  if ('content-length' in kept) delete kept['trailer']
  return kept
}

function endToEnd(headers: IncomingHttpHeaders, keeps: (name: string) => boolean): Headers {
  const named = new Set((headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase()))
  const kept: Headers = {}
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || name.startsWith(':') || hopByHop.has(name) || !keeps(name)) continue
    if (named.has(name) && name !== 'content-length') continue
    kept[name] = value
  }
  return kept
}
