import type { Uuid } from '@reeve/base'
import { type Insertable, type Selectable, sql } from 'kysely'
import type { Schema } from '../../db/__generated__/schema.ts'
import type { Executor, Tx } from '../../db/database.ts'
import type { KeyRow } from '../tokens/queries.ts'

/** All SQL of sessions, device sign-ins, password resets, workspace tokens and dormancy. */

export type DeviceLoginRow = Selectable<Schema['device_logins']>
export type PasswordResetRow = Selectable<Schema['password_resets']>

const keys = (db: Executor) =>
  db
    .selectFrom('api_keys')
    .innerJoin('users', 'users.id', 'api_keys.user_id')
    .selectAll('api_keys')
    .select('users.username')

export function selectSessions(db: Executor, userId: Uuid, now: Date): Promise<KeyRow[]> {
  return keys(db)
    .where('api_keys.user_id', '=', userId)
    .where('api_keys.login_type', '<>', 'token')
    .where('api_keys.expires_at', '>', now)
    .orderBy(sql`coalesce(api_keys.last_used, api_keys.created_at)`, 'desc')
    .orderBy('api_keys.id')
    .limit(1000)
    .execute()
}

/** A credential that is good at the moment, held as it is until the transaction ends. */
export function lockLiveKey(tx: Tx, id: string, now: Date): Promise<KeyRow | undefined> {
  return keys(tx)
    .where('api_keys.id', '=', id)
    .where('api_keys.expires_at', '>', now)
    .forShare('api_keys')
    .executeTakeFirst()
}

export function findKeyById(db: Executor, id: string): Promise<KeyRow | undefined> {
  return keys(db).where('api_keys.id', '=', id).executeTakeFirst()
}

export async function insertDeviceLogin(tx: Tx, row: Insertable<Schema['device_logins']>): Promise<void> {
  await tx.insertInto('device_logins').values(row).execute()
}

export async function deleteExpiredDeviceLogins(db: Executor, now: Date): Promise<void> {
  // What somebody else is about to delete need not be waited for.
  const over = db.selectFrom('device_logins').select('id').where('expires_at', '<', now).forUpdate().skipLocked()
  await db.deleteFrom('device_logins').where('id', 'in', over).execute()
}

export type DeviceLoginKey = { readonly userCode: string } | { readonly deviceCodeSha256: Buffer }

const deviceLogins = (db: Executor, by: DeviceLoginKey, now: Date) => {
  const query = db.selectFrom('device_logins').selectAll().where('expires_at', '>', now)
  return 'userCode' in by
    ? query.where('user_code', '=', by.userCode)
    : query.where('device_code_sha256', '=', by.deviceCodeSha256)
}

export function findDeviceLogin(db: Executor, by: DeviceLoginKey, now: Date): Promise<DeviceLoginRow | undefined> {
  return deviceLogins(db, by, now).executeTakeFirst()
}

/** Two that want to answer, or to be given the session, come one after the other. */
export function lockDeviceLogin(tx: Tx, by: DeviceLoginKey, now: Date): Promise<DeviceLoginRow | undefined> {
  return deviceLogins(tx, by, now).forUpdate().executeTakeFirst()
}

export async function updateDeviceLogin(
  tx: Tx,
  id: Uuid,
  set: { status?: string; user_id?: Uuid; interval_seconds?: number; polled_at?: Date },
): Promise<void> {
  await tx.updateTable('device_logins').set(set).where('id', '=', id).execute()
}

export async function replacePasswordReset(tx: Tx, row: Insertable<Schema['password_resets']>): Promise<void> {
  const { user_id: _, ...rest } = row
  await tx
    .insertInto('password_resets')
    .values(row)
    .onConflict((conflict) => conflict.column('user_id').doUpdateSet(rest))
    .execute()
}

export function lockPasswordReset(tx: Tx, userId: Uuid, now: Date): Promise<PasswordResetRow | undefined> {
  return tx
    .selectFrom('password_resets')
    .selectAll()
    .where('user_id', '=', userId)
    .where('expires_at', '>', now)
    .where('attempts_left', '>', 0)
    .forUpdate()
    .executeTakeFirst()
}

export async function countWrongPasscode(tx: Tx, userId: Uuid): Promise<void> {
  await tx
    .updateTable('password_resets')
    .set({ attempts_left: sql<number>`attempts_left - 1` })
    .where('user_id', '=', userId)
    .execute()
}

export async function deletePasswordReset(tx: Tx, userId: Uuid): Promise<void> {
  await tx.deleteFrom('password_resets').where('user_id', '=', userId).execute()
}

export async function deleteExpiredPasswordResets(db: Executor, now: Date): Promise<void> {
  await db.deleteFrom('password_resets').where('expires_at', '<', now).execute()
}

/** Returns the ids of those that were live. */
export async function expireWorkspaceKeys(tx: Tx, workspaceId: Uuid, now: Date): Promise<string[]> {
  const ended = await tx
    .updateTable('api_keys')
    .set({ expires_at: now, updated_at: now })
    .where('workspace_id', '=', workspaceId)
    .where('expires_at', '>', now)
    .returning('id')
    .execute()
  return ended.map(({ id }) => id)
}

const dormancyLock = 7_338_356_063

/** False while another replica has it. Given back when the transaction ends. */
export async function tryDormancyLock(tx: Tx): Promise<boolean> {
  const { rows } = await sql<{ taken: boolean }>`
    select pg_try_advisory_xact_lock(${dormancyLock}::bigint) as taken`.execute(tx)
  return rows[0]?.taken === true
}

/**
 * Moves people between active and dormant by when they were seen last. Returns those that moved, with the status that
 * they have now.
 */
export async function moveDormant(
  tx: Tx,
  seenBefore: Date,
  now: Date,
  limit: number,
): Promise<{ id: Uuid; username: string; status: 'active' | 'dormant'; seen: Date }[]> {
  const { rows } = await sql<{ id: Uuid; username: string; status: 'active' | 'dormant'; seen: Date }>`
    update users u set status = case u.status when 'active' then 'dormant' else 'active' end, updated_at = ${now}
    from (
      select id, coalesce(last_seen_at, created_at) as seen from users
      where deleted_at is null and not is_service_account and login_type <> 'none'
        and ((status = 'active' and coalesce(last_seen_at, created_at) < ${seenBefore})
          or (status = 'dormant' and coalesce(last_seen_at, created_at) >= ${seenBefore}))
      order by id limit ${limit} for update
    ) as moving
    where u.id = moving.id
    returning u.id, u.username, u.status, moving.seen
  `.execute(tx)
  return rows
}

export interface Belonging {
  readonly organizations: { id: Uuid; name: string; display_name: string; roles: string[] }[]
  readonly groups: { id: Uuid; name: string; display_name: string; organization_id: Uuid }[]
}

export async function selectBelonging(db: Executor, userId: Uuid): Promise<Belonging> {
  const organizations = await db
    .selectFrom('organization_members as m')
    .innerJoin('organizations as o', 'o.id', 'm.organization_id')
    .select(['o.id', 'o.name', 'o.display_name', 'm.roles'])
    .where('m.user_id', '=', userId)
    .where('o.deleted_at', 'is', null)
    .orderBy('o.is_default', 'desc')
    .orderBy(sql`lower(o.name)`)
    .execute()
  const groups = await db
    .selectFrom('group_members as m')
    .innerJoin('groups as g', 'g.id', 'm.group_id')
    .select(['g.id', 'g.name', 'g.display_name', 'g.organization_id'])
    .where('m.user_id', '=', userId)
    .orderBy(sql`lower(g.name)`)
    .execute()
  return { organizations, groups }
}

/** What a list of tokens is narrowed to; an empty list narrows nothing. */
export interface TokenFilter {
  /** Null: everybody's. */
  readonly userId: Uuid | null
  /** Null: also those that have ended. */
  readonly liveAt: Date | null
  readonly words: readonly string[]
  readonly usernames: readonly string[]
  readonly scopes: readonly string[]
  readonly kinds: readonly string[]
  readonly neverUsed: boolean
  readonly usedBefore: Date | null
  readonly expiresBefore: Date | null
}

const kindOfToken = sql`case when api_keys.workspace_id is not null then 'workspace'
  when users.is_service_account then 'service' else 'person' end`

export function selectTokens(db: Executor, filter: TokenFilter): Promise<KeyRow[]> {
  const lower = (values: readonly string[]) => values.map((value) => value.toLowerCase())
  let query = keys(db).where('api_keys.login_type', '=', 'token').where('users.deleted_at', 'is', null)
  const { userId, liveAt, usernames, scopes, kinds, usedBefore, expiresBefore } = filter
  if (userId !== null) query = query.where('api_keys.user_id', '=', userId)
  if (liveAt !== null) query = query.where('api_keys.expires_at', '>', liveAt)
  if (usernames.length > 0) query = query.where(sql<boolean>`lower(users.username) = any(${lower(usernames)}::text[])`)
  if (scopes.length > 0) query = query.where(sql<boolean>`api_keys.scopes && ${lower(scopes)}::text[]`)
  if (kinds.length > 0) query = query.where(sql<boolean>`${kindOfToken} = any(${lower(kinds)}::text[])`)
  if (filter.neverUsed) query = query.where('api_keys.last_used', 'is', null)
  if (usedBefore !== null) {
    query = query.where((eb) =>
      eb.or([eb('api_keys.last_used', 'is', null), eb('api_keys.last_used', '<', usedBefore)]),
    )
  }
  if (expiresBefore !== null) query = query.where('api_keys.expires_at', '<', expiresBefore)
  for (const word of filter.words) {
    query = query.where('api_keys.token_name', 'ilike', `%${word.replaceAll(/[\\%_]/g, '\\$&')}%`)
  }
  return query.orderBy('api_keys.created_at', 'desc').orderBy('api_keys.id').limit(10_000).execute()
}

/** Notes that a person signed in from a network, and says whether it is one beside others that he had used. */
export async function isNewPlace(tx: Tx, userId: Uuid, network: string, at: Date): Promise<boolean> {
  const { rows } = await sql<{ is_new: boolean }>`
    insert into sign_in_places as p (user_id, network, first_seen_at, last_seen_at)
    values (${userId}, ${network}, ${at}, ${at})
    on conflict (user_id, network) do update set last_seen_at = greatest(p.last_seen_at, excluded.last_seen_at)
    returning xmax = 0 and exists (
      select from sign_in_places o where o.user_id = ${userId} and o.network <> ${network}) as is_new`.execute(tx)
  return rows[0]?.is_new === true
}

/** A session as it is now, for somebody who holds its owner. */
export function findLiveSession(tx: Tx, id: string, now: Date): Promise<KeyRow | undefined> {
  return keys(tx)
    .where('api_keys.id', '=', id)
    .where('api_keys.login_type', '<>', 'token')
    .where('api_keys.expires_at', '>', now)
    .executeTakeFirst()
}

/** Another session stands in for this one, which ends soon, however much it is used. */
export async function replaceSession(tx: Tx, id: string, rights: Buffer, endsAt: Date): Promise<void> {
  const sooner = sql<Date>`least(expires_at, ${endsAt}::timestamptz)`
  await tx
    .updateTable('api_keys')
    .set({ rights_sha256: rights, expires_at: sooner, ends_at: sooner })
    .where('id', '=', id)
    .execute()
}

/** Ends a session under every id that it has had, for somebody who holds its owner. */
export async function deleteSession(tx: Tx, id: string): Promise<void> {
  await sql`
    with recursive same as (
      select ${id}::text as id
      union select case when k.id = same.id then k.renewed_from else k.id end
        from api_keys k join same on k.renewed_from = same.id or (k.id = same.id and k.renewed_from is not null)
    )
    delete from api_keys where id in (select id from same)`.execute(tx)
}

/** Counts one more in the window of this key, or begins one that ends then. */
export async function countGuess(
  db: Executor,
  keySha256: Buffer,
  now: Date,
  endsAt: Date,
): Promise<{ readonly count: number; readonly ends_at: Date }> {
  const { rows } = await sql<{ count: number; ends_at: Date }>`
    insert into guesses as g (key_sha256, count, ends_at) values (${keySha256}, 1, ${endsAt})
    on conflict (key_sha256) do update set
      count = case when g.ends_at > ${now} then g.count + 1 else 1 end,
      ends_at = case when g.ends_at > ${now} then g.ends_at else excluded.ends_at end
    returning count, ends_at`.execute(db)
  return rows[0] ?? { count: 1, ends_at: endsAt }
}

export async function deleteOldGuesses(db: Executor, now: Date): Promise<void> {
  await db.deleteFrom('guesses').where('ends_at', '<', now).execute()
}
