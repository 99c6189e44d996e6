import { type Clock, Fault, isUuid, type Log } from '@reeve/base'
import type { Counter } from 'prom-client'
import type { Actor } from '../access/actor.ts'
import { type AccessObject, allows } from '../access/policy.ts'
import type { Database, Executor, Tx } from '../db/database.ts'
import type { Permission } from '@reeve/sdk'
import { changePayload, credentialChannel, type CredentialChange } from './authenticate.ts'
import type { Passwords } from './password.ts'
import type { TokenLimits } from './policy.ts'
import { findUser, notifyCredentials, type UserRow } from './queries.ts'

/** What the functions of this room are given. Made once, in `app.ts`. */
export interface Identity {
  readonly db: Database
  readonly clock: Clock
  readonly log: Log
  readonly passwords: Passwords
  /** Of the authenticator: makes a change count for the very next request here. */
  readonly forget: (change: CredentialChange) => void
  readonly sessionMs: number
  readonly tokens: TokenLimits
  /** Only people on this machine can reach the server, so that whoever asks could read the setup link as well. */
  readonly localOnly: boolean
  readonly logins: Counter<'outcome'>
}

/**
 * Runs a change of credentials: other replicas are told in its transaction, this one forgets when it has committed.
 */
export async function changeCredentials<T>(
  identity: Identity,
  change: CredentialChange,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  const result = await identity.db.transaction(async (tx) => {
    const done = await work(tx)
    await notifyCredentials(tx, credentialChannel, changePayload(change))
    return done
  })
  identity.forget(change)
  return result
}

/**
 * The user that a path names: `me`, an id or a username. One who does not exist and one whom the actor may not touch are
 * the same answer.
 */
export async function resolveUser(db: Executor, actor: Actor, ref: string, permission: Permission): Promise<UserRow> {
  const by = ref === 'me' ? { id: actor.userId } : isUuid(ref) ? { id: ref } : { username: ref }
  const user = await findUser(db, by)
  return visible(user, actor, permission, { ownerId: user?.id ?? '' }, 'there is no such user')
}

export function visible<T>(
  found: T | undefined,
  actor: Actor,
  permission: Permission,
  object: AccessObject,
  message: string,
): T {
  if (found === undefined || !allows(actor, permission, object)) throw new Fault('not_found', message)
  return found
}
