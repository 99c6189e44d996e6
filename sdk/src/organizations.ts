import { z } from 'zod'
import { Id, Instant, NoContent, UserRef } from './common.ts'
import { endpoint } from './endpoint.ts'

/** Names in paths and scripts: of organizations, groups and roles. */
export const Slug = z
  .string()
  .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, 'lower-case letters, digits and single hyphens between them')
  // Shorter than an id, so that no name is taken for one.
  .max(32)
export const OrganizationRef = z.string().min(1).max(64)
const DisplayName = z.string().max(128)
export const RoleNames = z.array(z.string().min(1).max(64)).max(64)
export const NamedRole = z.object({ name: z.string(), display_name: z.string() })

export const Organization = z.object({
  id: Id,
  name: z.string(),
  display_name: z.string(),
  description: z.string(),
  icon: z.string(),
  is_default: z.boolean(),
  default_member_roles: z
    .array(z.string())
    .describe('Roles that a new member gets. None of them is workspace access where members may use the bridge only.'),
  require_boundary: z.boolean().describe('Whether models are asked only from behind a boundary that runs.'),
  created_at: Instant,
  updated_at: Instant,
})
export type Organization = z.infer<typeof Organization>

export const OrganizationMember = z.object({
  user_id: Id,
  organization_id: Id,
  username: z.string(),
  name: z.string(),
  email: z.string(),
  avatar_url: z.string(),
  status: z.enum(['active', 'dormant', 'suspended']),
  login_type: z.string(),
  roles: z.array(NamedRole).describe('Held in this organization, beside organization-member, which all members have.'),
  global_roles: z.array(NamedRole),
  created_at: Instant.describe('When the membership began.'),
  updated_at: Instant,
})
export type OrganizationMember = z.infer<typeof OrganizationMember>

const params = z.object({ organization: OrganizationRef })
const memberParams = z.object({ organization: OrganizationRef, user: UserRef })

export const listOrganizations = endpoint({
  name: 'listOrganizations',
  method: 'GET',
  path: '/api/v2/organizations',
  summary: 'Organizations that the caller can see',
  tag: 'Organizations',
  permission: 'organization:read',
  result: z.array(Organization),
})

export const getOrganization = endpoint({
  name: 'getOrganization',
  method: 'GET',
  path: '/api/v2/organizations/:organization',
  summary: 'One organization, by id or name; `default` is the first',
  tag: 'Organizations',
  permission: 'organization:read',
  params,
  result: Organization,
  faults: ['not_found'],
})

export const createOrganization = endpoint({
  name: 'createOrganization',
  method: 'POST',
  path: '/api/v2/organizations',
  summary: 'Create an organization; it begins without members',
  tag: 'Organizations',
  permission: 'organization:create',
  body: z.strictObject({
    name: Slug,
    display_name: DisplayName.optional(),
    description: z.string().max(1024).optional(),
    icon: z.string().max(256).optional(),
    default_member_roles: RoleNames.optional(),
    require_boundary: z.boolean().optional(),
  }),
  status: 201,
  result: Organization,
  faults: ['invalid', 'conflict'],
})

export const updateOrganization = endpoint({
  name: 'updateOrganization',
  method: 'PATCH',
  path: '/api/v2/organizations/:organization',
  summary: 'Change an organization; what is left out stays',
  tag: 'Organizations',
  permission: 'organization:update',
  params,
  body: z.strictObject({
    name: Slug.optional(),
    display_name: DisplayName.optional(),
    description: z.string().max(1024).optional(),
    icon: z.string().max(256).optional(),
    default_member_roles: RoleNames.optional(),
    require_boundary: z.boolean().optional(),
  }),
  result: Organization,
  faults: ['invalid', 'forbidden', 'not_found', 'conflict'],
})

export const deleteOrganization = endpoint({
  name: 'deleteOrganization',
  method: 'DELETE',
  path: '/api/v2/organizations/:organization',
  summary: 'Delete an organization that has no members but the caller; what was recorded in it stays',
  tag: 'Organizations',
  permission: 'organization:delete',
  params,
  status: 204,
  result: NoContent,
  faults: ['not_found', 'conflict'],
})

export const listMembers = endpoint({
  name: 'listMembers',
  method: 'GET',
  path: '/api/v2/organizations/:organization/members',
  aliases: ['/api/v2/organizations/:organization/paginated-members'],
  summary: 'Members of an organization, by username',
  tag: 'Organizations',
  permission: 'organization_member:read',
  params,
  query: z.object({
    q: z.string().max(500).optional().describe('Text in username, e-mail or name; role:, status:.'),
    limit: z.coerce.number().int().min(1).max(1000).optional(),
    offset: z.coerce.number().int().min(0).optional(),
    after_id: Id.optional().describe('user_id of the last one seen.'),
  }),
  result: z.object({ members: z.array(OrganizationMember), count: z.number().int() }),
  faults: ['invalid', 'not_found'],
})

export const getMember = endpoint({
  name: 'getMember',
  method: 'GET',
  path: '/api/v2/organizations/:organization/members/:user',
  summary: 'One member of an organization',
  tag: 'Organizations',
  permission: 'organization_member:read',
  params: memberParams,
  result: OrganizationMember,
  faults: ['not_found'],
})

export const addMember = endpoint({
  name: 'addMember',
  method: 'POST',
  path: '/api/v2/organizations/:organization/members/:user',
  summary: 'Make somebody a member, with the default roles of the organization',
  tag: 'Organizations',
  permission: 'organization_member:create',
  params: memberParams,
  status: 201,
  result: OrganizationMember,
  faults: ['forbidden', 'not_found', 'conflict'],
})

export const removeMember = endpoint({
  name: 'removeMember',
  method: 'DELETE',
  path: '/api/v2/organizations/:organization/members/:user',
  summary: 'End a membership, with the roles and groups that came with it',
  tag: 'Organizations',
  permission: 'organization_member:delete',
  params: memberParams,
  status: 204,
  result: NoContent,
  faults: ['forbidden', 'not_found', 'conflict'],
})

export const setMemberRoles = endpoint({
  name: 'setMemberRoles',
  method: 'PUT',
  path: '/api/v2/organizations/:organization/members/:user/roles',
  summary: 'Set the roles that a member holds in the organization: all of them',
  tag: 'Organizations',
  permission: 'role:assign',
  params: memberParams,
  body: z.strictObject({ roles: RoleNames }),
  result: OrganizationMember,
  faults: ['invalid', 'forbidden', 'not_found'],
})
