import { type Clock, Fault, isUuid, type Log } from '@reeve/base'
import type { Actor } from '../access/actor.ts'
import { type AccessObject, allows } from '../access/policy.ts'
import type { Database, Executor, Tx } from '../db/database.ts'
import type { Grantable, Permission } from '@reeve/sdk'
import type { Keyring } from '../keyring/keyring.ts'
import { demand } from '../http/demand.ts'
import { changePayload, credentialChannel, type CredentialChange } from './tokens/authenticate.ts'
import type { SignInMetrics } from './sign-in/metrics.ts'
import type { Passwords } from './sign-in/password.ts'
import type { OidcConfig } from './oidc/settings.ts'
import type { TokenLimits } from './policy.ts'
import { findUser, type UserRow } from './queries.ts'
import { notifyCredentials } from './tokens/queries.ts'

/** What the functions of this room are given. Made once, in `app.ts`. */
export interface Identity extends SignInMetrics {
  readonly db: Database
  readonly clock: Clock
  readonly log: Log
  readonly passwords: Passwords
  /** Seals what lets somebody in and has to be stored for a while. */
  readonly keyring: Pick<Keyring, 'seal'>
  /** Of the authenticator: makes a change count for the very next request here. */
  readonly forget: (change: CredentialChange) => void
  /** The address that people use, for links. */
  readonly accessUrl: string
  /** How long a session lives without being used, and however much it is used. */
  readonly sessionMs: number
  readonly sessionMaxMs: number
  /** Whom a password lets in: owners always, so that somebody can when the identity provider cannot be reached. */
  readonly passwordSignIn: 'everyone' | 'owners'
  /** Whether mail leaves this deployment, so that a forgotten password can be mended. */
  readonly sendsMail: boolean
  /** How the way through the identity provider looks; null where there is none. */
  readonly oidcButton: Pick<OidcConfig, 'signInText' | 'iconUrl' | 'uninvitedText'> | null
  readonly tokens: TokenLimits
  /** Only people on this machine can reach the server, so that whoever asks could read the setup link as well. */
  readonly localOnly: boolean
}

/**
 * Runs a change of credentials: other replicas are told in its transaction, this one forgets when it has committed.
 */
export async function changeCredentials<T>(
  identity: Pick<Identity, 'db' | 'forget'>,
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
  const object = user === undefined ? {} : holderOf(user, actor)
  return visible(user, actor, permission, object, 'there is no such user')
}

/** Whose a user and his credentials are: his own; a service account is that of the person who is responsible for it. */
export const holderOf = (user: Pick<UserRow, 'id' | 'owner_id'>, actor: Actor): AccessObject => ({
  ownerId: user.owner_id === actor.userId ? actor.userId : user.id,
})

/** What was found, if it may be touched. One that he may only read is forbidden; one that he may not read is not there. */
export function reach<T>(
  found: T | undefined,
  actor: Actor,
  wish: { readonly read: Grantable; readonly needs: Grantable; readonly object: AccessObject; readonly noun: string },
): T {
  const { read, needs, object, noun } = wish
  if (found === undefined || !(allows(actor, read, object) || allows(actor, needs, object))) {
    throw new Fault('not_found', `there is no such ${noun}`)
  }
  demand(actor, needs, object)
  return found
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
