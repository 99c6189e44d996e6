import { z } from 'zod'
import { Id, Instant, MinimalUser, NoContent, pageLimit } from './common.ts'
import { endpoint, type Uploaded } from './endpoint.ts'
import { OrganizationRef } from './organizations.ts'
import { FollowQuery, LinesQuery, ProvisionerJob, ProvisionerJobLog } from './provisioner-jobs.ts'

/** A version of a template: an archive of Terraform, imported once, and never changed after that. */

const whole = z.number().int()
const tag = 'Templates'
/** As with templates: what else it takes is asked of the template, where its access list has a say. */
const orListed = 'template:read'

export const uploadFile = endpoint({
  name: 'uploadFile',
  method: 'POST',
  path: '/api/v2/files',
  summary: 'Upload the archive of a template: tar, tar.gz or zip',
  tag,
  permission: orListed,
  body: { parse: (value: unknown) => value as Uploaded },
  upload: { types: ['application/x-tar', 'application/gzip', 'application/zip'], bytesMax: 10 * 1024 * 1024 },
  status: 201,
  result: z.object({ hash: Id.describe('The id of the file.') }),
  faults: ['invalid', 'too_large'],
})

export const downloadFile = endpoint({
  name: 'downloadFile',
  method: 'GET',
  path: '/api/v2/files/:file',
  summary: 'The archive as it was uploaded',
  tag,
  permission: 'template:read',
  params: z.object({ file: Id }),
  answers: 'bytes',
  result: NoContent,
  faults: ['not_found'],
})

const VersionName = z
  .string()
  .regex(
    /^[a-zA-Z0-9]+(?:[_.-][a-zA-Z0-9]+)*$/,
    'letters and digits with single dots, hyphens or underscores in between',
  )
  .max(64)

export const TemplateVersion = z.object({
  id: Id,
  template_id: Id.nullable(),
  organization_id: Id,
  name: z.string(),
  message: z.string(),
  job: ProvisionerJob,
  readme: z.string(),
  sha256: z.string().describe('Of the archive.'),
  archived: z.boolean(),
  active: z.boolean(),
  dynamic_parameters: z
    .boolean()
    .describe('Whether what is asked for depends on who asks, or on what was answered: see dynamic-parameters.'),
  has_ai_task: z.boolean(),
  has_external_agent: z.boolean(),
  terraform_version: z.string(),
  created_at: Instant,
  updated_at: Instant,
  created_by: MinimalUser.nullable(),
})
export type TemplateVersion = z.infer<typeof TemplateVersion>

export const TemplateVersionParameter = z.object({
  name: z.string(),
  display_name: z.string(),
  description: z.string(),
  description_plaintext: z.string(),
  type: z.string(),
  form_type: z.string(),
  mutable: z.boolean(),
  ephemeral: z.boolean(),
  required: z.boolean(),
  default_value: z.string(),
  icon: z.string(),
  options: z.array(z.object({ name: z.string(), description: z.string(), value: z.string(), icon: z.string() })),
  validation_regex: z.string(),
  validation_error: z.string(),
  validation_min: z.number().nullable(),
  validation_max: z.number().nullable(),
  validation_monotonic: z.string(),
})
export type TemplateVersionParameter = z.infer<typeof TemplateVersionParameter>

export const TemplateVersionVariable = z.object({
  name: z.string(),
  description: z.string(),
  type: z.string(),
  value: z.string().describe('Empty where it is sensitive.'),
  default_value: z.string(),
  required: z.boolean(),
  sensitive: z.boolean(),
})
export type TemplateVersionVariable = z.infer<typeof TemplateVersionVariable>

export const TemplateVersionPreset = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  icon: z.string(),
  default: z.boolean(),
  parameters: z.array(z.object({ name: z.string(), value: z.string() })),
  desired_prebuild_instances: whole,
})

export const TemplateVersionResource = z.object({
  workspace_transition: z.enum(['start', 'stop']),
  address: z.string(),
  type: z.string(),
  name: z.string(),
  hide: z.boolean(),
  icon: z.string(),
  daily_cost: whole,
  metadata: z.array(z.object({ key: z.string(), value: z.string(), sensitive: z.boolean() })),
  agents: z.array(
    z.object({
      name: z.string(),
      operating_system: z.string(),
      architecture: z.string(),
      apps: z.array(z.object({ slug: z.string(), display_name: z.string(), icon: z.string(), url: z.string() })),
    }),
  ),
})

const byId = z.object({ version: Id })

export const createTemplateVersion = endpoint({
  name: 'createTemplateVersion',
  method: 'POST',
  path: '/api/v2/organizations/:organization/templateversions',
  summary: 'Import an archive as a version, of a template or of one that is to be made',
  tag,
  permission: orListed,
  params: z.object({ organization: OrganizationRef }),
  body: z.strictObject({
    name: VersionName.optional().describe('Without one it is numbered.'),
    message: z.string().max(1_024).optional(),
    template_id: Id.optional(),
    storage_method: z.literal('file').optional(),
    file_id: Id.optional().describe('What was uploaded.'),
    example_id: z.string().max(64).optional().describe('A starter, in place of a file.'),
    provisioner: z.literal('terraform').optional(),
    tags: z
      .record(z.string(), z.string())
      .optional()
      .describe('Taken, and not looked at: every server does every job.'),
    user_variable_values: z
      .array(z.object({ name: z.string().min(1).max(256), value: z.string().max(65_536) }))
      .max(500)
      .optional(),
  }),
  status: 201,
  result: TemplateVersion,
  faults: ['invalid', 'not_found', 'conflict'],
})

export const listTemplateVersions = endpoint({
  name: 'listTemplateVersions',
  method: 'GET',
  path: '/api/v2/templates/:template/versions',
  summary: 'The versions of a template, the latest first',
  tag,
  permission: 'template:read',
  params: z.object({ template: Id }),
  query: z.strictObject({
    include_archived: z.enum(['true', 'false']).optional(),
    after_id: Id.optional(),
    limit: pageLimit(100),
  }),
  result: z.array(TemplateVersion),
  faults: ['not_found'],
})

export const getTemplateVersionByName = endpoint({
  name: 'getTemplateVersionByName',
  method: 'GET',
  path: '/api/v2/templates/:template/versions/:name',
  summary: 'One version, by its name',
  tag,
  permission: 'template:read',
  params: z.object({ template: Id, name: z.string().min(1).max(64) }),
  result: TemplateVersion,
  faults: ['not_found'],
})

export const getTemplateVersion = endpoint({
  name: 'getTemplateVersion',
  method: 'GET',
  path: '/api/v2/templateversions/:version',
  summary: 'One version, and where its import stands',
  tag,
  permission: 'template:read',
  params: byId,
  result: TemplateVersion,
  faults: ['not_found'],
})

export const updateTemplateVersion = endpoint({
  name: 'updateTemplateVersion',
  method: 'PATCH',
  path: '/api/v2/templateversions/:version',
  summary: 'Change the name or the message of a version',
  tag,
  permission: orListed,
  params: byId,
  body: z.strictObject({ name: VersionName.optional(), message: z.string().max(1_024).optional() }),
  result: TemplateVersion,
  faults: ['invalid', 'not_found', 'conflict'],
})

const change = (name: string, path: string, summary: string) =>
  endpoint({
    name,
    method: path === 'cancel' ? 'PATCH' : 'POST',
    path: `/api/v2/templateversions/:version/${path}`,
    summary,
    tag,
    permission: orListed,
    params: byId,
    result: TemplateVersion,
    faults: ['not_found', 'conflict'],
  })

export const cancelTemplateVersion = change('cancelTemplateVersion', 'cancel', 'End an import that is under way')
export const archiveTemplateVersion = change(
  'archiveTemplateVersion',
  'archive',
  'Archive a version that is not active',
)
export const unarchiveTemplateVersion = change(
  'unarchiveTemplateVersion',
  'unarchive',
  'Take a version out of the archive',
)

const read = <T>(name: string, path: string, summary: string, result: z.ZodType<T>) =>
  endpoint({
    name,
    method: 'GET',
    path: `/api/v2/templateversions/:version/${path}`,
    summary,
    tag,
    permission: 'template:read',
    params: byId,
    result,
    faults: ['not_found'],
  })

export const listTemplateVersionParameters = read(
  'listTemplateVersionParameters',
  'rich-parameters',
  'What whoever makes a workspace of it chooses',
  z.array(TemplateVersionParameter),
)
export const listTemplateVersionVariables = read(
  'listTemplateVersionVariables',
  'variables',
  'What whoever pushed it set',
  z.array(TemplateVersionVariable),
)
export const listTemplateVersionPresets = read(
  'listTemplateVersionPresets',
  'presets',
  'Choices under one name',
  z.array(TemplateVersionPreset),
)
export const listTemplateVersionExternalAuth = read(
  'listTemplateVersionExternalAuth',
  'external-auth',
  'The linked accounts that a workspace of it needs',
  z.array(z.object({ id: z.string(), optional: z.boolean() })),
)
export const listTemplateVersionResources = read(
  'listTemplateVersionResources',
  'resources',
  'What a start and a stop of a workspace make',
  z.array(TemplateVersionResource),
)

export const TemplateVersionFile = z.object({
  path: z.string().describe('Below the folder of the template.'),
  bytes: whole,
  sha256: z.string(),
  executable: z.boolean(),
  text: z.string().nullable().describe('null: it is no text, or there is more of it than is shown.'),
})
export type TemplateVersionFile = z.infer<typeof TemplateVersionFile>

export const listTemplateVersionFiles = read(
  'listTemplateVersionFiles',
  'files',
  'The files of a version, by path, for those who may change the template',
  z.array(TemplateVersionFile),
)

export const listTemplateVersionLogs = endpoint({
  name: 'listTemplateVersionLogs',
  method: 'GET',
  path: '/api/v2/templateversions/:version/logs',
  summary: 'What the import said',
  tag,
  permission: 'template:read',
  params: byId,
  query: LinesQuery,
  result: z.array(ProvisionerJobLog),
  faults: ['not_found'],
})

export const followTemplateVersionLogs = endpoint({
  name: 'followTemplateVersionLogs',
  method: 'GET',
  path: '/api/v2/templateversions/:version/logs/stream',
  summary: 'What the import says, as it says it; ends with it',
  tag,
  permission: 'template:read',
  params: byId,
  query: FollowQuery,
  answers: 'events',
  result: ProvisionerJobLog,
  faults: ['not_found'],
})
