import type { Uuid } from '@reeve/base'
import { type Insertable, type Selectable, sql, type Updateable } from 'kysely'
import type { Schema } from '../db/__generated__/schema.ts'
import type { Executor, Tx } from '../db/database.ts'
import type { Condition } from './session-queries.ts'

/** SQL of requests for what was denied. The table of a condition is `r`. */

export interface AccessRow extends Selectable<Schema['boundary_access_requests']> {
  readonly username: string
  readonly name: string
  readonly avatar_url: string
  readonly decider_username: string | null
  readonly decider_name: string | null
  readonly decider_avatar_url: string | null
}

const requests = (db: Executor) =>
  db
    .selectFrom('boundary_access_requests as r')
    .innerJoin('users as u', 'u.id', 'r.user_id')
    .leftJoin('users as d', 'd.id', 'r.decided_by')
    .selectAll('r')
    .select(['u.username', 'u.name', 'u.avatar_url'])
    .select(['d.username as decider_username', 'd.name as decider_name', 'd.avatar_url as decider_avatar_url'])

export const findAccess = (db: Executor, id: Uuid): Promise<AccessRow | undefined> =>
  requests(db).where('r.id', '=', id).executeTakeFirst()

/** Nobody else decides about it until the transaction ends. */
export async function lockAccess(tx: Tx, id: Uuid): Promise<AccessRow | undefined> {
  await tx.selectFrom('boundary_access_requests').select('id').where('id', '=', id).forUpdate().execute()
  return findAccess(tx, id)
}

export const selectAccess = (
  db: Executor,
  where: Condition,
  { limit, afterId }: { readonly limit: number; readonly afterId: Uuid | null },
): Promise<AccessRow[]> =>
  requests(db)
    .where(sql<boolean>`${where}`)
    .where(afterId === null ? sql<boolean>`true` : sql<boolean>`r.id < ${afterId}::uuid`)
    .orderBy('r.id', 'desc')
    .limit(limit)
    .execute()

export async function countAccess(db: Executor, where: Condition, max: number): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from (select from boundary_access_requests r where ${where} limit ${max + 1}) as found`.execute(
    db,
  )
  return rows[0]?.count ?? 0
}

/** Requests for the same: of this denial, or of the same thing in the organization. */
export const selectSameAccess = (db: Executor, organizationId: Uuid, what: string): Promise<AccessRow[]> =>
  requests(db)
    .where('r.organization_id', '=', organizationId)
    .where('r.what', '=', what)
    .orderBy('r.id', 'desc')
    .limit(20)
    .execute()

export async function insertAccess(tx: Tx, row: Insertable<Schema['boundary_access_requests']>): Promise<void> {
  await tx.insertInto('boundary_access_requests').values(row).execute()
}

export async function updateAccess(
  tx: Tx,
  id: Uuid,
  set: Updateable<Schema['boundary_access_requests']>,
): Promise<void> {
  await tx.updateTable('boundary_access_requests').set(set).where('id', '=', id).execute()
}

/** What nobody answered in time makes room for another try. */
export async function closeStale(tx: Tx, userId: Uuid, denial: string, createdBefore: Date): Promise<void> {
  await sql`update boundary_access_requests set status = 'withdrawn', decided_at = ${createdBefore}
    where user_id = ${userId} and denial = ${denial} and status = 'pending' and created_at <= ${createdBefore}`.execute(
    tx,
  )
}

/** Who may decide about requests in an organization, by the built-in roles that can. Service accounts read nothing. */
export async function selectDeciders(tx: Tx, organizationId: Uuid, but: Uuid): Promise<Uuid[]> {
  const { rows } = await sql<{ id: Uuid }>`
    select u.id from users u
    where u.deleted_at is null and not u.is_service_account and u.status <> 'suspended' and u.id <> ${but}
      and ('owner' = any(u.roles) or exists (select from organization_members m
        where m.user_id = u.id and m.organization_id = ${organizationId} and 'organization-admin' = any(m.roles)))
    order by u.id limit 200`.execute(tx)
  return rows.map((row) => row.id)
}
