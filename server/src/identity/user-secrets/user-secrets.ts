import { type Clock, Fault, type Secret, type Uuid, uuidv7 } from '@reeve/base'
import { appendAudit, type AuditEntry } from '../../audit/journal.ts'
import type { Database, Executor, Tx } from '../../db/database.ts'
import { isUniqueViolation } from '../../db/failures.ts'
import { contextOf, type Keyring } from '../../keyring/keyring.ts'
import { userSecretChanged, userSecretMade, userSecretRemoved } from '../events.ts'
import { lockUser } from '../queries.ts'
import {
  deleteUserSecretRow,
  findUserSecret,
  insertUserSecret,
  selectUserSecrets,
  updateUserSecretRow,
  type UserSecretRow,
} from './queries.ts'

/** What people keep for the templates of their workspaces. Values go in, and come out in builds alone. */

interface Room {
  readonly db: Database
  readonly keyring: Pick<Keyring, 'seal'>
  readonly clock: Clock
}

interface Wish {
  readonly value?: string | undefined
  readonly description?: string | undefined
  readonly env_name?: string | undefined
  readonly file_path?: string | undefined
}

const secretsMax = 50
const contextFor = (id: Uuid): string => contextOf('user_secrets', 'sealed_value', id)

export async function createUserSecret(
  room: Room,
  scope: AuditEntry['scope'],
  userId: Uuid,
  {
    name,
    value,
    description = '',
    env_name = '',
    file_path = '',
  }: Wish & { readonly name: string; readonly value: string },
): Promise<UserSecretRow> {
  const now = room.clock.now()
  const id = uuidv7(now)
  const row = {
    id,
    user_id: userId,
    name,
    description,
    env_name,
    file_path,
    sealed_value: room.keyring.seal(value, contextFor(id)),
    created_at: now,
    updated_at: now,
  }
  await refuseDuplicates(() =>
    room.db.transaction(async (tx) => {
      await lockUser(tx, userId)
      if ((await selectUserSecrets(tx, userId)).length >= secretsMax) {
        throw new Fault('conflict', `nobody keeps more than ${secretsMax} secrets`)
      }
      await insertUserSecret(tx, row)
      await appendAudit(tx, { scope, at: now, ...userSecretMade(row) })
    }),
  )
  return row
}

export async function updateUserSecret(
  room: Room,
  scope: AuditEntry['scope'],
  { userId, name }: { readonly userId: Uuid; readonly name: string },
  { value, ...wish }: Wish,
): Promise<UserSecretRow> {
  const now = room.clock.now()
  return refuseDuplicates(() =>
    room.db.transaction(async (tx) => {
      const before = await userSecretOf(tx, userId, name)
      const sealed = value === undefined ? {} : { sealed_value: room.keyring.seal(value, contextFor(before.id)) }
      const { description = before.description, env_name = before.env_name, file_path = before.file_path } = wish
      const row = { ...before, description, env_name, file_path, ...sealed, updated_at: now }
      await updateUserSecretRow(tx, before.id, row)
      await appendAudit(tx, { scope, at: now, ...userSecretChanged(before, row) })
      return row
    }),
  )
}

export async function removeUserSecret(
  { db, clock }: Room,
  scope: AuditEntry['scope'],
  userId: Uuid,
  name: string,
): Promise<void> {
  await db.transaction(async (tx: Tx) => {
    const row = await userSecretOf(tx, userId, name)
    await deleteUserSecretRow(tx, row.id)
    await appendAudit(tx, { scope, at: clock.now(), ...userSecretRemoved(row) })
  })
}

export async function userSecretOf(db: Executor, userId: Uuid, name: string): Promise<UserSecretRow> {
  const row = await findUserSecret(db, userId, name)
  if (row === undefined) throw new Fault('not_found', 'there is no such secret')
  return row
}

/** As `coder_secret` asks for them: `env:NAME` and `file:PATH`. */
export async function openUserSecrets(
  db: Executor,
  keyring: Pick<Keyring, 'open'>,
  userId: Uuid,
): Promise<Map<string, Secret>> {
  const found = new Map<string, Secret>()
  for (const { id, env_name: env, file_path: file, sealed_value: sealed } of await selectUserSecrets(db, userId)) {
    const value = keyring.open(sealed, contextFor(id))
    if (env !== '') found.set(`env:${env}`, value)
    if (file !== '') found.set(`file:${file}`, value)
  }
  return found
}

async function refuseDuplicates<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (thrown) {
    if (!isUniqueViolation(thrown)) throw thrown
    throw new Fault('conflict', 'another secret has this name, this variable or this file already')
  }
}
