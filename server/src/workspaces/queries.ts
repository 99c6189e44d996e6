import type { Uuid } from '@reeve/base'
import type { WorkspaceStatus } from '@reeve/sdk'
import { type Insertable, type RawBuilder, type Selectable, sql } from 'kysely'
import type { Schema } from '../db/__generated__/schema.ts'
import type { Executor, Tx } from '../db/database.ts'
import type { TemplateRow } from '../templates/queries.ts'
import { stagesOf } from './lifecycle.ts'

/** SQL of workspaces; that of their builds is in `build-queries.ts`. */

export interface WorkspaceRow extends Selectable<Schema['workspaces']> {
  readonly organization_name: string
  readonly owner_username: string
  readonly owner_display_name: string
  readonly owner_avatar_url: string
  readonly template_name: string
  readonly template_display_name: string
  readonly template_icon: string
  readonly active_version_id: Uuid
  readonly require_active_version: boolean
  readonly allow_user_cancel_workspace_jobs: boolean
  readonly allow_user_autostart: boolean
  readonly max_port_share_level: string
  readonly autostart_requirement: TemplateRow['autostart_requirement']
  readonly latest_build_id: Uuid
  /** The task that has it; null for a workspace of a person. */
  readonly task_id: Uuid | null
  readonly task_name: string | null
}

const workspaces = (db: Executor) =>
  db
    .selectFrom('workspaces as w')
    .innerJoin('organizations as o', 'o.id', 'w.organization_id')
    .innerJoin('users as u', 'u.id', 'w.owner_id')
    .innerJoin('templates as t', 't.id', 'w.template_id')
    .innerJoinLateral(
      (from) =>
        from
          .selectFrom('workspace_builds')
          .select(['id', 'transition', 'job_id', 'template_version_id'])
          .whereRef('workspace_id', '=', 'w.id')
          .orderBy('number', 'desc')
          .limit(1)
          .as('b'),
      (join) => join.onTrue(),
    )
    .innerJoin('provisioner_jobs as j', 'j.id', 'b.job_id')
    .leftJoin('tasks as k', 'k.workspace_id', 'w.id')
    .where('w.deleted_at', 'is', null)

const columns = [
  'o.name as organization_name',
  'u.username as owner_username',
  'u.name as owner_display_name',
  'u.avatar_url as owner_avatar_url',
  't.name as template_name',
  't.display_name as template_display_name',
  't.icon as template_icon',
  't.active_version_id',
  't.require_active_version',
  't.allow_user_cancel_workspace_jobs',
  't.allow_user_autostart',
  't.max_port_share_level',
  't.autostart_requirement',
  'b.id as latest_build_id',
  'k.id as task_id',
  'k.name as task_name',
] as const

export const findWorkspace = (db: Executor, id: Uuid): Promise<WorkspaceRow | undefined> =>
  workspaces(db).selectAll('w').select(columns).where('w.id', '=', id).executeTakeFirst()

export const findWorkspaceByName = (db: Executor, ownerId: Uuid, name: string): Promise<WorkspaceRow | undefined> =>
  workspaces(db)
    .selectAll('w')
    .select(columns)
    .where('w.owner_id', '=', ownerId)
    .where(sql`lower(w.name)`, '=', name.toLowerCase())
    .executeTakeFirst()

/** What a list is narrowed to; an empty list narrows nothing. */
export interface WorkspaceFilter {
  readonly owners: readonly string[]
  readonly templates: readonly string[]
  readonly names: readonly string[]
  readonly statuses: readonly WorkspaceStatus[]
  readonly words: readonly string[]
  /** Null narrows nothing. */
  readonly isDormant: boolean | null
  readonly isOutdated: boolean | null
  /** With anybody. */
  readonly isShared: boolean | null
}

const filtered = (
  db: Executor,
  visible: RawBuilder<boolean>,
  { owners, templates, names, statuses, words, isDormant, isOutdated, isShared }: WorkspaceFilter,
) => {
  let found = workspaces(db).where(visible)
  const lower = (values: readonly string[]): string[] => values.map((value) => value.toLowerCase())
  if (owners.length > 0) found = found.where(sql`lower(u.username)`, 'in', lower(owners))
  if (templates.length > 0) found = found.where(sql`lower(t.name)`, 'in', lower(templates))
  if (names.length > 0) found = found.where(sql`lower(w.name)`, 'in', lower(names))
  if (statuses.length > 0) found = found.where(sql`j.status || '/' || b.transition`, 'in', statuses.flatMap(stagesOf))
  if (isDormant !== null) found = found.where(sql<boolean>`(w.dormant_at is not null) = ${isDormant}`)
  if (isOutdated !== null) {
    found = found.where(sql<boolean>`(b.template_version_id <> t.active_version_id) = ${isOutdated}`)
  }
  if (isShared !== null) {
    found = found.where(sql<boolean>`(w.access_list <> '{"users": {}, "groups": {}}') = ${isShared}`)
  }
  for (const word of words) found = found.where(sql<boolean>`strpos(lower(w.name), ${word.toLowerCase()}) > 0`)
  return found
}

/** The newest first. */
export function selectWorkspaces(
  db: Executor,
  visible: RawBuilder<boolean>,
  filter: WorkspaceFilter,
  { afterId, limit }: { readonly afterId: Uuid | null; readonly limit: number },
): Promise<WorkspaceRow[]> {
  const found = filtered(db, visible, filter).selectAll('w').select(columns)
  return (afterId === null ? found : found.where('w.id', '<', afterId)).orderBy('w.id', 'desc').limit(limit).execute()
}

export async function countWorkspaces(
  db: Executor,
  visible: RawBuilder<boolean>,
  filter: WorkspaceFilter,
): Promise<number> {
  const { count } = await filtered(db, visible, filter)
    .select(sql<number>`count(*)::int`.as('count'))
    .executeTakeFirstOrThrow()
  return count
}

export interface SaidRow extends Selectable<Schema['workspace_app_statuses']> {
  readonly workspace_id: Uuid
}

/** What was said last in each of these workspaces, by any agent that it ever had. */
export async function selectLastSaid(db: Executor, ids: readonly Uuid[]): Promise<Map<Uuid, SaidRow>> {
  if (ids.length === 0) return new Map()
  const rows = await db
    .selectFrom('workspace_builds as b')
    .innerJoin('workspace_resources as r', 'r.build_id', 'b.id')
    .innerJoin('workspace_agents as a', 'a.resource_id', 'r.id')
    .innerJoinLateral(
      (from) =>
        from
          .selectFrom('workspace_app_statuses')
          .selectAll()
          .whereRef('agent_id', '=', 'a.id')
          .orderBy('id', 'desc')
          .limit(1)
          .as('s'),
      (join) => join.onTrue(),
    )
    .distinctOn('b.workspace_id')
    .select(['b.workspace_id', 's.id', 's.agent_id', 's.app_slug', 's.state', 's.message', 's.uri', 's.created_at'])
    .where('b.workspace_id', 'in', ids)
    .where('a.app_status', 'is not', null)
    .orderBy('b.workspace_id')
    .orderBy('s.id', 'desc')
    .execute()
  return new Map(rows.map((row) => [row.workspace_id, row]))
}

/** Builds of one workspace are made one after the other. False where there is none. */
export async function lockWorkspace(tx: Tx, id: Uuid): Promise<boolean> {
  const row = await tx
    .selectFrom('workspaces')
    .select('id')
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .forNoKeyUpdate()
    .executeTakeFirst()
  return row !== undefined
}

export async function insertWorkspace(tx: Tx, row: Insertable<Schema['workspaces']>): Promise<void> {
  await tx.insertInto('workspaces').values(row).execute()
}

/** A task goes with its workspace, and what was said in it with both: the record of the gateway has it, and ages. */
export async function markDeleted(tx: Tx, id: Uuid, at: Date): Promise<void> {
  await tx
    .updateTable('tasks')
    .set({
      deleted_at: sql`coalesce(deleted_at, ${at})`,
      prompt: '',
      snapshot: null,
      snapshot_at: null,
      last_message: null,
    })
    .where('workspace_id', '=', id)
    .execute()
  await tx.updateTable('workspaces').set({ deleted_at: at, updated_at: at }).where('id', '=', id).execute()
}
