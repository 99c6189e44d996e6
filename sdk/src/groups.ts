import { z } from 'zod'
import { Id, Instant, MinimalUser, NoContent, UserRef } from './common.ts'
import { endpoint } from './endpoint.ts'
import { OrganizationRef, Slug } from './organizations.ts'

export const Group = z.object({
  id: Id,
  organization_id: Id,
  organization_name: z.string(),
  name: z.string(),
  display_name: z.string(),
  avatar_url: z.string(),
  quota_allowance: z.number().int(),
  source: z.enum(['user', 'oidc']).describe('oidc: the identity provider says who is in it.'),
  total_member_count: z.number().int(),
  created_at: Instant,
  updated_at: Instant,
})
export type Group = z.infer<typeof Group>

export const GroupWithMembers = Group.extend({
  members: z.array(MinimalUser).describe('By username; the first 1 000.'),
})
export type GroupWithMembers = z.infer<typeof GroupWithMembers>

const inOrganization = z.object({ organization: OrganizationRef })
const byId = z.object({ group: Id })
const People = z.array(UserRef).max(1000)

export const listGroups = endpoint({
  name: 'listGroups',
  method: 'GET',
  path: '/api/v2/organizations/:organization/groups',
  summary: 'Groups of an organization',
  tag: 'Groups',
  permission: 'group:read',
  params: inOrganization,
  result: z.array(Group),
  faults: ['not_found'],
})

export const getGroupByName = endpoint({
  name: 'getGroupByName',
  method: 'GET',
  path: '/api/v2/organizations/:organization/groups/:group',
  summary: 'One group with its members, by name or id',
  tag: 'Groups',
  permission: 'group:read',
  params: z.object({ organization: OrganizationRef, group: z.string().min(1).max(64) }),
  result: GroupWithMembers,
  faults: ['not_found'],
})

export const createGroup = endpoint({
  name: 'createGroup',
  method: 'POST',
  path: '/api/v2/organizations/:organization/groups',
  summary: 'Create a group',
  tag: 'Groups',
  permission: 'group:create',
  params: inOrganization,
  body: z.strictObject({
    name: Slug,
    display_name: z.string().max(128).optional(),
    avatar_url: z.string().max(256).optional(),
    quota_allowance: z.number().int().min(0).max(1_000_000_000).optional(),
  }),
  status: 201,
  result: GroupWithMembers,
  faults: ['invalid', 'not_found', 'conflict'],
})

export const getGroup = endpoint({
  name: 'getGroup',
  method: 'GET',
  path: '/api/v2/groups/:group',
  summary: 'One group with its members',
  tag: 'Groups',
  permission: 'group:read',
  params: byId,
  result: GroupWithMembers,
  faults: ['not_found'],
})

export const updateGroup = endpoint({
  name: 'updateGroup',
  method: 'PATCH',
  path: '/api/v2/groups/:group',
  summary: 'Change a group and who is in it; what is left out stays',
  tag: 'Groups',
  permission: 'group:update',
  params: byId,
  body: z.strictObject({
    name: Slug.optional(),
    display_name: z.string().max(128).optional(),
    avatar_url: z.string().max(256).optional(),
    quota_allowance: z.number().int().min(0).max(1_000_000_000).optional(),
    add_users: People.optional().describe('Members of the organization, by username or id.'),
    remove_users: People.optional(),
  }),
  result: GroupWithMembers,
  faults: ['invalid', 'forbidden', 'not_found', 'conflict'],
})

export const deleteGroup = endpoint({
  name: 'deleteGroup',
  method: 'DELETE',
  path: '/api/v2/groups/:group',
  summary: 'Delete a group; its members stay members of the organization',
  tag: 'Groups',
  permission: 'group:delete',
  params: byId,
  status: 204,
  result: NoContent,
  faults: ['forbidden', 'not_found'],
})
