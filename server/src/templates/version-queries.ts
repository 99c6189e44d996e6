import type { Uuid } from '@reeve/base'
import { type Insertable, type Selectable, sql, type Updateable } from 'kysely'
import type { Schema } from '../db/__generated__/schema.ts'
import type { Executor, Tx } from '../db/database.ts'

/** SQL of versions, and of the archives that they are made of. */

export interface VersionRow extends Selectable<Schema['template_versions']> {
  readonly sha256: Buffer
  readonly active: boolean
  readonly creator_id: Uuid | null
  readonly username: string | null
  readonly creator_name: string | null
  readonly avatar_url: string | null
}

const versions = (db: Executor) =>
  db
    .selectFrom('template_versions as v')
    .innerJoin('uploaded_files as f', 'f.id', 'v.file_id')
    .leftJoin('templates as t', 't.id', 'v.template_id')
    .leftJoin('users as u', 'u.id', 'v.created_by')
    .selectAll('v')
    .select(['f.sha256', 'u.id as creator_id', 'u.username', 'u.name as creator_name', 'u.avatar_url'])
    .select(sql<boolean>`coalesce(t.active_version_id = v.id, false)`.as('active'))

export const findVersion = (db: Executor, id: Uuid): Promise<VersionRow | undefined> =>
  versions(db).where('v.id', '=', id).executeTakeFirst()

export const findVersionByName = (db: Executor, templateId: Uuid, name: string): Promise<VersionRow | undefined> =>
  versions(db)
    .where('v.template_id', '=', templateId)
    .where(sql`lower(v.name)`, '=', name.toLowerCase())
    .executeTakeFirst()

export function selectVersions(
  db: Executor,
  templateId: Uuid,
  { archived, after, limit }: { readonly archived: boolean; readonly after: Uuid | null; readonly limit: number },
): Promise<VersionRow[]> {
  let found = versions(db).where('v.template_id', '=', templateId)
  if (!archived) found = found.where('v.archived_at', 'is', null)
  if (after !== null) found = found.where('v.id', '<', after)
  return found.orderBy('v.id', 'desc').limit(limit).execute()
}

export async function countVersions(tx: Tx, templateId: Uuid): Promise<number> {
  const { count } = await tx
    .selectFrom('template_versions')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('template_id', '=', templateId)
    .executeTakeFirstOrThrow()
  return Number(count)
}

export async function insertVersion(tx: Tx, row: Insertable<Schema['template_versions']>): Promise<void> {
  await tx.insertInto('template_versions').values(row).execute()
}

export async function updateVersionRow(
  tx: Tx,
  id: Uuid,
  change: Updateable<Schema['template_versions']>,
): Promise<void> {
  await tx.updateTable('template_versions').set(change).where('id', '=', id).execute()
}

/** Those that failed, or all but the active one. Gives their ids. */
export async function archiveUnused(tx: Tx, templateId: Uuid, all: boolean, at: Date): Promise<Uuid[]> {
  const { rows } = await sql<{ id: Uuid }>`
    update template_versions v set archived_at = ${at}, updated_at = ${at}
    from provisioner_jobs j
    where j.id = v.job_id and v.template_id = ${templateId} and v.archived_at is null
      and j.completed_at is not null and (${all} or j.status <> 'succeeded')
      and v.id <> (select active_version_id from templates where id = ${templateId})
    returning v.id`.execute(tx)
  return rows.map(({ id }) => id)
}

export const findVersionByJob = (db: Executor, jobId: Uuid): Promise<VersionRow | undefined> =>
  versions(db).where('v.job_id', '=', jobId).executeTakeFirst()

export type FileRow = Selectable<Schema['uploaded_files']>

/** The file, or the same one that this person uploaded before. */
export async function insertFile(db: Executor, row: Insertable<Schema['uploaded_files']>): Promise<Uuid> {
  const { id } = await db
    .insertInto('uploaded_files')
    .values(row)
    .onConflict((conflict) =>
      // Changes nothing; without it the id of the row that is there is not returned.
      conflict
        .columns(['created_by', 'sha256'])
        .doUpdateSet((of) => ({ content_type: of.ref('excluded.content_type') })),
    )
    .returning('id')
    .executeTakeFirstOrThrow()
  return id
}

export const findFile = (db: Executor, id: Uuid): Promise<FileRow | undefined> =>
  db.selectFrom('uploaded_files').selectAll().where('id', '=', id).executeTakeFirst()

/** The templates, or organizations of versions without one, that a file was pushed to. */
export const selectUsesOfFile = (
  db: Executor,
  fileId: Uuid,
): Promise<{ readonly template_id: Uuid | null; readonly organization_id: Uuid }[]> =>
  db
    .selectFrom('template_versions')
    .select(['template_id', 'organization_id'])
    .distinct()
    .where('file_id', '=', fileId)
    .execute()
