import type { IncomingMessage } from 'node:http'
import { Fault } from '@reeve/base'
import { type Refusal, refusal } from './faults.ts'
import { countHeader } from './front-door.ts'

/** The token of a request and whether a browser sent it by itself, without the page that asks having to know it. */
export interface Credential {
  readonly token: string
  readonly fromCookie: boolean
}

const headerNames = ['reeve-session-token', 'coder-session-token', 'authorization', 'cookie'] as const

/**
 * Takes the token from wherever the conventions of the field put it. Two readers of an ambiguous request could each
 * believe another credential, so that every ambiguity is refused.
 */
export function readCredential(req: IncomingMessage, cookieName: string): Credential | Refusal | null {
  const repeated = headerNames.find((name) => countHeader(req, name) > 1)
  if (repeated !== undefined) return ambiguous(`there is more than one ${repeated} header`)
  const cookies = cookieValues(req.headers.cookie ?? '', cookieName)
  if (cookies.length > 1) return ambiguous(`there is more than one ${cookieName} cookie`)
  const [cookie] = cookies
  const inHeaders = [
    singleHeader(req, 'reeve-session-token'),
    singleHeader(req, 'coder-session-token'),
    /^Bearer +([^\s]+)$/i.exec(req.headers.authorization ?? '')?.[1],
  ].filter((token) => token !== undefined && token !== '')
  const [token] = inHeaders
  if (new Set([...inHeaders, ...cookies]).size > 1) return ambiguous('there is more than one credential')
  if (token !== undefined) return { token, fromCookie: false }
  return cookie === undefined ? null : { token: cookie, fromCookie: true }
}

const ambiguous = (what: string): Refusal =>
  refusal(400, new Fault('invalid', `${what} in this request`, { fix: 'send the token once, in one header' }))

function singleHeader(req: IncomingMessage, name: string): string | undefined {
  const value = req.headers[name]
  return Array.isArray(value) ? value[0] : value?.trim()
}

export function cookieValues(header: string, name: string): string[] {
  return header.split(';').flatMap((pair) => {
    const [key, ...value] = pair.split('=')
    return key?.trim() === name && value.join('=').trim() !== '' ? [value.join('=').trim()] : []
  })
}
