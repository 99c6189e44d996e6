import type { Uuid } from '@reeve/base'
import { type Insertable, type Selectable, sql } from 'kysely'
import type { Schema } from '../../db/__generated__/schema.ts'
import type { Executor, Tx } from '../../db/database.ts'
import type { CustomRoleRow } from './custom-roles.ts'
import { standing } from '../tokens/queries.ts'

/** All SQL of roles: those that people made, and who holds which. */

export type StoredRoleRow = Selectable<Schema['custom_roles']>

export interface StandingRow {
  readonly id: Uuid
  readonly username: string
  readonly status: string
  readonly roles: string[]
  /** The default organization first. */
  readonly memberships: readonly { readonly organizationId: Uuid; readonly roles: readonly string[] }[]
  readonly group_ids: readonly Uuid[]
  readonly custom_roles: readonly CustomRoleRow[]
}

/** What a user holds now, whatever the cache of credentials remembers. */
export function findStanding(db: Executor, userId: Uuid): Promise<StandingRow | undefined> {
  return db
    .selectFrom('users as u')
    .select(['u.id', 'u.username', 'u.status', 'u.roles'])
    .select(standing())
    .where('u.id', '=', userId)
    .where('u.deleted_at', 'is', null)
    .executeTakeFirst()
}

/** The custom roles of one organization, or those that are held everywhere. */
export function selectCustomRoles(db: Executor, organizationId: Uuid | null): Promise<StoredRoleRow[]> {
  return db
    .selectFrom('custom_roles')
    .selectAll()
    .where('organization_id', 'is not distinct from', organizationId)
    .orderBy('name')
    .execute()
}

export async function insertCustomRole(tx: Tx, row: Insertable<Schema['custom_roles']>): Promise<void> {
  await tx.insertInto('custom_roles').values(row).execute()
}

export interface RoleContent {
  readonly display_name: string
  readonly description: string
  readonly site_permissions: string[]
  readonly organization_permissions: string[]
  readonly own_permissions: string[]
}

export async function updateCustomRole(tx: Tx, id: Uuid, set: RoleContent, now: Date): Promise<void> {
  await tx
    .updateTable('custom_roles')
    .set({ ...set, updated_at: now })
    .where('id', '=', id)
    .execute()
}

/** Takes it from everybody who holds it. Returns how many those were. */
export async function deleteCustomRole(tx: Tx, role: StoredRoleRow, now: Date): Promise<number> {
  const { id, name, organization_id } = role
  await tx.deleteFrom('custom_roles').where('id', '=', id).execute()
  if (organization_id === null) {
    const { numUpdatedRows } = await tx
      .updateTable('users')
      .set({ roles: sql`array_remove(roles, ${name})`, updated_at: now })
      .where(sql<boolean>`${name} = any(roles)`)
      .executeTakeFirst()
    return Number(numUpdatedRows)
  }
  await tx
    .updateTable('organizations')
    .set({ default_member_roles: sql`array_remove(default_member_roles, ${name})` })
    .where('id', '=', organization_id)
    .execute()
  const { numUpdatedRows } = await tx
    .updateTable('organization_members')
    .set({ roles: sql`array_remove(roles, ${name})`, updated_at: now })
    .where('organization_id', '=', organization_id)
    .where(sql<boolean>`${name} = any(roles)`)
    .executeTakeFirst()
  return Number(numUpdatedRows)
}
