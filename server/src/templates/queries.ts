import type { Uuid } from '@reeve/base'
import { type Insertable, type RawBuilder, type Selectable, sql, type Updateable } from 'kysely'
import type { Schema } from '../db/__generated__/schema.ts'
import type { Executor, Tx } from '../db/database.ts'

/** SQL of templates and their access lists; versions and files are in `version-queries.ts`. */

export interface TemplateRow extends Selectable<Schema['templates']> {
  readonly organization_name: string
  readonly organization_display_name: string
  readonly active_version_name: string
  readonly creator_id: Uuid | null
  readonly username: string | null
  readonly creator_name: string | null
  readonly avatar_url: string | null
}

const templates = (db: Executor) =>
  db
    .selectFrom('templates as t')
    .innerJoin('organizations as o', 'o.id', 't.organization_id')
    .innerJoin('template_versions as v', 'v.id', 't.active_version_id')
    .leftJoin('users as u', 'u.id', 't.created_by')
    .selectAll('t')
    .select(['o.name as organization_name', 'o.display_name as organization_display_name'])
    .select(['v.name as active_version_name', 'u.id as creator_id', 'u.username', 'u.name as creator_name'])
    .select('u.avatar_url')
    .where('t.deleted_at', 'is', null)

export function selectTemplates(
  db: Executor,
  visible: RawBuilder<boolean>,
  { organizationId, limit }: { readonly organizationId: Uuid | null; readonly limit: number },
): Promise<TemplateRow[]> {
  const found = templates(db).where(visible)
  return (organizationId === null ? found : found.where('t.organization_id', '=', organizationId))
    .orderBy('o.name')
    .orderBy('t.name')
    .limit(limit)
    .execute()
}

export const findTemplate = (db: Executor, id: Uuid): Promise<TemplateRow | undefined> =>
  templates(db).where('t.id', '=', id).executeTakeFirst()

export const findTemplateByName = (
  db: Executor,
  organizationId: Uuid,
  name: string,
): Promise<TemplateRow | undefined> =>
  templates(db)
    .where('t.organization_id', '=', organizationId)
    .where(sql`lower(t.name)`, '=', name.toLowerCase())
    .executeTakeFirst()

/** Nobody else changes it until the transaction ends. */
export const lockTemplate = (tx: Tx, id: Uuid): Promise<Selectable<Schema['templates']> | undefined> =>
  tx
    .selectFrom('templates')
    .selectAll()
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .forUpdate()
    .executeTakeFirst()

export async function insertTemplate(tx: Tx, row: Insertable<Schema['templates']>): Promise<void> {
  await tx.insertInto('templates').values(row).execute()
}

export async function updateTemplateRow(tx: Tx, id: Uuid, change: Updateable<Schema['templates']>): Promise<void> {
  await tx.updateTable('templates').set(change).where('id', '=', id).execute()
}

export async function hasWorkspaces(tx: Tx, id: Uuid): Promise<boolean> {
  const found = await tx
    .selectFrom('workspaces')
    .select('id')
    .where('template_id', '=', id)
    .where('deleted_at', 'is', null)
    .limit(1)
    .executeTakeFirst()
  return found !== undefined
}

/** Those who have one, without tasks, which are what they were started with. */
export async function selectWorkspaceOwners(tx: Tx, id: Uuid): Promise<Uuid[]> {
  const rows = await tx
    .selectFrom('workspaces as w')
    .leftJoin('tasks as k', 'k.workspace_id', 'w.id')
    .select('w.owner_id')
    .distinct()
    .where('w.template_id', '=', id)
    .where('w.deleted_at', 'is', null)
    .where('k.id', 'is', null)
    .execute()
  return rows.map(({ owner_id: owner }) => owner)
}

export interface ListedUser {
  readonly id: Uuid
  readonly username: string
  readonly name: string
  readonly avatar_url: string
}

export const selectListedUsers = (db: Executor, ids: readonly Uuid[]): Promise<ListedUser[]> =>
  ids.length === 0
    ? Promise.resolve([])
    : db
        .selectFrom('users')
        .select(['id', 'username', 'name', 'avatar_url'])
        .where('id', 'in', ids)
        .where('deleted_at', 'is', null)
        .orderBy('username')
        .execute()

/** Of the organization: a group of another one is nobody here. */
export const selectListedGroups = (
  db: Executor,
  organizationId: Uuid,
  ids: readonly Uuid[],
): Promise<{ readonly id: Uuid; readonly name: string; readonly display_name: string }[]> =>
  ids.length === 0
    ? Promise.resolve([])
    : db
        .selectFrom('groups')
        .select(['id', 'name', 'display_name'])
        .where('organization_id', '=', organizationId)
        .where('id', 'in', ids)
        .orderBy('name')
        .execute()

export async function selectMembers(db: Executor, organizationId: Uuid, ids: readonly Uuid[]): Promise<Set<Uuid>> {
  if (ids.length === 0) return new Set()
  const rows = await db
    .selectFrom('organization_members')
    .select('user_id')
    .where('organization_id', '=', organizationId)
    .where('user_id', 'in', ids)
    .execute()
  return new Set(rows.map(({ user_id: id }) => id))
}

/** Whether the access list of any template has the actor among those who administer it. */
export async function administersAny(
  db: Executor,
  { userId, groupIds }: { readonly userId: Uuid; readonly groupIds: readonly Uuid[] },
): Promise<boolean> {
  const { rows } = await sql`
    select 1 from templates t where t.deleted_at is null
      and (t.access_list -> 'users' -> ${userId}::text ? 'update' or exists (
        select from unnest(${groupIds}::text[]) as g(id) where t.access_list -> 'groups' -> g.id ? 'update'))
    limit 1`.execute(db)
  return rows.length > 0
}
