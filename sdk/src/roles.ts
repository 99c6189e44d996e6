import { z } from 'zod'
import { Id, NoContent, UserRef } from './common.ts'
import { endpoint } from './endpoint.ts'
import { OrganizationRef, RoleNames, Slug } from './organizations.ts'
import { grantables, resources } from './permissions.ts'
import { User } from './users.ts'

/** One permission of a role on the wire. */
export const RolePermission = z.object({
  negate: z.boolean(),
  resource_type: z.enum(resources),
  action: z.string(),
})
export type RolePermission = z.infer<typeof RolePermission>

export const Role = z.object({
  name: z.string(),
  display_name: z.string(),
  description: z.string(),
  organization_id: Id.nullable().describe('Null for a role that is held everywhere.'),
  level: z.enum(['site', 'organization']),
  site_permissions: z.array(RolePermission),
  organization_permissions: z.array(RolePermission),
  user_permissions: z.array(RolePermission).describe('For the holder’s own objects.'),
  built_in: z.boolean(),
  implied: z.boolean().describe('Everybody holds it, and nobody is given it.'),
  assignable: z.boolean().describe('Whether the caller may give and take it.'),
  missing: z.array(z.enum(grantables)).describe('What the caller lacks to give it.'),
})
export type Role = z.infer<typeof Role>

const organizationParams = z.object({ organization: OrganizationRef })
const Wanted = z
  .array(
    z.strictObject({
      negate: z.boolean().optional().describe('Only false: roles add up, and none takes away.'),
      resource_type: z.string().max(64),
      action: z.string().max(64).describe('* stands for every action.'),
    }),
  )
  .max(200)

const RoleBody = z.strictObject({
  name: Slug,
  display_name: z.string().max(128).optional(),
  description: z.string().max(1024).optional(),
  site_permissions: Wanted.optional().describe('Of a site role only.'),
  organization_permissions: Wanted.optional().describe('Of an organization’s role only.'),
  user_permissions: Wanted.optional(),
})

export const listSiteRoles = endpoint({
  name: 'listSiteRoles',
  method: 'GET',
  path: '/api/v2/users/roles',
  summary: 'Roles that are held everywhere, what is in them, and whether the caller may give them',
  tag: 'Roles',
  permission: 'role:read',
  result: z.array(Role),
})

export const createSiteRole = endpoint({
  name: 'createSiteRole',
  method: 'POST',
  path: '/api/v2/users/roles',
  summary: 'Create a custom role that is held everywhere',
  tag: 'Roles',
  permission: 'role:create',
  body: RoleBody,
  status: 201,
  result: Role,
  faults: ['invalid', 'forbidden', 'conflict'],
})

export const updateSiteRole = endpoint({
  name: 'updateSiteRole',
  method: 'PUT',
  path: '/api/v2/users/roles',
  summary: 'Replace what is in a custom role; its holders have it at once',
  tag: 'Roles',
  permission: 'role:update',
  body: RoleBody,
  result: Role,
  faults: ['invalid', 'forbidden', 'not_found'],
})

export const deleteSiteRole = endpoint({
  name: 'deleteSiteRole',
  method: 'DELETE',
  path: '/api/v2/users/roles/:role',
  summary: 'Delete a custom role and take it from everybody who holds it',
  tag: 'Roles',
  permission: 'role:delete',
  params: z.object({ role: Slug }),
  status: 204,
  result: NoContent,
  faults: ['forbidden', 'not_found'],
})

export const listOrganizationRoles = endpoint({
  name: 'listOrganizationRoles',
  method: 'GET',
  path: '/api/v2/organizations/:organization/members/roles',
  summary: 'Roles of an organization, what is in them, and whether the caller may give them',
  tag: 'Roles',
  permission: 'role:read',
  params: organizationParams,
  result: z.array(Role),
  faults: ['not_found'],
})

export const createOrganizationRole = endpoint({
  name: 'createOrganizationRole',
  method: 'POST',
  path: '/api/v2/organizations/:organization/members/roles',
  summary: 'Create a custom role of an organization',
  tag: 'Roles',
  permission: 'role:create',
  params: organizationParams,
  body: RoleBody,
  status: 201,
  result: Role,
  faults: ['invalid', 'forbidden', 'not_found', 'conflict'],
})

export const updateOrganizationRole = endpoint({
  name: 'updateOrganizationRole',
  method: 'PUT',
  path: '/api/v2/organizations/:organization/members/roles',
  summary: 'Replace what is in a custom role of an organization; its holders have it at once',
  tag: 'Roles',
  permission: 'role:update',
  params: organizationParams,
  body: RoleBody,
  result: Role,
  faults: ['invalid', 'forbidden', 'not_found'],
})

export const deleteOrganizationRole = endpoint({
  name: 'deleteOrganizationRole',
  method: 'DELETE',
  path: '/api/v2/organizations/:organization/members/roles/:role',
  summary: 'Delete a custom role of an organization and take it from everybody who holds it',
  tag: 'Roles',
  permission: 'role:delete',
  params: z.object({ organization: OrganizationRef, role: Slug }),
  status: 204,
  result: NoContent,
  faults: ['forbidden', 'not_found'],
})

export const getUserRoles = endpoint({
  name: 'getUserRoles',
  method: 'GET',
  path: '/api/v2/users/:user/roles',
  summary: 'Roles of a user: everywhere, and in each organization that the caller may look into',
  tag: 'Roles',
  permission: 'signed_in',
  params: z.object({ user: UserRef }),
  result: z.object({ roles: z.array(z.string()), organization_roles: z.record(Id, z.array(z.string())) }),
  faults: ['not_found'],
})

export const setUserRoles = endpoint({
  name: 'setUserRoles',
  method: 'PUT',
  path: '/api/v2/users/:user/roles',
  summary: 'Set the roles that a user holds everywhere: all of them',
  tag: 'Roles',
  permission: 'role:assign',
  params: z.object({ user: UserRef }),
  body: z.strictObject({ roles: RoleNames }),
  result: User,
  faults: ['invalid', 'forbidden', 'not_found', 'conflict'],
})

const Reason = z.object({
  role: z.string(),
  display_name: z.string(),
  organization_id: Id.nullable().describe('Where the role is held; null: everywhere.'),
  reach: z
    .enum(['everything', 'organization', 'own'])
    .describe('What the role grants it for: every object, those of the organization, or the person’s own.'),
})

export const explainAccess = endpoint({
  name: 'explainAccess',
  method: 'GET',
  path: '/api/v2/users/:user/access',
  summary: 'Whether a person may do this, and why; or what it would take',
  tag: 'Roles',
  permission: 'signed_in',
  params: z.object({ user: UserRef }),
  query: z.object({
    permission: z.string().max(64).describe('resource:action, such as template:update.'),
    organization: OrganizationRef.optional().describe('Whose object it is; without one, any place counts.'),
    owner: UserRef.optional().describe('Whose object it is: a user, or self for the person’s own.'),
  }),
  result: z.object({
    user_id: Id,
    username: z.string(),
    permission: z.enum(grantables),
    organization_id: Id.nullable(),
    owner_id: Id.nullable(),
    allowed: z.boolean(),
    because: z.string().describe('The answer in a sentence.'),
    reasons: z.array(Reason).describe('The roles that grant it.'),
    would_help: z.array(Reason).describe('When it is denied: roles that would grant it.'),
  }),
  faults: ['invalid', 'not_found', 'forbidden'],
})
