import { appendAudit } from '../../audit/journal.ts'
import { type Scope, type SessionCookie, signedIn } from '../../http/implement.ts'
import { sessionRenewed } from './events.ts'
import { changeCredentials, type Identity } from '../identity.ts'
import { lockUser } from '../queries.ts'
import { insertKey } from '../tokens/queries.ts'
import { findLiveSession, replaceSession } from './queries.ts'
import { rightsOfUser } from './sessions.ts'
import { newToken } from '../tokens/token.ts'

/**
 * A session is for what its holder could do when it was begun. When his rights change, by a role, by what a role
 * contains or by the identity provider, the next answer to his browser brings a session with a new id, so that whoever
 * had come by the old one does not grow with him. The old one answers for some seconds more, as a page asks many things
 * at once. Programs hand in their token by themselves and cannot be given another: their sessions keep theirs.
 */
const overlapMs = 10_000

/** Null when somebody else was first, or the session has ended meanwhile. */
export async function renewSession(
  identity: Pick<Identity, 'db' | 'clock' | 'forget'>,
  scope: Scope,
): Promise<SessionCookie> {
  const { userId, apiKeyId } = signedIn(scope)
  return changeCredentials(identity, { keyId: apiKeyId }, async (tx) => {
    // Whoever ends sessions waits here, or is waited for: none is ended under its old id while it lives on under a new.
    const user = await lockUser(tx, userId)
    const now = identity.clock.now()
    const old = await findLiveSession(tx, apiKeyId, now)
    const rights = await rightsOfUser(tx, userId)
    if (user === undefined || user.status === 'suspended' || old === undefined || rights === null) return null
    if (old.rights_sha256?.equals(rights) === true) return null
    const { id, token, secretSha256 } = newToken()
    const { last_used: _, username: __, allow_list: ___, ...kept } = old
    await insertKey(tx, {
      ...kept,
      id,
      secret_sha256: secretSha256,
      rights_sha256: rights,
      renewed_from: old.id,
      updated_at: now,
    })
    await replaceSession(tx, old.id, rights, new Date(now.getTime() + overlapMs))
    await appendAudit(tx, { scope, at: now, ...sessionRenewed(user, old.id, id) })
    return { token: token.reveal(), maxAgeMs: (old.ends_at ?? old.expires_at).getTime() - now.getTime() }
  })
}
