import { Fault, type Uuid } from '@reeve/base'
import { appendAudit, type AuditEntry } from '../../audit/journal.ts'
import type { Tx } from '../../db/database.ts'
import { changePayload, credentialChannel } from './authenticate.ts'
import { keyCreated } from '../events.ts'
import { lockUser } from '../queries.ts'
import { insertKey, notifyCredentials } from './queries.ts'
import { workspaceTokensEnded } from '../sign-in/events.ts'
import { expireWorkspaceKeys } from '../sign-in/queries.ts'
import { newToken } from './token.ts'

/**
 * What a workspace calls models with, or runs boundaries with: a token that does nothing else, belongs to the owner of the
 * workspace, is bound to this one workspace and ends with it. Nobody handles it: the server makes it, and puts it where
 * the agent runs.
 */
export const workspaceTokenName = 'workspace'

interface Minting {
  readonly userId: Uuid
  readonly workspaceId: Uuid
  readonly use?: 'gateway' | 'boundary'
  readonly lifetimeMs: number
  readonly now: Date
  /** Whoever has the workspace started; a null actor is the server itself. */
  readonly scope: AuditEntry['scope']
}

export async function mintWorkspaceToken(tx: Tx, minting: Minting): Promise<{ id: string; token: string }> {
  const { userId, workspaceId, use = 'gateway', lifetimeMs, now, scope } = minting
  const user = await lockUser(tx, userId)
  if (user === undefined || user.status === 'suspended') throw new Fault('conflict', 'this user is suspended')
  const { id, token, secretSha256 } = newToken()
  const row = {
    id,
    secret_sha256: secretSha256,
    user_id: userId,
    login_type: 'token',
    token_name: workspaceTokenName,
    scopes: [use],
    workspace_id: workspaceId,
    lifetime_seconds: Math.round(lifetimeMs / 1000),
    created_at: now,
    updated_at: now,
    expires_at: new Date(now.getTime() + lifetimeMs),
    created_ip: scope.sourceIp,
    created_agent: scope.userAgent,
  }
  await insertKey(tx, row)
  await appendAudit(tx, { scope, at: now, ...keyCreated(row, user.username) })
  return { id, token: token.reveal() }
}

/** All tokens of a workspace; every replica hears of it when the transaction commits. Returns how many were live. */
export async function endWorkspaceTokens(
  tx: Tx,
  workspaceId: Uuid,
  { now, scope }: Pick<Minting, 'now' | 'scope'>,
): Promise<number> {
  const ended = await expireWorkspaceKeys(tx, workspaceId, now)
  for (const keyId of ended) await notifyCredentials(tx, credentialChannel, changePayload({ keyId }))
  if (ended.length > 0) await appendAudit(tx, { scope, at: now, ...workspaceTokensEnded(workspaceId, ended.length) })
  return ended.length
}
