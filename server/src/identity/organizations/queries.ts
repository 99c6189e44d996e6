import type { Uuid } from '@reeve/base'
import { type Insertable, type RawBuilder, type Selectable, sql } from 'kysely'
import type { Visibility } from '../../access/policy.ts'
import { visibleRows } from '../../access/sql-filter.ts'
import type { Schema } from '../../db/__generated__/schema.ts'
import type { Executor, Tx } from '../../db/database.ts'

/** All SQL of organizations and who belongs to them. */

export type OrganizationRow = Selectable<Schema['organizations']>

export interface MemberRow {
  readonly organization_id: Uuid
  readonly user_id: Uuid
  readonly username: string
  readonly name: string
  readonly email: string
  readonly avatar_url: string
  readonly status: string
  readonly login_type: string
  readonly roles: string[]
  readonly global_roles: string[]
  readonly created_at: Date
  readonly updated_at: Date
}

export interface Page {
  readonly limit: number
  readonly offset: number
  readonly afterId: Uuid | undefined
}

export function selectOrganizations(db: Executor, visible: Visibility): Promise<OrganizationRow[]> {
  const id = sql`id`
  return selectOrganizationsWhere(db, visibleRows(visible, { id, owner: null, organization: id, accessList: null }))
}

export function findOrganizations(db: Executor, ids: 'all' | readonly Uuid[]): Promise<OrganizationRow[]> {
  return selectOrganizationsWhere(db, ids === 'all' ? sql`true` : sql`id = any(${[...ids]}::uuid[])`)
}

function selectOrganizationsWhere(db: Executor, condition: RawBuilder<boolean>): Promise<OrganizationRow[]> {
  return db
    .selectFrom('organizations')
    .selectAll()
    .where('deleted_at', 'is', null)
    .where(condition)
    .orderBy('is_default', 'desc')
    .orderBy(sql`lower(name)`)
    .execute()
}

/** By id or name, or the default one. */
export function findOrganization(
  db: Executor,
  by: { readonly id: Uuid } | { readonly name: string } | 'default',
): Promise<OrganizationRow | undefined> {
  const query = db.selectFrom('organizations').selectAll().where('deleted_at', 'is', null)
  if (by === 'default') return query.where('is_default', '=', true).executeTakeFirst()
  if ('id' in by) return query.where('id', '=', by.id).executeTakeFirst()
  return query.where(sql`lower(name)`, '=', by.name.toLowerCase()).executeTakeFirst()
}

/** Holds the organization until the transaction ends: nobody joins, leaves or deletes it meanwhile. */
export function lockOrganization(tx: Tx, id: Uuid): Promise<OrganizationRow | undefined> {
  return tx
    .selectFrom('organizations')
    .selectAll()
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .forUpdate()
    .executeTakeFirst()
}

export async function insertOrganization(tx: Tx, row: Insertable<Schema['organizations']>): Promise<void> {
  await tx.insertInto('organizations').values(row).execute()
}

export interface OrganizationChange {
  readonly name?: string | undefined
  readonly display_name?: string | undefined
  readonly description?: string | undefined
  readonly icon?: string | undefined
  readonly default_member_roles?: string[] | undefined
  readonly require_boundary?: boolean | undefined
}

export async function updateOrganization(tx: Tx, id: Uuid, set: OrganizationChange, now: Date): Promise<void> {
  await tx
    .updateTable('organizations')
    .set({ ...set, updated_at: now })
    .where('id', '=', id)
    .execute()
}

/** The row stays, as what was recorded names it; who belonged to it and its groups go. */
export async function removeOrganization(tx: Tx, id: Uuid, now: Date): Promise<void> {
  await tx.deleteFrom('organization_members').where('organization_id', '=', id).execute()
  await tx.deleteFrom('groups').where('organization_id', '=', id).execute()
  await tx.deleteFrom('custom_roles').where('organization_id', '=', id).execute()
  await tx.updateTable('organizations').set({ deleted_at: now, updated_at: now }).where('id', '=', id).execute()
}

const members = (db: Executor) =>
  db
    .selectFrom('organization_members as m')
    .innerJoin('users as u', 'u.id', 'm.user_id')
    .select(['m.organization_id', 'm.user_id', 'm.roles', 'm.created_at', 'm.updated_at'])
    .select(['u.username', 'u.name', 'u.email', 'u.avatar_url', 'u.status', 'u.login_type', 'u.roles as global_roles'])
    .where('u.deleted_at', 'is', null)

export function findMember(db: Executor, organizationId: Uuid, userId: Uuid): Promise<MemberRow | undefined> {
  return members(db).where('m.organization_id', '=', organizationId).where('m.user_id', '=', userId).executeTakeFirst()
}

/** Those of these, given by id or username, who are members. */
export function findMembersNamed(db: Executor, organizationId: Uuid, refs: readonly string[]): Promise<MemberRow[]> {
  const names = refs.map((ref) => ref.toLowerCase())
  return members(db)
    .where('m.organization_id', '=', organizationId)
    .where(sql<boolean>`(lower(u.username) = any(${names}::text[]) or u.id::text = any(${names}::text[]))`)
    .execute()
}

export interface MemberFilter {
  readonly visible: Visibility
  readonly organizationId: Uuid
  readonly words: readonly string[]
  readonly roles: readonly string[]
  readonly statuses: readonly string[]
}

export async function selectMembers(
  db: Executor,
  filter: MemberFilter,
  page: Page,
): Promise<{ rows: MemberRow[]; count: number }> {
  const [id, organization] = [sql`m.user_id`, sql`m.organization_id`]
  let query = members(db)
    .where('m.organization_id', '=', filter.organizationId)
    .where(visibleRows(filter.visible, { id, owner: null, organization, accessList: null }))
  if (filter.roles.length > 0) query = query.where(sql<boolean>`m.roles && ${[...filter.roles]}::text[]`)
  if (filter.statuses.length > 0) query = query.where(sql<boolean>`u.status = any(${[...filter.statuses]}::text[])`)
  for (const word of filter.words) {
    const like = `%${word.replaceAll(/[\\%_]/g, '\\$&')}%`
    query = query.where((eb) =>
      eb.or([eb('u.username', 'ilike', like), eb('u.email', 'ilike', like), eb('u.name', 'ilike', like)]),
    )
  }
  const { count } = await query
    .clearSelect()
    .select(sql<number>`count(*)::integer`.as('count'))
    .executeTakeFirstOrThrow()
  let list = query
    .orderBy(sql`lower(u.username)`)
    .orderBy('u.id')
    .limit(page.limit)
    .offset(page.offset)
  if (page.afterId !== undefined) {
    list = list.where(
      sql<boolean>`(lower(u.username), u.id) > (select lower(a.username), a.id from users a where a.id = ${page.afterId})`,
    )
  }
  return { rows: await list.execute(), count }
}

export async function countMembers(tx: Tx, organizationId: Uuid): Promise<number> {
  const { count } = await members(tx)
    .clearSelect()
    .select(sql<number>`count(*)::integer`.as('count'))
    .where('m.organization_id', '=', organizationId)
    .executeTakeFirstOrThrow()
  return count
}

export async function insertMember(tx: Tx, row: Insertable<Schema['organization_members']>): Promise<void> {
  await tx.insertInto('organization_members').values(row).execute()
}

export async function updateMemberRoles(
  tx: Tx,
  organizationId: Uuid,
  userId: Uuid,
  roles: readonly string[],
  now: Date,
): Promise<void> {
  await tx
    .updateTable('organization_members')
    .set({ roles: [...roles], updated_at: now })
    .where('organization_id', '=', organizationId)
    .where('user_id', '=', userId)
    .execute()
}

/** With the roles and groups that came with it. Of all organizations, when none is named. */
export async function removeMemberships(tx: Tx, userId: Uuid, organizationId: Uuid | null): Promise<void> {
  let groups = tx.deleteFrom('group_members').where('user_id', '=', userId)
  let memberships = tx.deleteFrom('organization_members').where('user_id', '=', userId)
  if (organizationId !== null) {
    groups = groups.where(
      'group_id',
      'in',
      tx.selectFrom('groups').select('id').where('organization_id', '=', organizationId),
    )
    memberships = memberships.where('organization_id', '=', organizationId)
  }
  await groups.execute()
  await memberships.execute()
}
