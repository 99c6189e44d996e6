import type { Uuid } from '@reeve/base'
import { type Insertable, type RawBuilder, type Selectable, sql } from 'kysely'
import type { Visibility } from '../access/policy.ts'
import { visibleRows } from '../access/sql-filter.ts'
import type { Schema } from '../db/__generated__/schema.ts'
import type { Executor, Tx } from '../db/database.ts'

/** All SQL of users and the first setup. */

export type UserRow = Selectable<Schema['users']> & { readonly organization_ids: Uuid[] }

/** Serialises what changes who holds what: the first setup, roles, and whatever could leave no owner. */
const ownersLock = 7_338_356_062

export async function lockOwners(tx: Tx): Promise<void> {
  await sql`select pg_advisory_xact_lock(${ownersLock}::bigint)`.execute(tx)
}

export async function anyUserExists(db: Executor): Promise<boolean> {
  return (await db.selectFrom('users').select('id').limit(1).executeTakeFirst()) !== undefined
}

export async function countActiveOwners(tx: Tx): Promise<number> {
  const { count } = await tx
    .selectFrom('users')
    .select(sql<number>`count(*)::integer`.as('count'))
    .where(sql<boolean>`'owner' = any(roles)`)
    // A program that may do everything is nobody who could let people in again.
    .where('is_service_account', '=', false)
    .where('status', '<>', 'suspended')
    .where('deleted_at', 'is', null)
    .executeTakeFirstOrThrow()
  return count
}

const users = (db: Executor) =>
  db
    .selectFrom('users')
    .selectAll('users')
    .select(
      sql<Uuid[]>`array(select m.organization_id from organization_members m join organizations o
        on o.id = m.organization_id and o.deleted_at is null where m.user_id = users.id order by 1)`.as(
        'organization_ids',
      ),
    )
    .where('users.deleted_at', 'is', null)

export function findUser(
  db: Executor,
  by: { id: Uuid } | { username: string } | { email: string },
): Promise<UserRow | undefined> {
  const query = users(db)
  if ('id' in by) return query.where('users.id', '=', by.id).executeTakeFirst()
  if ('username' in by) return query.where(sql`lower(username)`, '=', by.username.toLowerCase()).executeTakeFirst()
  // The empty address is that of service accounts, and nobody's.
  return query
    .where(sql`lower(email)`, '=', by.email.toLowerCase())
    .where('email', '<>', '')
    .executeTakeFirst()
}

/** Whatever only refers to the user need not wait: a lock of the whole row would stand against every foreign key. */
export function lockUser(tx: Tx, id: Uuid): Promise<UserRow | undefined> {
  return users(tx).where('users.id', '=', id).forNoKeyUpdate('users').executeTakeFirst()
}

export interface UserFilter {
  readonly visible: Visibility
  readonly words: readonly string[]
  readonly statuses: readonly UserRow['status'][]
  readonly roles: readonly string[]
  readonly loginTypes: readonly string[]
  /** Not seen since then; with `never`, not seen at all. */
  readonly lastSeenBefore: Date | 'never' | null
  readonly kinds: readonly ('person' | 'service')[]
  /** Names or ids: of who is responsible, of where they belong. */
  readonly responsible: readonly string[]
  readonly organizations: readonly string[]
  readonly groups: readonly string[]
}

export async function selectUsers(
  db: Executor,
  filter: UserFilter,
  page: { readonly limit: number; readonly offset: number; readonly afterId: Uuid | undefined },
): Promise<{ rows: UserRow[]; count: number }> {
  const { visible } = filter
  const id = sql`users.id`
  // As `holderOf` has it: an account is that of the person who is responsible for it.
  const owner = sql`case when users.owner_id = ${visible.own.ownerId}::uuid then users.owner_id else users.id end`
  let query = users(db).where(visibleRows(visible, { id, owner, organization: null, accessList: null }))
  for (const condition of userConditions(filter)) query = query.where(condition)
  for (const word of filter.words) {
    const like = `%${word.replaceAll(/[\\%_]/g, '\\$&')}%`
    query = query.where((eb) =>
      eb.or([eb('username', 'ilike', like), eb('email', 'ilike', like), eb('name', 'ilike', like)]),
    )
  }
  const { count } = await query
    .clearSelect()
    .select(sql<number>`count(*)::integer`.as('count'))
    .executeTakeFirstOrThrow()
  let list = query
    .orderBy(sql`lower(username)`)
    .orderBy('users.id')
    .limit(page.limit)
    .offset(page.offset)
  if (page.afterId !== undefined) {
    list = list.where(
      sql<boolean>`(lower(username), users.id) > (select lower(u.username), u.id from users u where u.id = ${page.afterId})`,
    )
  }
  return { rows: await list.execute(), count }
}

function userConditions(filter: UserFilter): RawBuilder<boolean>[] {
  const any = (values: readonly string[]) => sql`any(${values.map((value) => value.toLowerCase())}::text[])`
  const { statuses, roles, loginTypes, lastSeenBefore: before, kinds, responsible, organizations, groups } = filter
  const conditions: RawBuilder<boolean>[] = []
  if (statuses.length > 0) conditions.push(sql`users.status = ${any(statuses)}`)
  if (loginTypes.length > 0) conditions.push(sql`users.login_type = ${any(loginTypes)}`)
  // Everywhere, or in an organization that is still there.
  if (roles.length > 0) {
    conditions.push(sql`(users.roles && ${[...roles]}::text[] or exists (
      select from organization_members m join organizations o on o.id = m.organization_id and o.deleted_at is null
      where m.user_id = users.id and m.roles && ${[...roles]}::text[]))`)
  }
  if (before === 'never') conditions.push(sql`users.last_seen_at is null`)
  else if (before !== null) conditions.push(sql`(users.last_seen_at is null or users.last_seen_at < ${before})`)
  if (kinds.length > 0) {
    conditions.push(sql`case when users.is_service_account then 'service' else 'person' end = ${any(kinds)}`)
  }
  if (responsible.length > 0) {
    conditions.push(sql`exists (
      select from users r
      where r.id = users.owner_id and (lower(r.username) = ${any(responsible)} or r.id::text = ${any(responsible)}))`)
  }
  if (organizations.length > 0) {
    conditions.push(sql`exists (
      select from organization_members m join organizations o on o.id = m.organization_id and o.deleted_at is null
      where m.user_id = users.id and (lower(o.name) = ${any(organizations)} or o.id::text = ${any(organizations)}))`)
  }
  if (groups.length > 0) {
    conditions.push(sql`exists (
      select from group_members m join groups g on g.id = m.group_id
      where m.user_id = users.id and (lower(g.name) = ${any(groups)} or g.id::text = ${any(groups)}))`)
  }
  return conditions
}

export async function insertUser(
  tx: Tx,
  row: Insertable<Schema['users']>,
  organizationIds: readonly Uuid[],
): Promise<void> {
  await tx.insertInto('users').values(row).execute()
  if (organizationIds.length === 0) return
  const { id, created_at, updated_at } = row
  await tx
    .insertInto('organization_members')
    .columns(['organization_id', 'user_id', 'roles', 'created_at', 'updated_at'])
    .expression((eb) =>
      eb
        .selectFrom('organizations')
        .select(['id', sql`${id}::uuid`.as('user_id'), 'default_member_roles'])
        .select([sql`${created_at}::timestamptz`.as('created_at'), sql`${updated_at}::timestamptz`.as('updated_at')])
        .where(sql<boolean>`id = any(${[...organizationIds]}::uuid[])`),
    )
    .execute()
}

export interface UserChange {
  readonly status?: UserRow['status']
  readonly password_hash?: string | null
  readonly username?: string | undefined
  readonly name?: string | undefined
  readonly roles?: string[]
  readonly owner_id?: Uuid | null
  readonly deleted_at?: Date
}

export async function updateUser(tx: Tx, id: Uuid, set: UserChange, now: Date): Promise<void> {
  await tx
    .updateTable('users')
    .set({ ...set, updated_at: now })
    .where('id', '=', id)
    .execute()
}

/** Makes what every deployment has: its id and the default organization. Does nothing where they exist. */
export async function ensureDeployment(
  tx: Tx,
  fresh: { deploymentId: Uuid; organizationId: Uuid; now: Date },
): Promise<Uuid> {
  const { deploymentId, organizationId, now } = fresh
  await tx
    .insertInto('deployment')
    .values({ id: deploymentId, created_at: now })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  await sql`insert into organizations (id, name, display_name, is_default, created_at, updated_at)
    values (${organizationId}, 'default', 'Default', true, ${now}, ${now}) on conflict do nothing`.execute(tx)
  return (await tx.selectFrom('deployment').select('id').executeTakeFirstOrThrow()).id
}

export async function replaceSetupToken(tx: Tx, row: Insertable<Schema['setup_tokens']> | null): Promise<void> {
  await tx.deleteFrom('setup_tokens').execute()
  if (row !== null) await tx.insertInto('setup_tokens').values(row).execute()
}

export async function setupTokenIsValid(tx: Tx, tokenSha256: Buffer, now: Date): Promise<boolean> {
  const row = await tx
    .selectFrom('setup_tokens')
    .select('expires_at')
    .where('token_sha256', '=', tokenSha256)
    .executeTakeFirst()
  return row !== undefined && row.expires_at > now
}
