import type { Uuid } from '@reeve/base'
import { type Insertable, type Selectable, sql } from 'kysely'
import type { Visibility } from '../../access/policy.ts'
import { visibleRows } from '../../access/sql-filter.ts'
import type { Schema } from '../../db/__generated__/schema.ts'
import type { Executor, Tx } from '../../db/database.ts'

/** All SQL of groups and who is in them. */

export type GroupRow = Selectable<Schema['groups']> & {
  readonly organization_name: string
  readonly total_member_count: number
}

export interface GroupMemberRow {
  readonly id: Uuid
  readonly username: string
  readonly name: string
  readonly avatar_url: string
}

const groups = (db: Executor) =>
  db
    .selectFrom('groups as g')
    .innerJoin('organizations as o', 'o.id', 'g.organization_id')
    .selectAll('g')
    .select('o.name as organization_name')
    .select(
      sql<number>`(select count(*)::integer from group_members m join users u on u.id = m.user_id and u.deleted_at is null
        where m.group_id = g.id)`.as('total_member_count'),
    )
    .where('o.deleted_at', 'is', null)

export function selectGroups(db: Executor, organizationId: Uuid, visible: Visibility): Promise<GroupRow[]> {
  const [id, organization] = [sql`g.id`, sql`g.organization_id`]
  return groups(db)
    .where('g.organization_id', '=', organizationId)
    .where(visibleRows(visible, { id, owner: null, organization, accessList: null }))
    .orderBy(sql`lower(g.name)`)
    .execute()
}

export function findGroup(
  db: Executor,
  by: { readonly id: Uuid; readonly organizationId?: Uuid } | { readonly name: string; readonly organizationId: Uuid },
): Promise<GroupRow | undefined> {
  let query = groups(db)
  if (by.organizationId !== undefined) query = query.where('g.organization_id', '=', by.organizationId)
  query = 'id' in by ? query.where('g.id', '=', by.id) : query.where(sql`lower(g.name)`, '=', by.name.toLowerCase())
  return query.executeTakeFirst()
}

/** Changes of one group wait for each other. */
export async function lockGroup(tx: Tx, id: Uuid): Promise<GroupRow | undefined> {
  await tx.selectFrom('groups').select('id').where('id', '=', id).forUpdate().execute()
  return findGroup(tx, { id })
}

export function selectGroupMembers(db: Executor, groupId: Uuid, limit: number): Promise<GroupMemberRow[]> {
  return db
    .selectFrom('group_members as m')
    .innerJoin('users as u', 'u.id', 'm.user_id')
    .select(['u.id', 'u.username', 'u.name', 'u.avatar_url'])
    .where('m.group_id', '=', groupId)
    .where('u.deleted_at', 'is', null)
    .orderBy(sql`lower(u.username)`)
    .limit(limit)
    .execute()
}

export async function insertGroup(tx: Tx, row: Insertable<Schema['groups']>): Promise<void> {
  await tx.insertInto('groups').values(row).execute()
}

export interface GroupFields {
  readonly name?: string | undefined
  readonly display_name?: string | undefined
  readonly avatar_url?: string | undefined
  readonly quota_allowance?: number | undefined
}

export async function updateGroup(tx: Tx, id: Uuid, set: GroupFields, now: Date): Promise<void> {
  await tx
    .updateTable('groups')
    .set({ ...set, updated_at: now })
    .where('id', '=', id)
    .execute()
}

/** Returns who was in it. */
export async function deleteGroup(tx: Tx, id: Uuid): Promise<Uuid[]> {
  const gone = await tx.deleteFrom('group_members').where('group_id', '=', id).returning('user_id').execute()
  await tx.deleteFrom('groups').where('id', '=', id).execute()
  return gone.map(({ user_id }) => user_id)
}

/** Returns those who were not in it before. */
export async function addToGroup(tx: Tx, groupId: Uuid, userIds: readonly Uuid[], now: Date): Promise<Uuid[]> {
  if (userIds.length === 0) return []
  const rows = await tx
    .insertInto('group_members')
    .values(userIds.map((user_id) => ({ group_id: groupId, user_id, created_at: now })))
    .onConflict((conflict) => conflict.doNothing())
    .returning('user_id')
    .execute()
  return rows.map(({ user_id }) => user_id)
}

/** Returns those who were in it. */
export async function removeFromGroup(tx: Tx, groupId: Uuid, userIds: readonly Uuid[]): Promise<Uuid[]> {
  if (userIds.length === 0) return []
  const rows = await tx
    .deleteFrom('group_members')
    .where('group_id', '=', groupId)
    .where('user_id', 'in', userIds)
    .returning('user_id')
    .execute()
  return rows.map(({ user_id }) => user_id)
}
