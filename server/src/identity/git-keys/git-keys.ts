import { type Clock, Fault, type Secret, type Uuid, uuidv7 } from '@reeve/base'
import { appendAudit, type AuditEntry } from '../../audit/journal.ts'
import type { Database, Tx } from '../../db/database.ts'
import { contextOf, type Keyring } from '../../keyring/keyring.ts'
import { gitKeyMade } from '../events.ts'
import { findUser } from '../queries.ts'
import { newSshKeyPair } from './openssh.ts'
import { findGitKey, type GitKeyRow, insertGitKey, replaceGitKey } from './queries.ts'

/** The key pairs that people's workspaces show to Git hosts. */

export interface GitKeyRoom {
  readonly db: Database
  readonly keyring: Pick<Keyring, 'seal'>
  readonly clock: Clock
}

const contextFor = (userId: Uuid): string => contextOf('git_ssh_keys', 'sealed_private_key', userId)

/** Theirs, made where there is none yet: whoever needs one has one. */
export async function gitKeyOf(room: GitKeyRoom, userId: Uuid): Promise<GitKeyRow> {
  const found = await findGitKey(room.db.sql, userId)
  if (found !== undefined) return found
  const now = room.clock.now()
  const scope = { actor: null, requestId: uuidv7(now), sourceIp: null, userAgent: null }
  return room.db.transaction(async (tx) => {
    const { row, username } = await newKey(tx, room, userId)
    // Somebody else may have been first, whose pair it is then.
    if (await insertGitKey(tx, row)) await appendAudit(tx, { scope, at: now, ...gitKeyMade(row, username, null) })
    const kept = await findGitKey(tx, userId)
    if (kept === undefined) throw new Fault('internal', 'the key is not there right after it was made')
    return kept
  })
}

export async function regenerateGitKey(room: GitKeyRoom, scope: AuditEntry['scope'], userId: Uuid): Promise<GitKeyRow> {
  return room.db.transaction(async (tx) => {
    const before = await findGitKey(tx, userId)
    const { row, username } = await newKey(tx, room, userId)
    await replaceGitKey(tx, row)
    const old = before?.public_key ?? null
    await appendAudit(tx, { scope, at: row.updated_at, ...gitKeyMade(row, username, old) })
    return row
  })
}

async function newKey(
  tx: Tx,
  { keyring, clock }: GitKeyRoom,
  userId: Uuid,
): Promise<{ row: GitKeyRow; username: string }> {
  const user = await findUser(tx, { id: userId })
  if (user === undefined) throw new Fault('not_found', 'there is no such user')
  const { publicKey, privateKey } = newSshKeyPair(user.username)
  const now = clock.now()
  const row = {
    user_id: userId,
    public_key: publicKey,
    sealed_private_key: keyring.seal(privateKey.reveal(), contextFor(userId)),
    created_at: now,
    updated_at: now,
  }
  return { row, username: user.username }
}

/** For the workspaces of whose it is, and nobody else. */
export const openPrivateKey = (keyring: Pick<Keyring, 'open'>, row: GitKeyRow): Secret =>
  keyring.open(row.sealed_private_key, contextFor(row.user_id))
