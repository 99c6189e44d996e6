import type { IncomingMessage, ServerResponse } from 'node:http'
import { Fault } from '@reeve/base'
import { type Refusal, refusal } from './faults.ts'
import type { SessionCookie, ShortCookie } from './implement.ts'

/** What the server asks of browsers: which pages may call it, how they keep the session, what a page may load. */

const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ')

/** For everything that is not a page: should a browser show it after all, then as nothing that can act. */
const dataPolicy = "default-src 'none'; frame-ancestors 'none'; sandbox"

/** Names and values, one after the other. */
export function securityHeaders(kind: 'page' | 'data', https: boolean): readonly string[] {
  const headers = {
    'Content-Security-Policy': kind === 'page' ? pagePolicy : dataPolicy,
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Referrer-Policy': 'no-referrer',
    'Permissions-Policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    ...(https ? { 'Strict-Transport-Security': 'max-age=31536000' } : {}),
  }
  return Object.entries(headers).flat()
}

export function setSecurityHeaders(res: ServerResponse, kind: 'page' | 'data', https: boolean): void {
  const headers = securityHeaders(kind, https)
  for (let at = 0; at < headers.length; at += 2) res.setHeader(headers[at]!, headers[at + 1]!)
}

/** The prefix makes browsers refuse the cookie from anything but this host over https. */
export const sessionCookieName = (https: boolean): string => (https ? '__Host-reeve_session' : 'reeve_session')

export function sessionCookie(session: SessionCookie, https: boolean): string {
  const value = session === null ? '' : session.token
  const maxAge = session === null ? 0 : Math.floor(session.maxAgeMs / 1000)
  const secure = https ? '; Secure' : ''
  return `${sessionCookieName(https)}=${value}; Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=Lax${secure}`
}

/** The cookies of a sign-in that is under way; `Lax`, as the way back from the identity provider begins over there. */
export const shortCookieName = (name: string, https: boolean): string => `${https ? '__Host-' : ''}reeve_${name}`

export function shortCookie({ name, value, maxAgeMs }: ShortCookie, https: boolean): string {
  const maxAge = value === '' ? 0 : Math.floor(maxAgeMs / 1000)
  const secure = https ? '; Secure' : ''
  return `${shortCookieName(name, https)}=${value}; Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=Lax${secure}`
}

/**
 * A browser may send our cookie along with a request that another site's page made. Reading is safe, as that page
 * cannot see the answer; a write has to come from our own pages, which browsers state in headers no page can set.
 * Without a cookie the headers are looked at only where they are: signing somebody in unasked is an attack too.
 */
export function checkSameOrigin(req: IncomingMessage, fromCookie: boolean, origins: readonly string[]): Refusal | null {
  if (req.method === 'GET' || req.method === 'HEAD') return null
  const site = req.headers['sec-fetch-site']
  const { origin } = req.headers
  const isOurs = site === undefined || site === 'same-origin'
  const isKnown = origin === undefined || origins.includes(origin)
  const isStated = site !== undefined || origin !== undefined
  if (isOurs && isKnown && (isStated || !fromCookie)) return null
  const fix = `open the dashboard at ${origins[0]}, which REEVE_ACCESS_URL sets`
  return refusal(403, new Fault('forbidden', 'this request was made by a page of another site', { fix }))
}
