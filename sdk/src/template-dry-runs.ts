import { z } from 'zod'
import { Id } from './common.ts'
import { endpoint } from './endpoint.ts'
import { FollowQuery, LinesQuery, ProvisionerJob, ProvisionerJobLog } from './provisioner-jobs.ts'
import { TemplateVersionResource } from './template-versions.ts'

/** What a version would make of certain values: all of it as a job, or only the form, as fast as somebody types. */

const tag = 'Templates'
const value = z.string().max(65_536)
const named = z.array(z.strictObject({ name: z.string().min(1).max(256), value })).max(500)
const byJob = z.object({ version: Id, job: Id })
const readPermission = 'template:read'

export const createTemplateDryRun = endpoint({
  name: 'createTemplateDryRun',
  method: 'POST',
  path: '/api/v2/templateversions/:version/dry-run',
  summary: 'Plan a workspace of a version without making one',
  tag,
  permission: readPermission,
  params: z.object({ version: Id }),
  body: z.strictObject({
    workspace_name: z.string().min(1).max(32).optional(),
    rich_parameter_values: named.optional(),
    user_variable_values: named
      .optional()
      .describe('In place of those that were pushed; for those who may change the template.'),
  }),
  status: 201,
  result: ProvisionerJob,
  faults: ['invalid', 'not_found', 'conflict'],
})

export const getTemplateDryRun = endpoint({
  name: 'getTemplateDryRun',
  method: 'GET',
  path: '/api/v2/templateversions/:version/dry-run/:job',
  summary: 'Where a dry run stands',
  tag,
  permission: readPermission,
  params: byJob,
  result: ProvisionerJob,
  faults: ['not_found'],
})

export const listTemplateDryRunResources = endpoint({
  name: 'listTemplateDryRunResources',
  method: 'GET',
  path: '/api/v2/templateversions/:version/dry-run/:job/resources',
  summary: 'What it would make',
  tag,
  permission: readPermission,
  params: byJob,
  result: z.array(TemplateVersionResource),
  faults: ['not_found', 'conflict'],
})

export const getTemplateDryRunProvisioners = endpoint({
  name: 'getTemplateDryRunProvisioners',
  method: 'GET',
  path: '/api/v2/templateversions/:version/dry-run/:job/matched-provisioners',
  summary: 'Whether there is somebody to do it',
  tag,
  permission: readPermission,
  params: byJob,
  result: z.object({
    count: z.number().int().describe('Every server does every job, and is not told from the others here: 1.'),
    available: z.number().int(),
    most_recently_seen: z.null(),
  }),
  faults: ['not_found'],
})

export const listTemplateDryRunLogs = endpoint({
  name: 'listTemplateDryRunLogs',
  method: 'GET',
  path: '/api/v2/templateversions/:version/dry-run/:job/logs',
  summary: 'What a dry run said',
  tag,
  permission: readPermission,
  params: byJob,
  query: LinesQuery,
  result: z.array(ProvisionerJobLog),
  faults: ['not_found'],
})

export const followTemplateDryRunLogs = endpoint({
  name: 'followTemplateDryRunLogs',
  method: 'GET',
  path: '/api/v2/templateversions/:version/dry-run/:job/logs/stream',
  summary: 'What a dry run says, as it says it; ends with it',
  tag,
  permission: readPermission,
  params: byJob,
  query: FollowQuery,
  answers: 'events',
  result: ProvisionerJobLog,
  faults: ['not_found'],
})

export const cancelTemplateDryRun = endpoint({
  name: 'cancelTemplateDryRun',
  method: 'PATCH',
  path: '/api/v2/templateversions/:version/dry-run/:job/cancel',
  summary: 'End a dry run that is under way',
  tag,
  permission: readPermission,
  params: byJob,
  result: ProvisionerJob,
  faults: ['not_found', 'conflict'],
})

/** A text, and whether it is a good one. */
const Checked = z.object({ value: z.string(), valid: z.boolean() })

export const FormDiagnostic = z.object({
  severity: z.enum(['error', 'warning']),
  summary: z.string(),
  detail: z.string(),
  extra: z.object({ code: z.string() }),
})
export type FormDiagnostic = z.infer<typeof FormDiagnostic>

/** A parameter as it is with these values: which options there are may depend on what others were chosen to be. */
export const FormParameter = z.object({
  name: z.string(),
  display_name: z.string(),
  description: z.string(),
  type: z.string(),
  form_type: z.string(),
  styling: z.object({
    placeholder: z.string().optional(),
    disabled: z.boolean().optional(),
    label: z.string().optional(),
    mask_input: z.boolean().optional(),
  }),
  mutable: z.boolean(),
  ephemeral: z.boolean(),
  required: z.boolean(),
  order: z.number().int(),
  icon: z.string(),
  default_value: Checked,
  options: z.array(z.object({ name: z.string(), description: z.string(), value: Checked, icon: z.string() })),
  validations: z.array(
    z.object({
      validation_error: z.string(),
      validation_regex: z.string().nullable(),
      validation_min: z.number().nullable(),
      validation_max: z.number().nullable(),
      validation_monotonic: z.string().nullable(),
    }),
  ),
  value: Checked.describe('What a build would go by; not valid: what was given is none of it.'),
  diagnostics: z.array(FormDiagnostic),
})
export type FormParameter = z.infer<typeof FormParameter>

export const DynamicParameters = z.object({
  id: z.number().int().describe('Of the question.'),
  diagnostics: z.array(FormDiagnostic),
  parameters: z.array(FormParameter),
})
export type DynamicParameters = z.infer<typeof DynamicParameters>

export const FormQuestion = z.strictObject({
  id: z.number().int().default(0).describe('Comes back with the answer.'),
  inputs: z.record(z.string().max(256), value),
  owner_id: Id.optional().describe('Whose workspace it is to be; without one, yours.'),
})

export const evaluateTemplateParameters = endpoint({
  name: 'evaluateTemplateParameters',
  method: 'POST',
  path: '/api/v2/templateversions/:version/dynamic-parameters/evaluate',
  summary: 'The form of a version with these values in it',
  tag,
  permission: readPermission,
  params: z.object({ version: Id }),
  body: FormQuestion,
  result: DynamicParameters,
  faults: ['invalid', 'not_found', 'conflict', 'unavailable', 'timeout'],
})
