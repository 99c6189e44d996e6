import type { IncomingMessage } from 'node:http'
import type { Actor } from '../access/actor.ts'

/** By which way a request came. */
export type RequestSource = 'ui' | 'cli' | 'api'

/**
 * What the audit log says of the way, by what cannot be claimed where there is a credential, and by what is claimed where
 * there is nothing else:
 *
 *   ui   the cookie of a browser's session. Before somebody is signed in: what browsers say of themselves.
 *   cli  a session of `reeve login`. With another token in a header: what calls itself reeve-cli.
 *   api  every other program.
 *
 * So nobody with a token can look like a browser, and a program can at most call itself the command line.
 */
export function requestSource(
  req: IncomingMessage,
  {
    actor,
    fromCookie,
    origins,
  }: { readonly actor: Actor | null; readonly fromCookie: boolean; readonly origins: readonly string[] },
): RequestSource {
  if (actor !== null && fromCookie) return 'ui'
  if (actor?.isCommandLine === true || req.headers['user-agent']?.startsWith('reeve-cli/') === true) return 'cli'
  return actor === null && isBrowser(req, origins) ? 'ui' : 'api'
}

/** No page can set these headers, or another Origin than its own; a program that is no browser can. */
function isBrowser({ headers }: IncomingMessage, origins: readonly string[]): boolean {
  if (headers['sec-fetch-site'] !== undefined || headers.accept?.includes('text/html') === true) return true
  return headers.origin !== undefined && origins.includes(headers.origin)
}
