import { createHash } from 'node:crypto'
import { systemClock, type Uuid, uuidv7 } from '@reeve/base'
import type { AccessObject } from '../access/policy.ts'
import { tarOf } from '../templates/testing.ts'
import { check, type Entry, gate, type Place, reached } from './matrix-entry.ts'
import type { MatrixWorld } from './matrix-world.ts'

/** The routes of templates: rows that stand in the tables, each imported from a file of its holder's. */

const freshId = (): Uuid => uuidv7(systemClock.now())

async function fileOf({ world, holder }: Place): Promise<Uuid> {
  const id = freshId()
  const content = await tarOf({ 'main.tf': `# ${id}` })
  const sha256 = createHash('sha256').update(content).digest()
  const row = { id, sha256, content_type: 'application/x-tar', content, created_by: holder.id }
  await world.db.sql
    .insertInto('uploaded_files')
    .values({ ...row, created_at: systemClock.now() })
    .execute()
  return id
}

interface Made {
  readonly templateId: Uuid
  readonly versionId: Uuid
}

/** A version whose import went well; of a template, or waiting for one. */
async function versionOf(place: Place, templateId: Uuid | null = null): Promise<Uuid> {
  const { db } = place.world
  const [id, jobId, fileId, now] = [freshId(), freshId(), await fileOf(place), systemClock.now()]
  const job = { id: jobId, type: 'template_version_import', organization_id: place.organizationId, file_id: fileId }
  await db.sql
    .insertInto('provisioner_jobs')
    .values({ ...job, input: '{}', created_at: now, updated_at: now, started_at: now, completed_at: now })
    .execute()
  const version = { id, template_id: templateId, organization_id: place.organizationId, name: place.world.unique('v') }
  const rest = { message: '', file_id: fileId, job_id: jobId, created_by: place.holder.id }
  await db.sql
    .insertInto('template_versions')
    .values({ ...version, ...rest, created_at: now, updated_at: now })
    .execute()
  return id
}

export async function templateOf(place: Place): Promise<Made> {
  const { db } = place.world
  const [templateId, versionId, now] = [freshId(), await versionOf(place), systemClock.now()]
  const row = { id: templateId, organization_id: place.organizationId, name: place.world.unique('template') }
  const words = { display_name: '', description: '', icon: '', created_by: place.holder.id }
  await db.sql
    .insertInto('templates')
    .values({ ...row, ...words, active_version_id: versionId, created_at: now, updated_at: now })
    .execute()
  await db.sql.updateTable('template_versions').set({ template_id: templateId }).where('id', '=', versionId).execute()
  return { templateId, versionId }
}

const templates = new WeakMap<MatrixWorld, Map<string, Promise<Made>>>()

/**
 * One that is made once for whoever holds things of it: a list of templates shows a thousand, and these tests make more
 * workspaces than that.
 */
export function heldTemplateOf(place: Place): Promise<Made> {
  const { world, holder, organizationId } = place
  const made = templates.get(world) ?? new Map<string, Promise<Made>>()
  templates.set(world, made)
  const name = `${holder.id} ${organizationId}`
  const found = made.get(name) ?? templateOf(place)
  made.set(name, found)
  return found
}

export const objectOf = (id: Uuid, { organizationId }: Place): AccessObject => ({ id, organizationId })
const inOrganization = ({ organizationId }: Place) => ({ organizationId })
const belongs = (place: Place) => check('organization:read', objectOf(place.organizationId, place), 404)

const template =
  (needs: 'template:read' | 'template:update' | 'template:delete', more: { readonly body?: unknown } = {}): Entry =>
  async (place) => {
    const { templateId } = await templateOf(place)
    const object = objectOf(templateId, place)
    const checks = needs === 'template:read' ? [check(needs, object, 404)] : reached('template:read', needs, object)
    return { params: { template: templateId }, checks, ...more }
  }

const version =
  (
    needs: 'template:read' | 'template:update',
    more: { readonly body?: unknown; readonly answers?: number; readonly idle?: boolean } = {},
  ): Entry =>
  async (place) => {
    const { templateId, versionId } = await templateOf(place)
    const id = more.idle === true ? await versionOf(place, templateId) : versionId
    const object = objectOf(templateId, place)
    const checks = needs === 'template:read' ? [check(needs, object, 404)] : reached('template:read', needs, object)
    const { body, answers } = more
    return {
      params: { version: id },
      checks,
      ...(body === undefined ? {} : { body }),
      ...(answers === undefined ? {} : { answers }),
    }
  }

/** What a plan that its asker began says; anybody else's is seen by those who may change the template. */
const dryRun =
  (answers?: number): Entry =>
  async (place) => {
    const { db } = place.world
    const { templateId, versionId } = await templateOf(place)
    const [id, now] = [freshId(), systemClock.now()]
    const job = { id, type: 'template_version_dry_run', organization_id: place.organizationId, input: '{}' }
    await db.sql
      .insertInto('provisioner_jobs')
      .values({ ...job, initiator_id: place.asker.person.id, created_at: now, updated_at: now, completed_at: now })
      .execute()
    const row = { job_id: id, template_version_id: versionId, owner_id: place.asker.person.id }
    await db.sql
      .insertInto('template_dry_runs')
      .values({ ...row, workspace_name: 'dry-run', parameters: '{}' })
      .execute()
    return {
      params: { version: versionId, job: id },
      checks: [check('template:read', objectOf(templateId, place), 404)],
      ...(answers === undefined ? {} : { answers }),
    }
  }

const planned = (body: unknown, answers?: number): Entry => {
  return async (place) => {
    const { templateId, versionId } = await templateOf(place)
    return {
      params: { version: versionId },
      body,
      checks: reached('template:read', 'template:use', objectOf(templateId, place)),
      ...(answers === undefined ? {} : { answers }),
    }
  }
}

export const templateEntries = {
  // The matrix speaks JSON, and archives are taken as they are.
  uploadFile: gate({ body: {}, answers: 415 }),
  downloadFile: async (place) => {
    const isOwner = place.holder.id === place.asker.person.id
    return { params: { file: await fileOf(place) }, checks: [{ passes: () => isOwner, otherwise: 404 as const }] }
  },
  listTemplates: async (place) => {
    const { templateId } = await templateOf(place)
    const known = [{ id: templateId, permission: 'template:read' as const, object: objectOf(templateId, place) }]
    // SAFETY: a list of templates.
    return { list: { ids: (json) => (json as { id: string }[]).map(({ id }) => id), known } }
  },
  listTemplateExamples: gate(),
  getTemplateExample: gate({ params: { example: 'local' } }),
  listOrganizationTemplates: (place) => ({
    params: { organization: place.organizationId },
    checks: [belongs(place)],
  }),
  createTemplate: async (place) => ({
    params: { organization: place.organizationId },
    body: { name: place.world.unique('made'), template_version_id: await versionOf(place) },
    checks: [...reached('organization:read', 'template:create', inOrganization(place))],
  }),
  getTemplate: template('template:read'),
  getTemplateByName: async (place) => {
    const { templateId } = await templateOf(place)
    const { name } = await place.world.db.sql
      .selectFrom('templates')
      .select('name')
      .where('id', '=', templateId)
      .executeTakeFirstOrThrow()
    return {
      params: { organization: place.organizationId, name },
      checks: [belongs(place), check('template:read', objectOf(templateId, place), 404)],
    }
  },
  updateTemplate: template('template:update', { body: { description: 'changed' } }),
  deleteTemplate: template('template:delete'),
  promoteTemplateVersion: async (place) => {
    const { templateId } = await templateOf(place)
    const object = objectOf(templateId, place)
    return {
      params: { template: templateId },
      body: { id: await versionOf(place, templateId) },
      checks: reached('template:read', 'template:update', object),
    }
  },
  archiveTemplateVersions: template('template:update', { body: {} }),
  getTemplateAcl: template('template:update'),
  updateTemplateAcl: template('template:update', { body: {} }),
  createTemplateVersion: async (place) => {
    const isOwner = place.holder.id === place.asker.person.id
    return {
      params: { organization: place.organizationId },
      body: { file_id: await fileOf(place) },
      checks: [belongs(place), check('template:create', inOrganization(place), 403)],
      ...(isOwner ? {} : { answers: 400 }),
    }
  },
  listTemplateVersions: template('template:read'),
  getTemplateVersionByName: async (place) => {
    const { templateId, versionId } = await templateOf(place)
    const { name } = await place.world.db.sql
      .selectFrom('template_versions')
      .select('name')
      .where('id', '=', versionId)
      .executeTakeFirstOrThrow()
    return {
      params: { template: templateId, name },
      checks: [check('template:read', objectOf(templateId, place), 404)],
    }
  },
  getTemplateVersion: version('template:read'),
  updateTemplateVersion: version('template:update', { body: { message: 'changed' } }),
  cancelTemplateVersion: version('template:update', { answers: 409 }),
  archiveTemplateVersion: version('template:update', { idle: true }),
  unarchiveTemplateVersion: version('template:update', { idle: true }),
  listTemplateVersionParameters: version('template:read'),
  listTemplateVersionVariables: version('template:read'),
  listTemplateVersionPresets: version('template:read'),
  listTemplateVersionExternalAuth: version('template:read'),
  listTemplateVersionResources: version('template:read'),
  listTemplateVersionFiles: version('template:update'),
  listTemplateVersionLogs: version('template:read'),
  followTemplateVersionLogs: version('template:read'),
  createTemplateDryRun: planned({}),
  getTemplateDryRun: dryRun(),
  listTemplateDryRunResources: dryRun(),
  getTemplateDryRunProvisioners: dryRun(),
  listTemplateDryRunLogs: dryRun(),
  followTemplateDryRunLogs: dryRun(),
  cancelTemplateDryRun: dryRun(409),
  // Nobody is there to make it: whoever may ask is told that this person is not one of theirs.
  evaluateTemplateParameters: planned({ inputs: {}, owner_id: freshId() }, 404),
} satisfies Record<string, Entry>
