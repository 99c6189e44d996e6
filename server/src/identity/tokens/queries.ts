import type { Uuid } from '@reeve/base'
import { type Insertable, type Selectable, sql } from 'kysely'
import type { Schema } from '../../db/__generated__/schema.ts'
import type { Executor, Tx } from '../../db/database.ts'
import { lockUser } from '../queries.ts'
import type { CustomRoleRow } from '../roles/custom-roles.ts'

/** All SQL of keys: tokens, sessions, and whom they stand for. */

export type KeyRow = Selectable<Schema['api_keys']> & { readonly username: string }

const keys = (db: Executor) =>
  db
    .selectFrom('api_keys')
    .innerJoin('users', 'users.id', 'api_keys.user_id')
    .selectAll('api_keys')
    .select('users.username')

export async function insertKey(tx: Tx, row: Insertable<Schema['api_keys']>): Promise<void> {
  await tx.insertInto('api_keys').values(row).execute()
}

export function findKey(db: Executor, userId: Uuid, idOrName: string): Promise<KeyRow | undefined> {
  return keys(db)
    .where('user_id', '=', userId)
    .where((eb) => eb.or([eb('api_keys.id', '=', idOrName), eb(sql`lower(token_name)`, '=', idOrName.toLowerCase())]))
    .orderBy(sql`(api_keys.id = ${idOrName})`, 'desc')
    .executeTakeFirst()
}

export async function deleteKey(tx: Tx, id: string): Promise<boolean> {
  const { numDeletedRows } = await tx.deleteFrom('api_keys').where('id', '=', id).executeTakeFirst()
  return numDeletedRows > 0n
}

export async function expireKey(tx: Tx, id: string, now: Date): Promise<void> {
  await tx
    .updateTable('api_keys')
    .set({ expires_at: now, updated_at: now })
    .where('id', '=', id)
    .where('expires_at', '>', now)
    .execute()
}

/** Ends a user's live credentials, all or sessions only, except the one named. Returns how many that were. */
export async function expireKeysOf(
  tx: Tx,
  userId: Uuid,
  which: { readonly kind: 'all' | 'sessions'; readonly except?: string },
  now: Date,
): Promise<number> {
  await lockUser(tx, userId)
  let query = tx
    .updateTable('api_keys')
    .set({ expires_at: now, updated_at: now })
    .where('user_id', '=', userId)
    .where('expires_at', '>', now)
  if (which.kind === 'sessions') query = query.where('login_type', '<>', 'token')
  if (which.except !== undefined) query = query.where('id', '<>', which.except)
  // A program that was approved and has not asked since would be given a session after all.
  await tx
    .updateTable('device_logins')
    .set({ status: 'denied' })
    .where('user_id', '=', userId)
    .where('status', '=', 'approved')
    .execute()
  return Number((await query.executeTakeFirst()).numUpdatedRows)
}

export async function deleteExpiredKeys(db: Executor, before: Date): Promise<number> {
  const { numDeletedRows } = await db.deleteFrom('api_keys').where('expires_at', '<', before).executeTakeFirst()
  return Number(numDeletedRows)
}

/** A name is free again as soon as the token that had it has ended. */
export async function freeTokenName(tx: Tx, userId: Uuid, name: string, now: Date): Promise<void> {
  await tx
    .deleteFrom('api_keys')
    .where('user_id', '=', userId)
    .where(sql`lower(token_name)`, '=', name.toLowerCase())
    .where('expires_at', '<=', now)
    .execute()
}

export interface CredentialRow {
  readonly id: string
  readonly user_id: Uuid
  readonly username: string
  readonly roles: string[]
  readonly scopes: string[]
  readonly allow_list: unknown
  readonly expires_at: Date
  readonly login_type: string
  readonly workspace_id: Uuid | null
  readonly rights_sha256: Buffer | null
  /** The default organization first. */
  readonly memberships: readonly { readonly organizationId: Uuid; readonly roles: readonly string[] }[]
  readonly group_ids: readonly Uuid[]
  /** Definitions of those roles that people made. */
  readonly custom_roles: readonly CustomRoleRow[]
}

/** What the user `u` holds, as columns. */
export const standing = () =>
  [
    sql<CredentialRow['memberships']>`coalesce((
      select jsonb_agg(jsonb_build_object('organizationId', m.organization_id, 'roles', m.roles)
        order by o.is_default desc, o.id)
      from organization_members m join organizations o on o.id = m.organization_id and o.deleted_at is null
      where m.user_id = u.id), '[]')`.as('memberships'),
    sql<Uuid[]>`array(select g.group_id from group_members g where g.user_id = u.id)`.as('group_ids'),
    sql<CustomRoleRow[]>`coalesce((
      select jsonb_agg(to_jsonb(r)) from custom_roles r
      where (r.organization_id is null and r.name = any(u.roles)) or exists (
        select from organization_members m
        where m.user_id = u.id and m.organization_id = r.organization_id and r.name = any(m.roles))), '[]')`.as(
      'custom_roles',
    ),
  ] as const

/** What a token stands for, if it stands for anything that may still act. One statement: this is the hottest query. */
export async function findCredential(
  db: Executor,
  id: string,
  secretSha256: Buffer,
): Promise<CredentialRow | undefined> {
  return db
    .selectFrom('api_keys as k')
    .innerJoin('users as u', 'u.id', 'k.user_id')
    .select(['k.id', 'k.user_id', 'u.username', 'u.roles', 'k.scopes', 'k.allow_list', 'k.expires_at', 'k.login_type'])
    .select(['k.workspace_id', 'k.rights_sha256'])
    .select(standing())
    .where('k.id', '=', id)
    .where('k.secret_sha256', '=', secretSha256)
    .where('u.status', '<>', 'suspended')
    .where('u.deleted_at', 'is', null)
    .executeTakeFirst()
}

/**
 * Of these keys, those that let their owners in, with the names of the roles that the owners hold: `owner`, and within an
 * organization `<its id> organization-auditor`.
 */
export async function findGoodKeys(
  db: Executor,
  ids: readonly string[],
  now: Date,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const rows = await db
    .selectFrom('api_keys as k')
    .innerJoin('users as u', 'u.id', 'k.user_id')
    .select('k.id')
    .select(
      sql<string[]>`u.roles || array(
        select m.organization_id || ' ' || r from organization_members m, unnest(m.roles) as r
        where m.user_id = u.id)`.as('roles'),
    )
    .where('k.id', 'in', ids)
    .where('k.expires_at', '>', now)
    .where('u.status', '<>', 'suspended')
    .where('u.deleted_at', 'is', null)
    .execute()
  return new Map(rows.map((row) => [row.id, row.roles]))
}

/**
 * Notes when credentials were used, and prolongs the sessions among them. A session that was ended meanwhile stays so.
 */
export async function noteUse(db: Executor, used: ReadonlyMap<string, Date>, now: Date): Promise<void> {
  const ids = [...used.keys()]
  const times = [...used.values()]
  await sql`
    with used as (select * from unnest(${ids}::text[], ${times}::timestamptz[]) as used (id, at)),
    noted as (
      update api_keys k set
        last_used = greatest(k.last_used, used.at),
        expires_at = case when k.login_type not in ('token', 'device') and k.expires_at > ${now}
          then greatest(k.expires_at, least(k.ends_at, used.at + make_interval(secs => k.lifetime_seconds)))
          else k.expires_at end
      from used where k.id = used.id
      returning k.user_id, used.at
    )
    update users u set last_seen_at = greatest(u.last_seen_at, seen.at)
    from (select user_id, max(at) as at from noted group by user_id) as seen where u.id = seen.user_id
  `.execute(db)
}

/** Tells every replica, when the transaction commits, that what it remembers of these credentials is no longer so. */
export async function notifyCredentials(tx: Tx, channel: string, payload: string): Promise<void> {
  await sql`select pg_notify(${channel}, ${payload})`.execute(tx)
}
