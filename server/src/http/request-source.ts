import type { IncomingMessage } from 'node:http'
import type { Actor } from '../access/actor.ts'

/** By which way a request came. */
export type RequestSource = 'ui' | 'cli' | 'api'

/**
 * What the audit log says of the way, by what cannot be claimed where there is a credential, and by what is claimed where
 * there is nothing else:
 *
 *   ui   a session that was begun with a sign-in, in a cookie, as browsers send it. Before somebody is signed in: what
 *        browsers say of themselves.
 *   cli  a session of `reeve login`. With any other credential: what calls itself reeve-cli.
 *   api  every other program.
 *
 * So a token that was made cannot look like a browser, in whatever header it is sent, and can at most call itself the
 * command line. Who signs in with a program as if it were a browser does look like one: he is there himself.
 */
export function requestSource(
  req: IncomingMessage,
  {
    actor,
    fromCookie,
    origins,
  }: { readonly actor: Actor | null; readonly fromCookie: boolean; readonly origins: readonly string[] },
): RequestSource {
  if (fromCookie && actor?.heldBy === 'browser') return 'ui'
  if (actor?.heldBy === 'command_line' || req.headers['user-agent']?.startsWith('reeve-cli/') === true) return 'cli'
  return actor === null && isBrowser(req, origins) ? 'ui' : 'api'
}

/** No page can set these headers, or another Origin than its own; a program that is no browser can. */
function isBrowser({ headers }: IncomingMessage, origins: readonly string[]): boolean {
  if (headers['sec-fetch-site'] !== undefined || headers.accept?.includes('text/html') === true) return true
  return headers.origin !== undefined && origins.includes(headers.origin)
}
