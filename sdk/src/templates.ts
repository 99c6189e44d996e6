import { z } from 'zod'
import { Id, Instant, MinimalUser, NoContent } from './common.ts'
import { endpoint } from './endpoint.ts'
import { OrganizationRef, Slug } from './organizations.ts'
import { PortShareLevel } from './workspace-ports.ts'

/** Templates: what workspaces and tasks are made of. Their source is Terraform, and each push of it is a version. */

const whole = z.number().int()
const DisplayName = z.string().max(64)
const Description = z.string().max(128)
const Icon = z.string().max(256)
const milliseconds = whole.min(0).max(315_360_000_000)

export const DayOfWeek = z.enum(['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'])
export type DayOfWeek = z.infer<typeof DayOfWeek>
const daysOfWeek = z.array(DayOfWeek).max(7)

const schedule = {
  default_ttl_ms: milliseconds.describe('After so long without activity a workspace stops; 0: never.'),
  activity_bump_ms: milliseconds.describe('By so much activity moves the stop.'),
  failure_ttl_ms: milliseconds.describe('After so long a workspace is stopped whose start failed; 0: never.'),
  dormant_ttl_ms: milliseconds.describe('After so long unused a workspace is dormant; 0: never.'),
  delete_ttl_ms: milliseconds.describe('After so long dormant a workspace is deleted; 0: never.'),
  autostart_requirement: z.strictObject({
    days_of_week: daysOfWeek.describe('The days on which workspaces may start by themselves.'),
  }),
  autostop_requirement: z.strictObject({
    days_of_week: daysOfWeek.describe('On these days running workspaces are stopped in the quiet hour, used or not.'),
    weeks: whole.min(1).max(16).describe('In every so many weeks.'),
  }),
  allow_user_cancel_workspace_jobs: z.boolean(),
  allow_user_autostart: z.boolean(),
  allow_user_autostop: z.boolean(),
  require_active_version: z.boolean(),
  max_port_share_level: PortShareLevel.describe('With whom owners may share ports of their workspaces at most.'),
}

export const Template = z.object({
  id: Id,
  organization_id: Id,
  organization_name: z.string(),
  organization_display_name: z.string(),
  name: z.string(),
  display_name: z.string(),
  description: z.string(),
  icon: z.string(),
  provisioner: z.literal('terraform'),
  active_version_id: Id,
  active_version_name: z.string(),
  ...schedule,
  deprecated: z.boolean(),
  deprecation_message: z.string(),
  everyone: z.boolean().describe('Whether every member with workspace access may use it; otherwise its access list.'),
  created_at: Instant,
  updated_at: Instant,
  created_by: MinimalUser.nullable(),
})
export type Template = z.infer<typeof Template>

const tag = 'Templates'
/**
 * Who may change a template may do so by a role or by its access list. Before the template is known only reading can be
 * asked for; the rest is asked of the template.
 */
const orListed = 'template:read'
const params = z.object({ template: Id })
const inOrganization = z.object({ organization: OrganizationRef })
const changeable = {
  display_name: DisplayName.optional(),
  description: Description.optional(),
  icon: Icon.optional(),
  default_ttl_ms: schedule.default_ttl_ms.optional(),
  activity_bump_ms: schedule.activity_bump_ms.optional(),
  failure_ttl_ms: schedule.failure_ttl_ms.optional(),
  dormant_ttl_ms: schedule.dormant_ttl_ms.optional(),
  delete_ttl_ms: schedule.delete_ttl_ms.optional(),
  autostart_requirement: schedule.autostart_requirement.optional(),
  autostop_requirement: schedule.autostop_requirement.optional(),
  allow_user_cancel_workspace_jobs: z.boolean().optional(),
  allow_user_autostart: z.boolean().optional(),
  allow_user_autostop: z.boolean().optional(),
  require_active_version: z.boolean().optional(),
  max_port_share_level: schedule.max_port_share_level.optional(),
}

export const listTemplates = endpoint({
  name: 'listTemplates',
  method: 'GET',
  path: '/api/v2/templates',
  summary: 'The templates that one may see, by name',
  tag,
  permission: 'template:read',
  result: z.array(Template),
})

export const listOrganizationTemplates = endpoint({
  name: 'listOrganizationTemplates',
  method: 'GET',
  path: '/api/v2/organizations/:organization/templates',
  summary: 'The templates of an organization that one may see, by name',
  tag,
  permission: 'template:read',
  params: inOrganization,
  result: z.array(Template),
  faults: ['not_found'],
})

export const createTemplate = endpoint({
  name: 'createTemplate',
  method: 'POST',
  path: '/api/v2/organizations/:organization/templates',
  summary: 'Make a template of a version that was imported',
  tag,
  permission: 'template:create',
  params: inOrganization,
  body: z.strictObject({
    name: Slug,
    template_version_id: Id,
    disable_everyone_group_access: z.boolean().optional(),
    ...changeable,
  }),
  status: 201,
  result: Template,
  faults: ['invalid', 'not_found', 'conflict'],
})

export const getTemplate = endpoint({
  name: 'getTemplate',
  method: 'GET',
  path: '/api/v2/templates/:template',
  summary: 'One template',
  tag,
  permission: 'template:read',
  params,
  result: Template,
  faults: ['not_found'],
})

export const getTemplateByName = endpoint({
  name: 'getTemplateByName',
  method: 'GET',
  path: '/api/v2/organizations/:organization/templates/:name',
  summary: 'One template, by its name',
  tag,
  permission: 'template:read',
  params: inOrganization.extend({ name: z.string().min(1).max(64) }),
  result: Template,
  faults: ['not_found'],
})

export const updateTemplate = endpoint({
  name: 'updateTemplate',
  method: 'PATCH',
  path: '/api/v2/templates/:template',
  summary: 'Change what is said of a template, and what holds for its workspaces',
  tag,
  permission: orListed,
  params,
  body: z.strictObject({
    name: Slug.optional(),
    deprecation_message: z.string().max(500).optional().describe('Not empty: no new workspaces are made of it.'),
    ...changeable,
  }),
  result: Template,
  faults: ['invalid', 'not_found', 'conflict'],
})

export const deleteTemplate = endpoint({
  name: 'deleteTemplate',
  method: 'DELETE',
  path: '/api/v2/templates/:template',
  summary: 'Delete a template; its versions stay on record',
  tag,
  permission: orListed,
  params,
  status: 204,
  result: NoContent,
  faults: ['not_found', 'conflict'],
})

export const promoteTemplateVersion = endpoint({
  name: 'promoteTemplateVersion',
  method: 'PATCH',
  path: '/api/v2/templates/:template/versions',
  summary: 'Make a version the one that new workspaces are made of',
  tag,
  permission: orListed,
  params,
  body: z.strictObject({ id: Id }),
  result: Template,
  faults: ['invalid', 'not_found', 'conflict'],
})

export const archiveTemplateVersions = endpoint({
  name: 'archiveTemplateVersions',
  method: 'POST',
  path: '/api/v2/templates/:template/versions/archive',
  summary: 'Archive the versions that failed, or all that are not active',
  tag,
  permission: orListed,
  params,
  body: z.strictObject({ all: z.boolean().default(false).describe('Also those that were imported.') }),
  result: z.object({ template_id: Id, archived_ids: z.array(Id) }),
  faults: ['not_found'],
})

const TemplateRole = z.enum(['use', 'admin'])
export const TemplateAcl = z.object({
  everyone: z.boolean(),
  users: z.array(MinimalUser.extend({ role: TemplateRole })),
  group: z.array(z.object({ id: Id, name: z.string(), display_name: z.string(), role: TemplateRole })),
})
export type TemplateAcl = z.infer<typeof TemplateAcl>

export const getTemplateAcl = endpoint({
  name: 'getTemplateAcl',
  method: 'GET',
  path: '/api/v2/templates/:template/acl',
  summary: 'Who may use a template beside those whose roles let them, and who administers it',
  tag,
  permission: orListed,
  params,
  result: TemplateAcl,
  faults: ['not_found'],
})

const perms = z.record(Id, z.enum(['', 'use', 'admin']).describe('Empty takes the entry off the list.'))

export const updateTemplateAcl = endpoint({
  name: 'updateTemplateAcl',
  method: 'PATCH',
  path: '/api/v2/templates/:template/acl',
  summary: 'Change the access list; the group with the id of the organization stands for everyone',
  tag,
  permission: orListed,
  params,
  body: z.strictObject({ user_perms: perms.optional(), group_perms: perms.optional() }),
  result: TemplateAcl,
  faults: ['invalid', 'not_found'],
})
