import type { ActorHeaders } from '@reeve/bridge'
import type { Actor } from '../access/actor.ts'

/** Under which names a provider is told who asks; null keeps that from it. */
export interface ActorHeaderNames {
  /** Whether it is told at all. A client cannot say it in our place either way. */
  readonly sent: boolean
  readonly id: string | null
  readonly username: string | null
}

export function actorHeaders({ sent, id, username }: ActorHeaderNames, actor: Actor): ActorHeaders {
  const told = [
    [id, actor.userId],
    [username, actor.username],
  ].flatMap(([name, value]) => (typeof name === 'string' && typeof value === 'string' ? [{ name, value }] : []))
  return {
    names: told.map(({ name }) => name.toLowerCase()),
    pairs: sent ? told.flatMap(({ name, value }) => [name, value]) : [],
  }
}
