import type { Uuid } from '@reeve/base'
import type { Selectable, Updateable } from 'kysely'
import type { Schema } from '../../db/__generated__/schema.ts'
import type { Executor, Tx } from '../../db/database.ts'

/** SQL of the secrets that people keep. */

export type UserSecretRow = Selectable<Schema['user_secrets']>

export const selectUserSecrets = (db: Executor, userId: Uuid): Promise<UserSecretRow[]> =>
  db.selectFrom('user_secrets').selectAll().where('user_id', '=', userId).orderBy('name').execute()

export const findUserSecret = (db: Executor, userId: Uuid, name: string): Promise<UserSecretRow | undefined> =>
  db.selectFrom('user_secrets').selectAll().where('user_id', '=', userId).where('name', '=', name).executeTakeFirst()

export async function insertUserSecret(tx: Tx, row: UserSecretRow): Promise<void> {
  await tx.insertInto('user_secrets').values(row).execute()
}

export async function updateUserSecretRow(tx: Tx, id: Uuid, change: Updateable<Schema['user_secrets']>): Promise<void> {
  await tx.updateTable('user_secrets').set(change).where('id', '=', id).execute()
}

export async function deleteUserSecretRow(tx: Tx, id: Uuid): Promise<void> {
  await tx.deleteFrom('user_secrets').where('id', '=', id).execute()
}

export async function deleteUserSecretsOf(tx: Tx, userId: Uuid): Promise<void> {
  await tx.deleteFrom('user_secrets').where('user_id', '=', userId).execute()
}
