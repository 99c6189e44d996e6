import { type Clock, type Log, toError, type Uuid } from '@reeve/base'
import { Scope } from '@reeve/sdk'
import { z } from 'zod'
import type { Actor } from '../../access/actor.ts'
import { AllowedObject, holdings } from '../roles/custom-roles.ts'
import { rightsMark } from '../roles/rights-mark.ts'
import type { Database } from '../../db/database.ts'
import { isOutage } from '../../db/failures.ts'
import { listen } from '../../db/listen.ts'
import { type CredentialRow, findCredential } from './queries.ts'
import { readToken } from './token.ts'
import { createUseLog } from './use-log.ts'

/**
 * Turns a token into the actor that it stands for. Shared by the management API and the gateway, which asks on every
 * model call: answers are remembered for a few seconds, and a change of the credential or its owner, here or on another
 * replica, makes them forgotten at once.
 *
 * While PostgreSQL does not answer, what was known stays good for some time: people keep working, and a revocation
 * could not have been stored in that time anyway. Nobody new gets in.
 */
export interface Authenticator {
  /** Null for a token that is malformed, unknown, expired, revoked, or of a suspended user. Throws when nobody knows. */
  authenticate(token: string): Promise<Actor | null>
  /** Forgets at once what this replica remembers; the others hear of it when the change commits. */
  forget(change: CredentialChange): void
}

/** Credentials that may have changed: one, all of a user, or everybody's, as when a role has new contents. */
export type CredentialChange = { readonly keyId: string } | { readonly userId: Uuid } | 'everybody'

export const credentialChannel = 'reeve_credentials'
export const changePayload = (change: CredentialChange): string =>
  change === 'everybody' ? change : 'keyId' in change ? `key ${change.keyId}` : `user ${change.userId}`

interface Remembered {
  readonly actor: Actor
  readonly expiresAtMs: number
  readonly checkedMs: number
  /** Counts up with every change that was heard of; an answer from before the last one is asked for again. */
  readonly epoch: number
}

/** How long an answer counts as true, from the moment at which it was asked for, when no change was heard of. */
export const freshMs = 3_000
/** How long a request waits for a slow database when there is a remembered answer. */
export const patienceMs = 1_000
const rememberedMax = 20_000

export async function createAuthenticator(options: {
  readonly db: Database
  readonly clock: Clock
  readonly log: Log
  /** How long what was known stays good while PostgreSQL does not answer; never for less than an answer is fresh. */
  readonly outageMs: number
}): Promise<Authenticator & AsyncDisposable> {
  const { db, clock, log, outageMs } = options
  const remembered = new Map<string, Remembered>()
  const asking = new Map<string, Promise<Actor | null>>()
  const uses = createUseLog({ db: db.sql, clock, log })
  let epoch = 0
  let isDown = false

  const listener = await listen(db.connection, credentialChannel, (payload) => forget(readPayload(payload)), {
    log,
    // Whatever was said while nobody listened is lost.
    onReconnect: () => epoch++,
  })

  function forget(change: CredentialChange): void {
    epoch++
    for (const [key, { actor }] of remembered) {
      const isMeant =
        change === 'everybody' || ('keyId' in change ? actor.apiKeyId === change.keyId : actor.userId === change.userId)
      if (isMeant) remembered.delete(key)
    }
  }

  function recall(key: string): Remembered | null {
    const known = remembered.get(key)
    if (known === undefined) return null
    const tooOld =
      clock.monotonicMs() - known.checkedMs > Math.max(outageMs, freshMs) || known.expiresAtMs <= clock.now().getTime()
    if (tooOld) remembered.delete(key)
    return tooOld ? null : known
  }

  async function ask(key: string, id: string, secretSha256: Buffer): Promise<Actor | null> {
    const asOf = epoch
    // What is true when the answer comes was true when the question was asked, and no later.
    const checkedMs = clock.monotonicMs()
    const row = await findCredential(db.sql, id, secretSha256)
    isDown = false
    const actor = row === undefined || row.expires_at <= clock.now() ? null : toActor(row)
    remembered.delete(key)
    if (actor !== null && row !== undefined && asOf === epoch) {
      if (remembered.size >= rememberedMax) remembered.delete(remembered.keys().next().value ?? '')
      const expiresAtMs = row.expires_at.getTime()
      remembered.set(key, { actor, expiresAtMs, checkedMs, epoch: asOf })
    }
    return actor
  }

  /** Requests with one token that come together ask together. */
  function askOnce(key: string, id: string, secretSha256: Buffer): Promise<Actor | null> {
    const underway = asking.get(key)
    if (underway !== undefined) return underway
    const answer = ask(key, id, secretSha256).finally(() => asking.delete(key))
    asking.set(key, answer)
    return answer
  }

  async function identify(token: string): Promise<Actor | null> {
    const parts = readToken(token)
    if (parts === null) return null
    const key = parts.secretSha256.toString('base64')
    const known = recall(key)
    const age = known === null ? Infinity : clock.monotonicMs() - known.checkedMs
    if (known !== null && known.epoch === epoch && age < freshMs) return known.actor
    const answer = askOnce(key, parts.id, parts.secretSha256)
    if (known === null) return answer
    const guarded = answer.catch((thrown: unknown) => {
      if (!isOutage(thrown)) throw thrown
      if (!isDown) log.warn({ err: toError(thrown) }, 'authenticating from memory: the database does not answer')
      isDown = true
      return fallBack()
    })
    const fallBack = (): Actor | null => recall(key)?.actor ?? null
    return isDown ? (guarded.catch(() => {}), fallBack()) : Promise.race([guarded, after(patienceMs).then(fallBack)])
  }

  return {
    forget,
    async authenticate(token) {
      const actor = await identify(token)
      if (actor !== null) uses.note(actor.apiKeyId)
      return actor
    },
    async [Symbol.asyncDispose]() {
      await listener[Symbol.asyncDispose]()
      await Promise.allSettled(asking.values())
      await uses[Symbol.asyncDispose]()
    },
  }
}

/** What a newer version says, and this one does not understand, may concern anybody. */
function readPayload(payload: string): CredentialChange {
  const [kind, id] = payload.split(' ')
  if (id === undefined) return 'everybody'
  return kind === 'key' ? { keyId: id } : kind === 'user' ? { userId: id } : 'everybody'
}

function toActor(row: CredentialRow): Actor {
  const held = holdings(row)
  const heldBy = row.login_type === 'token' ? 'program' : row.login_type === 'device' ? 'command_line' : 'browser'
  return {
    userId: row.user_id,
    username: row.username,
    ...held,
    heldBy,
    isOutgrown: heldBy === 'browser' && row.rights_sha256?.equals(rightsMark(held.roles)) !== true,
    apiKeyId: row.id,
    scopes: row.scopes.flatMap((text) => Scope.safeParse(text).data ?? []),
    workspaceId: row.workspace_id,
    allowList: row.allow_list === null ? null : z.array(AllowedObject).parse(row.allow_list),
  }
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref())
}
