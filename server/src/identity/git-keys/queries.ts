import type { Uuid } from '@reeve/base'
import type { Selectable } from 'kysely'
import type { Schema } from '../../db/__generated__/schema.ts'
import type { Executor, Tx } from '../../db/database.ts'

/** SQL of the key pairs for Git. */

export type GitKeyRow = Selectable<Schema['git_ssh_keys']>

export const findGitKey = (db: Executor, userId: Uuid): Promise<GitKeyRow | undefined> =>
  db.selectFrom('git_ssh_keys').selectAll().where('user_id', '=', userId).executeTakeFirst()

/** False where there is one already. */
export async function insertGitKey(tx: Tx, row: GitKeyRow): Promise<boolean> {
  const { numInsertedOrUpdatedRows: count } = await tx
    .insertInto('git_ssh_keys')
    .values(row)
    .onConflict((conflict) => conflict.column('user_id').doNothing())
    .executeTakeFirst()
  return (count ?? 0n) > 0n
}

export async function replaceGitKey(tx: Tx, row: GitKeyRow): Promise<void> {
  const { public_key, sealed_private_key, updated_at } = row
  await tx
    .insertInto('git_ssh_keys')
    .values(row)
    .onConflict((conflict) => conflict.column('user_id').doUpdateSet({ public_key, sealed_private_key, updated_at }))
    .execute()
}

export async function deleteGitKey(tx: Tx, userId: Uuid): Promise<void> {
  await tx.deleteFrom('git_ssh_keys').where('user_id', '=', userId).execute()
}
