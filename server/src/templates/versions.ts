import { Fault, type Uuid, uuidv7 } from '@reeve/base'
import type { ProvisionerJobLog, TemplateVersion, TemplateVersionFile } from '@reeve/sdk'
import type { Actor } from '../access/actor.ts'
import { allows } from '../access/policy.ts'
import { appendAudit } from '../audit/journal.ts'
import { isUniqueViolation } from '../db/failures.ts'
import { type Scope, signedIn } from '../http/implement.ts'
import { cancelJob, enqueueJob, followLines } from '../jobs/jobs.ts'
import { presentJobs, presentLine } from '../jobs/present.ts'
import { selectLines } from '../jobs/queries.ts'
import { contextOf } from '../keyring/keyring.ts'
import { archiveOf, findExample } from './examples.ts'
import { changesOf, versionChanged, versionPushed } from './events.ts'
import { keepFile, readSource } from './files.ts'
import { type Found, nothingFound } from './found.ts'
import { mayWithTemplate } from './policy.ts'
import { presentVersion } from './present.ts'
import { findTemplate, lockTemplate } from './queries.ts'
import type { Room } from './room.ts'
import { readableTemplate, templateFor } from './templates.ts'
import {
  archiveUnused,
  countVersions,
  findFile,
  findVersion,
  findVersionByName,
  insertVersion,
  selectVersions,
  updateVersionRow,
  type VersionRow,
} from './version-queries.ts'

/** Versions of templates: pushed, imported, looked at and put away. */

export const importJob = 'template_version_import'

const missing = (): Fault => new Fault('not_found', 'there is no such version')

/** A version without a template is for those who could make one of it. */
async function mayRead({ db }: Room, actor: Actor, row: VersionRow, permission: 'template:read' | 'template:update') {
  if (row.template_id === null) return allows(actor, 'template:create', { organizationId: row.organization_id })
  const template = await findTemplate(db.sql, row.template_id)
  return template !== undefined && mayWithTemplate(actor, permission, template)
}

export async function readableVersion(room: Room, actor: Actor, id: Uuid): Promise<VersionRow> {
  const row = await findVersion(room.db.sql, id)
  if (row === undefined || !(await mayRead(room, actor, row, 'template:read'))) throw missing()
  return row
}

async function changeableVersion(room: Room, actor: Actor, id: Uuid): Promise<VersionRow> {
  const row = await readableVersion(room, actor, id)
  if (await mayRead(room, actor, row, 'template:update')) return row
  throw new Fault('forbidden', 'this credential may not do that', {
    fix: 'needs the permission template:update there, from a role, the access list, and the scope of the token',
  })
}

export async function presentVersions(room: Room, rows: readonly VersionRow[]): Promise<TemplateVersion[]> {
  const jobs = await presentJobs(
    room.db.sql,
    rows.map(({ job_id: id }) => id),
  )
  return rows.flatMap((row) => {
    const job = jobs.get(row.job_id)
    return job === undefined ? [] : [presentVersion(row, job)]
  })
}

export async function presentOne(room: Room, row: VersionRow | undefined): Promise<TemplateVersion> {
  const [shown] = row === undefined ? [] : await presentVersions(room, [row])
  if (row === undefined || shown === undefined) throw missing()
  // The row was read before the job: where that ended in between, the row does not have yet what it found.
  const hasChanged = shown.job.completed_at !== null && new Date(shown.job.completed_at) > row.updated_at
  const again = hasChanged ? await findVersion(room.db.sql, row.id) : undefined
  return again === undefined ? shown : presentVersion(again, shown.job)
}

interface NewVersion {
  readonly name?: string | undefined
  readonly message?: string | undefined
  readonly template_id?: string | undefined
  readonly file_id?: string | undefined
  readonly example_id?: string | undefined
  readonly user_variable_values?: readonly { readonly name: string; readonly value: string }[] | undefined
}

export async function pushVersion(room: Room, scope: Scope, ref: string, given: NewVersion): Promise<TemplateVersion> {
  const { db, clock, keyring } = room
  const actor = signedIn(scope)
  const organization = await room.organizationOf(actor, ref, 'organization:read')
  const template =
    given.template_id === undefined ? null : await templateFor(room, actor, given.template_id, 'template:update')
  if (template === null && !allows(actor, 'template:create', { organizationId: organization.id })) {
    throw new Fault('forbidden', 'this credential may not make templates in this organization')
  }
  if (template !== null && template.organization_id !== organization.id) {
    throw invalid('template_id', 'is a template of another organization')
  }
  const file = await findFile(db.sql, await fileIdOf(room, scope, given))
  if (file === undefined || file.created_by !== actor.userId) throw invalid('file_id', 'is no file that you uploaded')
  const now = clock.now()
  const id = uuidv7(now)
  const values = given.user_variable_values ?? []
  const twice = values.find(({ name }, index) => values.findIndex((other) => other.name === name) < index)
  if (twice !== undefined) throw invalid('user_variable_values', `has ${twice.name} twice`)
  const sealed = values.length === 0 ? null : keyring.seal(JSON.stringify(values), sealedVariablesContext(id))
  const work = db.transaction(async (tx) => {
    if (template !== null && (await lockTemplate(tx, template.id)) === undefined) throw missing()
    const name = given.name ?? (template === null ? 'v1' : `v${(await countVersions(tx, template.id)) + 1}`)
    const jobId = await enqueueJob(tx, {
      type: importJob,
      organizationId: organization.id,
      initiatorId: actor.userId,
      fileId: file.id,
      input: { template_version_id: id },
      now,
    })
    const row = {
      id,
      template_id: template?.id ?? null,
      organization_id: organization.id,
      name,
      message: given.message ?? '',
      file_id: file.id,
      job_id: jobId,
      sealed_variables: sealed,
      created_by: actor.userId,
      created_at: now,
      updated_at: now,
    }
    await insertVersion(tx, row)
    const set = values.map((value) => value.name)
    await appendAudit(tx, { scope, at: now, ...versionPushed(row, file.sha256, set) })
  })
  await work.catch(refuseTakenName)
  return presentOne(room, await findVersion(db.sql, id))
}

/** A starter becomes a file of whoever pushes it: what was pushed can be had again when there are other starters. */
async function fileIdOf(room: Room, scope: Scope, { file_id: file, example_id: example }: NewVersion): Promise<Uuid> {
  if (file !== undefined && example === undefined) return file
  if (file !== undefined || example === undefined) throw invalid('file_id', 'or example_id is needed: one of the two')
  const bytes = await archiveOf(await findExample(example))
  const { hash } = await keepFile(room, scope, { type: 'application/x-tar', bytes })
  return hash
}

export const sealedVariablesContext = (id: Uuid): string => contextOf('template_versions', 'sealed_variables', id)

const invalid = (field: string, detail: string): Fault =>
  new Fault('invalid', 'the version cannot be made', { problems: [{ field, detail }] })

function refuseTakenName(thrown: unknown): never {
  if (!isUniqueViolation(thrown, 'template_versions_name')) throw thrown
  throw new Fault('conflict', 'the template has a version of this name already', { fix: 'give it another name' })
}

export async function listVersions(
  room: Room,
  actor: Actor,
  templateId: Uuid,
  query: {
    readonly include_archived?: string | undefined
    readonly after_id?: string | undefined
    readonly limit?: number | undefined
  },
): Promise<TemplateVersion[]> {
  const { id } = await readableTemplate(room, actor, templateId)
  const { include_archived: archived, after_id: after = null, limit = 25 } = query
  return presentVersions(room, await selectVersions(room.db.sql, id, { archived: archived === 'true', after, limit }))
}

export async function versionByName(
  room: Room,
  actor: Actor,
  templateId: Uuid,
  name: string,
): Promise<TemplateVersion> {
  const { id } = await readableTemplate(room, actor, templateId)
  return presentOne(room, await findVersionByName(room.db.sql, id, name))
}

export async function renameVersion(
  room: Room,
  scope: Scope,
  id: Uuid,
  given: { readonly name?: string | undefined; readonly message?: string | undefined },
): Promise<TemplateVersion> {
  const { db, clock } = room
  const row = await changeableVersion(room, signedIn(scope), id)
  const change = {
    ...(given.name === undefined ? {} : { name: given.name }),
    ...(given.message === undefined ? {} : { message: given.message }),
  }
  const diff = changesOf({ name: row.name, message: row.message }, change)
  const now = clock.now()
  const work = db.transaction(async (tx) => {
    if (Object.keys(diff).length === 0) return
    await updateVersionRow(tx, id, { ...change, updated_at: now })
    await appendAudit(tx, { scope, at: now, ...versionChanged(row, diff) })
  })
  await work.catch(refuseTakenName)
  return presentOne(room, await findVersion(db.sql, id))
}

export async function cancelImport(room: Room, scope: Scope, id: Uuid): Promise<TemplateVersion> {
  const { db, clock } = room
  const row = await changeableVersion(room, signedIn(scope), id)
  const now = clock.now()
  await db.transaction(async (tx) => {
    await cancelJob(tx, row.job_id, now)
    const diff = { import: { old: 'running', new: 'canceled' } }
    await appendAudit(tx, { scope, at: now, ...versionChanged(row, diff) })
  })
  return presentOne(room, await findVersion(db.sql, id))
}

export async function archiveVersion(room: Room, scope: Scope, id: Uuid, archived: boolean): Promise<TemplateVersion> {
  const { db, clock } = room
  const seen = await changeableVersion(room, signedIn(scope), id)
  const now = clock.now()
  await db.transaction(async (tx) => {
    // The template first: whoever makes a version active holds it.
    if (seen.template_id !== null) await lockTemplate(tx, seen.template_id)
    const row = await findVersion(tx, id)
    if (row === undefined) throw missing()
    if ((row.archived_at !== null) === archived) return
    if (row.active) throw new Fault('conflict', 'this is the active version', { fix: 'make another one active first' })
    await updateVersionRow(tx, id, { archived_at: archived ? now : null, updated_at: now })
    await appendAudit(tx, { scope, at: now, ...versionChanged(row, { archived: { old: !archived, new: archived } }) })
  })
  return presentOne(room, await findVersion(db.sql, id))
}

export async function archiveVersions(room: Room, scope: Scope, templateId: Uuid, all: boolean): Promise<Uuid[]> {
  const { db, clock } = room
  const template = await templateFor(room, signedIn(scope), templateId, 'template:update')
  const now = clock.now()
  return db.transaction(async (tx) => {
    await lockTemplate(tx, template.id)
    const ids = await archiveUnused(tx, template.id, all, now)
    for (const id of ids) {
      const row = await findVersion(tx, id)
      if (row === undefined) continue
      await appendAudit(tx, { scope, at: now, ...versionChanged(row, { archived: { old: false, new: true } }) })
    }
    return ids
  })
}

export async function foundIn(room: Room, actor: Actor, id: Uuid): Promise<Found> {
  const { found } = await readableVersion(room, actor, id)
  // SAFETY: the column is written by the import alone, from this type.
  return found === null ? nothingFound : (found as unknown as Found)
}

/** Sources hold what templates hide from those who use them. */
export async function versionFiles(room: Room, actor: Actor, id: Uuid): Promise<TemplateVersionFile[]> {
  return readSource(room, (await changeableVersion(room, actor, id)).file_id)
}

const linesMax = 10_000

export async function versionLog(
  room: Room,
  actor: Actor,
  id: Uuid,
  { after = 0, before }: { readonly after?: number | undefined; readonly before?: number | undefined },
): Promise<ProvisionerJobLog[]> {
  const { job_id: jobId } = await readableVersion(room, actor, id)
  return (await selectLines(room.db.sql, jobId, { after, before: before ?? null, limit: linesMax })).map(presentLine)
}

export async function followVersionLog(
  room: Room,
  scope: Scope,
  id: Uuid,
  after: number,
): Promise<AsyncIterable<ProvisionerJobLog>> {
  const { job_id: jobId } = await readableVersion(room, signedIn(scope), id)
  const lines = followLines(room, jobId, after, scope.signal)
  return (async function* () {
    for await (const line of lines) yield presentLine(line)
  })()
}
