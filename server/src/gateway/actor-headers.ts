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
  const names: string[] = []
  const pairs: string[] = []
  const tell = (name: string | null, value: string): void => {
    if (name === null) return
    names.push(name.toLowerCase())
    if (sent) pairs.push(name, value)
  }
  tell(id, actor.userId)
  tell(username, actor.username)
  return { names, pairs }
}
