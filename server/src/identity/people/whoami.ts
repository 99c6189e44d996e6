import { Fault } from '@reeve/base'
import { type endpoints, Scope as TokenScope } from '@reeve/sdk'
import { type Scope, signedIn } from '../../http/implement.ts'
import type { Identity } from '../identity.ts'
import { presentAllowList, presentUser } from '../present.ts'
import { findUser } from '../queries.ts'
import { findKeyById, selectBelonging } from '../sign-in/queries.ts'

/** Who the credential makes its bearer. */
export async function whoami(
  { db }: Identity,
  scope: Scope,
): Promise<ReturnType<typeof endpoints.getWhoami.result.parse>> {
  const actor = signedIn(scope)
  const user = await findUser(db.sql, { id: actor.userId })
  const key = await findKeyById(db.sql, actor.apiKeyId)
  if (user === undefined || key === undefined) throw new Fault('unauthenticated', 'this token is expired or revoked')
  return {
    user: presentUser(user),
    ...(await selectBelonging(db.sql, user.id)),
    credential: {
      id: key.id,
      kind: key.login_type === 'token' ? 'token' : 'session',
      name: key.login_type === 'token' ? key.token_name : key.session_name,
      scopes: key.scopes.map((text) => TokenScope.parse(text)),
      allow_list: presentAllowList(key.allow_list),
      created_at: key.created_at.toISOString(),
      expires_at: key.expires_at.toISOString(),
      ends_at: (key.ends_at ?? key.expires_at).toISOString(),
    },
  }
}
