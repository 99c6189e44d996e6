import type { IncomingHttpHeaders } from 'node:http'
import type { Inject } from '../control/answers.ts'

/**
 * The session's own signature on requests to the gateway. The gateway knows the public key since the session was registered,
 * and believes no session's name without a signature: what a client inside writes into these headers is taken off.
 */
export interface Seal {
  readonly session: string
  /** Ed25519, as base64url. */
  sign(text: string): string
}

/** A request that is signed; the path is the canonical one, without its query. */
export interface SealedRequest {
  readonly method: string
  readonly host: string
  readonly port: number
  readonly path: string
}

const coderNames = ['x-coder-agent-firewall-session-id', 'x-coder-agent-firewall-sequence-number'] as const

/** Names that only the boundary may write. */
export const isSealHeader = (name: string): boolean =>
  name.startsWith('x-reeve-boundary-') || coderNames.some((own) => own === name)

/** Hosts that are told the session, with patterns of their paths: a literal path, or one that ends in `/**`. */
export function isInjectTarget(targets: readonly Inject[], { host, port, path }: SealedRequest): boolean {
  return targets.some(
    (target) => target.host === host && target.port === port && target.paths.some((pattern) => fits(pattern, path)),
  )
}

const fits = (pattern: string, path: string): boolean =>
  pattern.endsWith('/**') ? path.startsWith(pattern.slice(0, -2)) : path === pattern

export function sealHeaders(
  { session, sign }: Seal,
  { method, host, path }: SealedRequest,
  sequence: number,
  now: Date,
): IncomingHttpHeaders {
  const time = now.getTime()
  const message = [session, sequence, time, method, host, path].join('\n')
  return {
    'x-reeve-boundary-session': session,
    'x-reeve-boundary-sequence': String(sequence),
    'x-reeve-boundary-time': String(time),
    'x-reeve-boundary-signature': sign(message),
    [coderNames[0]]: session,
    [coderNames[1]]: String(sequence),
  }
}
