import type { IncomingMessage } from 'node:http'
import { Fault } from '@reeve/base'
import type { Actor } from '../access/actor.ts'
import { sessionCookieName } from './browser.ts'
import { readCredential } from './credential.ts'

export interface SocketEntrance {
  readonly authenticate: (token: string) => Promise<Actor | null>
  /** Of our own pages. */
  readonly origins: (req: IncomingMessage) => readonly string[]
  readonly https: boolean
}

export interface SocketActor {
  readonly actor: Actor
  readonly token: string
  readonly fromCookie: boolean
}

/** Who asks for a WebSocket; a Fault where it is nobody, or somebody whom the page of another site sends. */
export async function socketActor(
  req: IncomingMessage,
  { authenticate, origins, https }: SocketEntrance,
): Promise<SocketActor> {
  const credential = readCredential(req, sessionCookieName(https))
  if (credential !== null && 'status' in credential) throw credential.fault
  const actor = credential === null ? null : await authenticate(credential.token)
  if (credential === null || actor === null) throw new Fault('unauthenticated', 'sign in first')
  // A browser sends the cookie along for any page, which then reads and writes: only ours may.
  if (credential.fromCookie && !origins(req).includes(req.headers.origin ?? '')) {
    throw new Fault('forbidden', 'this connection was made by a page of another site')
  }
  return { actor, ...credential }
}
