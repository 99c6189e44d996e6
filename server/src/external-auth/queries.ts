import type { Uuid } from '@reeve/base'
import type { Insertable, Selectable, Updateable } from 'kysely'
import type { Schema } from '../db/__generated__/schema.ts'
import type { Executor, Tx } from '../db/database.ts'

/** All SQL of linked accounts. */

export type LinkRow = Selectable<Schema['external_auth_links']>
export type AttemptRow = Selectable<Schema['external_auth_attempts']>

/** Of somebody who may act: the link of a suspended or deleted person is as if it were not there. */
const link = (db: Executor, userId: Uuid, providerId: string) =>
  db
    .selectFrom('external_auth_links')
    .selectAll()
    .where('user_id', '=', userId)
    .where('provider_id', '=', providerId)
    .where((where) =>
      where.exists(
        where
          .selectFrom('users')
          .select('id')
          .whereRef('users.id', '=', 'external_auth_links.user_id')
          .where('status', '<>', 'suspended')
          .where('deleted_at', 'is', null),
      ),
    )

export const findLink = (db: Executor, userId: Uuid, providerId: string): Promise<LinkRow | undefined> =>
  link(db, userId, providerId).executeTakeFirst()

/** Waits for whoever has it: two replicas do not both spend one refresh token. */
export const lockLink = (tx: Tx, userId: Uuid, providerId: string): Promise<LinkRow | undefined> =>
  link(tx, userId, providerId).forUpdate().executeTakeFirst()

export const selectLinks = (db: Executor, userId: Uuid): Promise<LinkRow[]> =>
  db.selectFrom('external_auth_links').selectAll().where('user_id', '=', userId).orderBy('provider_id').execute()

/** Links that outlived the person who made them. */
export const selectOrphans = (db: Executor): Promise<LinkRow[]> =>
  db
    .selectFrom('external_auth_links')
    .innerJoin('users', 'users.id', 'external_auth_links.user_id')
    .selectAll('external_auth_links')
    .where('users.deleted_at', 'is not', null)
    .limit(100)
    .execute()

export async function putLink(tx: Tx, row: Insertable<Schema['external_auth_links']>): Promise<void> {
  const { user_id: _, provider_id: __, created_at: ___, ...fresh } = row
  await tx
    .insertInto('external_auth_links')
    .values(row)
    .onConflict((conflict) => conflict.columns(['user_id', 'provider_id']).doUpdateSet(fresh))
    .execute()
}

export async function updateLink(
  db: Executor,
  { user_id, provider_id }: Pick<LinkRow, 'user_id' | 'provider_id'>,
  change: Updateable<Schema['external_auth_links']>,
): Promise<void> {
  await db
    .updateTable('external_auth_links')
    .set(change)
    .where('user_id', '=', user_id)
    .where('provider_id', '=', provider_id)
    .execute()
}

export const deleteLink = (tx: Tx, userId: Uuid, providerId: string): Promise<LinkRow | undefined> =>
  tx
    .deleteFrom('external_auth_links')
    .where('user_id', '=', userId)
    .where('provider_id', '=', providerId)
    .returningAll()
    .executeTakeFirst()

export async function insertAttempt(tx: Tx, row: AttemptRow): Promise<void> {
  await tx.insertInto('external_auth_attempts').values(row).execute()
}

export async function deleteExpiredAttempts(db: Executor, now: Date): Promise<void> {
  await db.deleteFrom('external_auth_attempts').where('expires_at', '<=', now).execute()
}

/** Whoever takes it has it alone: an attempt ends once. */
export const takeAttempt = (tx: Tx, stateSha256: Buffer): Promise<AttemptRow | undefined> =>
  tx.deleteFrom('external_auth_attempts').where('state_sha256', '=', stateSha256).returningAll().executeTakeFirst()
