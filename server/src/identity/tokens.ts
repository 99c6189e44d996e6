import { Fault } from '@reeve/base'
import type { Actor } from '../access/actor.ts'
import { allows, visibility } from '../access/policy.ts'
import { mayHandOut } from '../access/scopes.ts'
import { appendAudit } from '../audit/journal.ts'
import { isUniqueViolation } from '../db/failures.ts'
import { type Scope, signedIn } from '../http/implement.ts'
import { keyCreated, keyEnded } from './events.ts'
import { changeCredentials, type Identity, resolveUser, visible } from './identity.ts'
import { type TokenWish, tokenTerms } from './policy.ts'
import { deleteKey, expireKey, findKey, freeTokenName, insertKey, type KeyRow, selectTokens } from './queries.ts'
import { startSession } from './sessions.ts'
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
  if (owner.status === 'suspended') throw new Fault('conflict', 'this user is suspended')
  const terms = tokenTerms(wish, actor.scopes, identity.tokens)
  const { id, token, secretSha256 } = newToken()
  const now = clock.now()
  const row = {
    id,
    secret_sha256: secretSha256,
    user_id: owner.id,
    login_type: 'token',
    token_name: wish.token_name ?? `token-${id}`,
    scopes: [...terms.scopes],
    lifetime_seconds: terms.lifetimeMs / 1000,
    created_at: now,
    updated_at: now,
    expires_at: new Date(now.getTime() + terms.lifetimeMs),
    created_ip: scope.sourceIp,
    created_agent: scope.userAgent?.slice(0, 512) ?? null,
  }
  try {
    await db.transaction(async (tx) => {
      await freeTokenName(tx, owner.id, row.token_name, now)
      await insertKey(tx, row)
      await appendAudit(tx, { scope, at: now, ...keyCreated(row, owner.username) })
    })
  } catch (thrown) {
    if (!isUniqueViolation(thrown, 'api_keys_token_name')) throw thrown
    throw new Fault('conflict', `there is a token named ${row.token_name} already`)
  }
  return { key: token.reveal(), id, expires_at: row.expires_at.toISOString() }
}

export async function createSessionKey(identity: Identity, scope: Scope, ref: string): Promise<{ key: string }> {
  const actor = signedIn(scope)
  const owner = await resolveUser(identity.db.sql, actor, ref, 'api_key:create')
  if (owner.status === 'suspended') throw new Fault('conflict', 'this user is suspended')
  if (!mayHandOut(actor.scopes, 'all')) {
    throw new Fault('forbidden', 'this credential cannot hand out every scope, as it does not have them')
  }
  return { key: await startSession(identity, scope, owner, 'actor') }
}

/** Sessions are not listed: they have no name that anybody would know them by. */
export async function listTokens(
  identity: Identity,
  actor: Actor,
  ref: string,
  wish: { readonly everybody: boolean; readonly expired: boolean },
): Promise<KeyRow[]> {
  const owner = await resolveUser(identity.db.sql, actor, ref, 'api_key:read')
  if (wish.everybody && !visibility(actor, 'api_key:read').everything) {
    throw new Fault('forbidden', 'only an owner may list the tokens of everybody')
  }
  return selectTokens(identity.db.sql, wish.everybody ? null : owner.id, wish.expired ? null : identity.clock.now())
}

export async function getKey(identity: Identity, actor: Actor, ref: string, idOrName: string): Promise<KeyRow> {
  const owner = await resolveUser(identity.db.sql, actor, ref, 'api_key:read')
  const key = await findKey(identity.db.sql, owner.id, idOrName)
  return visible(key, actor, 'api_key:read', { ownerId: owner.id }, 'there is no such key')
}

/** `delete` forgets the key; `expire` ends it and keeps its row until it is cleaned up. */
export async function endKey(
  identity: Identity,
  scope: Scope,
  ref: string,
  idOrName: string,
  how: 'delete' | 'expire',
): Promise<void> {
  const { clock } = identity
  const actor = signedIn(scope)
  const key = await getKey(identity, actor, ref, idOrName)
  if (!allows(actor, how === 'delete' ? 'api_key:delete' : 'api_key:update', { ownerId: key.user_id })) {
    throw new Fault('not_found', 'there is no such key')
  }
  await changeCredentials(identity, { keyId: key.id }, async (tx) => {
    const now = clock.now()
    if (how === 'delete') await deleteKey(tx, key.id)
    else await expireKey(tx, key.id, now)
    await appendAudit(tx, { scope, at: now, ...keyEnded(key, how === 'delete' ? 'delete' : 'write', now) })
  })
}
