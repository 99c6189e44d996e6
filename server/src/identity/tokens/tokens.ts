import { Fault } from '@reeve/base'
import type { Actor } from '../../access/actor.ts'
import { allows, visibility } from '../../access/policy.ts'
import { mayHandOut } from '../../access/scopes.ts'
import { appendAudit } from '../../audit/journal.ts'
import type { Tx } from '../../db/database.ts'
import { isUniqueViolation } from '../../db/failures.ts'
import { type Scope, signedIn } from '../../http/implement.ts'
import { readSearch } from '../../http/search.ts'
import { keyCreated, keyEnded } from '../events.ts'
import { changeCredentials, holderOf, type Identity, resolveUser, visible } from '../identity.ts'
import { type TokenMaker, type TokenWish, tokenTerms } from '../policy.ts'
import { lockUser, type UserRow } from '../queries.ts'
import { deleteKey, expireKey, findKey, freeTokenName, insertKey, type KeyRow } from './queries.ts'
import { beginSession } from '../sign-in/sessions.ts'
import { lockLiveKey, selectTokens } from '../sign-in/queries.ts'
import { actorNow, checkOutranks } from '../roles/standing.ts'
import { newToken } from './token.ts'

/** API tokens: made, listed, ended. The token itself is shown by `createToken` and never again. */

export async function createToken(
  identity: Identity,
  scope: Scope,
  ref: string,
  wish: TokenWish & { readonly token_name?: string | undefined },
): Promise<{ key: string; id: string; expires_at: string }> {
  const { db, clock } = identity
  const actor = signedIn(scope)
  const owner = await resolveUser(db.sql, actor, ref, 'api_key:create')
  refuseImpersonation(owner, actor)
  const { id, token, secretSha256 } = newToken()
  const name = wish.token_name ?? `token-${id}`
  try {
    const expiresAt = await db.transaction(async (tx) => {
      const now = clock.now()
      // The person before the credential, as whoever suspends him takes them.
      await lockActive(tx, owner.id)
      const maker = await makerOf(tx, actor, now)
      const terms = tokenTerms(wish, maker, identity.tokens)
      // Who has an account's token has the account.
      if (owner.id !== actor.userId) await checkOutranks(tx, await actorNow(tx, actor), owner.id)
      const row = {
        id,
        secret_sha256: secretSha256,
        user_id: owner.id,
        login_type: 'token',
        token_name: name,
        scopes: [...terms.scopes],
        allow_list: terms.allowList === null ? null : JSON.stringify(terms.allowList),
        lifetime_seconds: terms.lifetimeMs / 1000,
        created_at: now,
        updated_at: now,
        expires_at: new Date(now.getTime() + terms.lifetimeMs),
        created_ip: scope.sourceIp,
        created_agent: scope.userAgent?.slice(0, 512) ?? null,
      }
      await freeTokenName(tx, owner.id, name, now)
      await insertKey(tx, row)
      await appendAudit(tx, { scope, at: now, ...keyCreated(row, owner.username) })
      return row.expires_at
    })
    return { key: token.reveal(), id, expires_at: expiresAt.toISOString() }
  } catch (thrown) {
    if (!isUniqueViolation(thrown, 'api_keys_token_name')) throw thrown
    throw new Fault('conflict', `there is a token named ${name} already`)
  }
}

/** Who holds somebody's token is that person to everything that reads or records, so that each makes his own. */
function refuseImpersonation(owner: UserRow, actor: Actor): void {
  if (owner.id === actor.userId || owner.login_type === 'none') return
  throw new Fault('forbidden', 'nobody makes a token or a session for another person', {
    fix: 'let them make it, or use a service account: reeve users create --service-account',
  })
}

/** As it is at this moment: a credential that was revoked since the request came in makes nothing any more. */
async function makerOf(tx: Tx, actor: Actor, now: Date): Promise<TokenMaker> {
  const key = await lockLiveKey(tx, actor.apiKeyId, now)
  if (key === undefined) throw new Fault('unauthenticated', 'this token is unknown, expired or revoked')
  const livesForMs = key.login_type === 'token' ? key.expires_at.getTime() - now.getTime() : null
  return { scopes: actor.scopes, allowList: actor.allowList, livesForMs }
}

async function lockActive(tx: Tx, userId: string): Promise<UserRow> {
  const user = await lockUser(tx, userId)
  if (user === undefined) throw new Fault('not_found', 'there is no such user')
  if (user.status === 'suspended') throw new Fault('conflict', 'this user is suspended')
  return user
}

export async function createSessionKey(identity: Identity, scope: Scope, ref: string): Promise<{ key: string }> {
  const { db, clock } = identity
  const actor = signedIn(scope)
  const owner = await resolveUser(db.sql, actor, ref, 'api_key:create')
  refuseImpersonation(owner, actor)
  if (owner.login_type === 'none') {
    throw new Fault('forbidden', 'this account does not sign in', { fix: 'make it a token' })
  }
  if (!mayHandOut(actor.scopes, 'all') || actor.allowList !== null) {
    throw new Fault('forbidden', 'this credential cannot hand out every scope, as it does not have them')
  }
  const begun = await db.transaction(async (tx) => {
    const now = clock.now()
    await lockUser(tx, owner.id)
    const { livesForMs } = await makerOf(tx, actor, now)
    const endsBy = livesForMs === null ? {} : { endsBy: new Date(now.getTime() + livesForMs) }
    return beginSession(tx, identity, scope, owner.id, 'actor', endsBy)
  })
  return { key: begun.reveal() }
}

export interface TokenQuery {
  readonly everybody: boolean
  readonly expired: boolean
  readonly q: string
}

/** Sessions are listed elsewhere: `sessions.ts`. */
export async function listTokens(identity: Identity, actor: Actor, ref: string, wish: TokenQuery): Promise<KeyRow[]> {
  const { db, clock } = identity
  const { words, values } = readSearch(wish.q, ['user', 'scope', 'kind', 'used', 'used_before', 'expires_before'])
  const owner = wish.everybody ? null : await resolveUser(db.sql, actor, ref, 'api_key:read')
  if (owner === null && !visibility(actor, 'api_key:read').everything) {
    throw new Fault('forbidden', 'only those who may read the tokens of everybody can list them')
  }
  const neverUsed = values('used').map((value) => oneOf('used', value, ['never'])).length > 0
  return selectTokens(db.sql, {
    userId: owner?.id ?? null,
    liveAt: wish.expired ? null : clock.now(),
    words,
    usernames: values('user'),
    scopes: values('scope'),
    kinds: values('kind').map((value) => oneOf('kind', value, ['person', 'service', 'workspace'])),
    neverUsed,
    usedBefore: dayOf('used_before', values('used_before')),
    expiresBefore: dayOf('expires_before', values('expires_before')),
  })
}

function oneOf(key: string, value: string, known: readonly string[]): string {
  if (known.includes(value.toLowerCase())) return value.toLowerCase()
  throw badSearch(`${key}: is one of ${known.join(', ')}`)
}

/** The earliest of the days that were given; null for none. */
function dayOf(key: string, values: readonly string[]): Date | null {
  const [first] = values.toSorted()
  if (first === undefined) return null
  const at = new Date(`${first}T00:00:00Z`)
  if (!/^\d{4}-\d\d-\d\d$/.test(first) || Number.isNaN(at.getTime()))
    throw badSearch(`${key}: is a day, as in 2026-11-21`)
  return at
}

const badSearch = (detail: string) =>
  new Fault('invalid', 'the search is not understood', { problems: [{ field: 'q', detail }] })

export async function getKey(identity: Identity, actor: Actor, ref: string, idOrName: string): Promise<KeyRow> {
  const owner = await resolveUser(identity.db.sql, actor, ref, 'api_key:read')
  const key = await findKey(identity.db.sql, owner.id, idOrName)
  const object = { ...holderOf(owner, actor), ...(key === undefined ? {} : { id: key.id }) }
  return visible(key, actor, 'api_key:read', object, 'there is no such key')
}

/** `delete` forgets the key; `expire` ends it and keeps its row until it is cleaned up. */
export async function endKey(
  identity: Identity,
  scope: Scope,
  ref: string,
  idOrName: string,
  how: 'delete' | 'expire',
): Promise<void> {
  const { db, clock } = identity
  const actor = signedIn(scope)
  const owner = await resolveUser(db.sql, actor, ref, 'api_key:read')
  const key = await getKey(identity, actor, ref, idOrName)
  const permission = how === 'delete' ? 'api_key:delete' : 'api_key:update'
  if (!allows(actor, permission, { ...holderOf(owner, actor), id: key.id })) {
    throw new Fault('not_found', 'there is no such key')
  }
  await changeCredentials(identity, { keyId: key.id }, async (tx) => {
    const now = clock.now()
    if (how === 'delete') await deleteKey(tx, key.id)
    else await expireKey(tx, key.id, now)
    await appendAudit(tx, { scope, at: now, ...keyEnded(key, how === 'delete' ? 'delete' : 'write', now) })
  })
}
