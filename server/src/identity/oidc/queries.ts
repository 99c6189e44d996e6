import type { Uuid } from '@reeve/base'
import { type Insertable, type Selectable, sql, type Updateable } from 'kysely'
import type { Schema } from '../../db/__generated__/schema.ts'
import type { Executor, Tx } from '../../db/database.ts'

/** All SQL of links to the identity provider, of sign-ins under way, and of the settings by which claims are read. */

export type LinkRow = Selectable<Schema['user_links']>
export type AttemptRow = Selectable<Schema['oidc_attempts']>
export type TestLoginRow = Selectable<Schema['oidc_test_logins']>
export type SyncSettingsRow = Pick<Selectable<Schema['idp_sync_settings']>, 'kind' | 'organization_id' | 'settings'>

export function findLink(db: Executor, issuer: string, subject: string): Promise<LinkRow | undefined> {
  const links = db.selectFrom('user_links').selectAll()
  return links.where('issuer', '=', issuer).where('subject', '=', subject).executeTakeFirst()
}

export async function isLinked(db: Executor, userId: Uuid): Promise<boolean> {
  return (await db.selectFrom('user_links').select('id').where('user_id', '=', userId).executeTakeFirst()) !== undefined
}

export async function insertLink(tx: Tx, row: Insertable<Schema['user_links']>): Promise<void> {
  await tx.insertInto('user_links').values(row).execute()
}

/** `unless`: only while the link still holds the refresh token that this was found out with. */
export async function updateLink(
  tx: Executor,
  id: Uuid,
  set: Updateable<Schema['user_links']>,
  holding?: string | null,
): Promise<boolean> {
  let query = tx.updateTable('user_links').set(set).where('id', '=', id)
  if (holding !== undefined) query = query.where('refresh_token', 'is not distinct from', holding)
  return (await query.executeTakeFirst()).numUpdatedRows > 0n
}

/**
 * Takes some of the links that are due, so that nobody else asks for them until `again`. Only those whose owners could
 * act meanwhile: whoever has no live credential is looked at when he signs in.
 */
export async function takeDueLinks(
  db: Executor,
  { issuer, now, again, limit }: { issuer: string; now: Date; again: Date; limit: number },
): Promise<LinkRow[]> {
  const { rows } = await sql<LinkRow>`
    update user_links set next_sync_at = ${again} where id in (
      select l.id from user_links l join users u on u.id = l.user_id
      where l.issuer = ${issuer} and l.refresh_token is not null and l.next_sync_at <= ${now}
        and u.status <> 'suspended' and u.deleted_at is null
        and exists (select from api_keys k where k.user_id = u.id and k.expires_at > ${now})
      order by l.next_sync_at limit ${limit} for update of l skip locked)
    returning *`.execute(db)
  return rows
}

/**
 * Takes the link of one user, due or not, unless somebody has it: whoever takes one puts its next time further away from
 * the last than any refresh is.
 */
export async function takeLinkOf(
  db: Executor,
  { issuer, userId, now, leaseMs, refreshMaxMs }: Whose & { now: Date; leaseMs: number; refreshMaxMs: number },
): Promise<LinkRow | undefined> {
  const longest = sql`make_interval(secs => ${refreshMaxMs / 1_000})`
  const lease = sql`make_interval(secs => ${leaseMs / 1_000})`
  const { rows } = await sql<LinkRow>`
    update user_links l set next_sync_at = greatest(${now}::timestamptz + ${lease}, l.synced_at + ${longest} + ${lease})
    where l.user_id = ${userId} and l.issuer = ${issuer} and l.refresh_token is not null
      and (l.failures > 0 or l.next_sync_at <= ${now} or l.next_sync_at < l.synced_at + ${longest})
      and exists (select from users u where u.id = l.user_id and u.status <> 'suspended' and u.deleted_at is null)
    returning *`.execute(db)
  return rows[0]
}

interface Whose {
  readonly issuer: string
  readonly userId: Uuid
}

/** Whether the provider could say anything about a user who is not signing in. */
export async function canBeAsked(db: Executor, { issuer, userId }: Whose): Promise<boolean> {
  const links = db.selectFrom('user_links as l').innerJoin('users as u', 'u.id', 'l.user_id').select('l.id')
  const found = links
    .where('l.user_id', '=', userId)
    .where('l.issuer', '=', issuer)
    .where('l.refresh_token', 'is not', null)
    .where('u.status', '<>', 'suspended')
    .where('u.deleted_at', 'is', null)
  return (await found.executeTakeFirst()) !== undefined
}

export async function countLinks(
  db: Executor,
  issuer: string,
): Promise<{ linked: number; withoutRefresh: number; lastSyncAt: Date | null }> {
  return db
    .selectFrom('user_links')
    .select([
      sql<number>`count(*)::integer`.as('linked'),
      sql<number>`(count(*) filter (where refresh_token is null))::integer`.as('withoutRefresh'),
      sql<Date | null>`max(synced_at) filter (where refresh_token is not null)`.as('lastSyncAt'),
    ])
    .where('issuer', '=', issuer)
    .executeTakeFirstOrThrow()
}

export async function countBreakGlassOwners(db: Executor): Promise<number> {
  const { count } = await db
    .selectFrom('users')
    .select(sql<number>`count(*)::integer`.as('count'))
    .where(sql<boolean>`'owner' = any(roles)`)
    .where('login_type', '=', 'password')
    .where('status', '<>', 'suspended')
    .where('deleted_at', 'is', null)
    .executeTakeFirstOrThrow()
  return count
}

export async function insertAttempt(db: Executor, row: Insertable<Schema['oidc_attempts']>, now: Date): Promise<void> {
  await db.deleteFrom('oidc_attempts').where('expires_at', '<=', now).execute()
  await db.insertInto('oidc_attempts').values(row).execute()
}

/** Of two who come with the same state, one gets it. */
export function takeAttempt(db: Executor, stateSha256: Buffer): Promise<AttemptRow | undefined> {
  return db.deleteFrom('oidc_attempts').where('state_sha256', '=', stateSha256).returningAll().executeTakeFirst()
}

export async function insertTestLogin(
  db: Executor,
  row: Insertable<Schema['oidc_test_logins']>,
  now: Date,
): Promise<void> {
  await db.deleteFrom('oidc_test_logins').where('expires_at', '<=', now).execute()
  await db.insertInto('oidc_test_logins').values(row).execute()
}

/** That this person prepared; nobody's, when nobody is signed in. */
export async function findTestLogin(
  db: Executor,
  id: Uuid,
  userId: Uuid | undefined,
  now: Date,
): Promise<TestLoginRow | undefined> {
  if (userId === undefined) return undefined
  const mine = db.selectFrom('oidc_test_logins').selectAll().where('user_id', '=', userId)
  return mine.where('id', '=', id).where('expires_at', '>', now).executeTakeFirst()
}

export async function updateTestLogin(tx: Tx, id: Uuid, set: Updateable<Schema['oidc_test_logins']>): Promise<void> {
  await tx.updateTable('oidc_test_logins').set(set).where('id', '=', id).execute()
}

export function selectSyncSettings(db: Executor): Promise<SyncSettingsRow[]> {
  return db.selectFrom('idp_sync_settings').select(['kind', 'organization_id', 'settings']).execute()
}

export async function saveSyncSettings(
  tx: Tx,
  { kind, organization_id, settings }: SyncSettingsRow,
  now: Date,
): Promise<void> {
  await sql`
    insert into idp_sync_settings (kind, organization_id, settings, updated_at)
    values (${kind}, ${organization_id}, ${JSON.stringify(settings)}::jsonb, ${now})
    on conflict (kind, coalesce(organization_id, '00000000-0000-0000-0000-000000000000'))
    do update set settings = excluded.settings, updated_at = excluded.updated_at`.execute(tx)
}

/** Groups come under the provider, or back to people. */
export async function setGroupSource(
  tx: Tx,
  which: { readonly organizationId: Uuid; readonly ids: 'all' | readonly Uuid[] },
  source: 'oidc' | 'user',
  now: Date,
): Promise<void> {
  let query = tx
    .updateTable('groups')
    .set({ source, updated_at: now })
    .where('organization_id', '=', which.organizationId)
    .where('source', '<>', source)
  if (which.ids !== 'all') query = query.where(sql<boolean>`id = any(${[...which.ids]}::uuid[])`)
  await query.execute()
}

export async function updateProfile(
  tx: Tx,
  userId: Uuid,
  set: { readonly login_type?: 'oidc'; readonly name?: string; readonly email?: string },
  now: Date,
): Promise<void> {
  await tx
    .updateTable('users')
    .set({ ...set, updated_at: now })
    .where('id', '=', userId)
    .execute()
}

/** What the settings leave to the provider, for whoever is about to change it by hand. */
export async function setSyncedFlags(tx: Tx, userId: Uuid, siteRoles: boolean, organizations: boolean): Promise<void> {
  await tx
    .updateTable('user_links')
    .set({ syncs_site_roles: siteRoles, syncs_organizations: organizations })
    .where('user_id', '=', userId)
    .execute()
}
