import { z } from 'zod'
import { Id, MinimalUser, NoContent } from './common.ts'
import { endpoint } from './endpoint.ts'

/** Who else may use a workspace. */

const WorkspaceRole = z.enum(['use', 'admin'])

export const WorkspaceAcl = z.object({
  users: z.array(MinimalUser.extend({ role: WorkspaceRole })),
  group: z.array(z.object({ id: Id, name: z.string(), display_name: z.string(), role: WorkspaceRole })),
})
export type WorkspaceAcl = z.infer<typeof WorkspaceAcl>

const tag = 'Workspaces'
const params = z.object({ workspace: Id })
const path = '/api/v2/workspaces/:workspace/acl'

export const getWorkspaceAcl = endpoint({
  name: 'getWorkspaceAcl',
  method: 'GET',
  path,
  summary: 'Who may use a workspace beside its owner and those whose roles let them',
  tag,
  permission: 'workspace:update',
  params,
  result: WorkspaceAcl,
  faults: ['not_found'],
})

const roles = z.record(Id, z.enum(['', 'use', 'admin']).describe('Empty takes the entry off the list.'))

export const updateWorkspaceAcl = endpoint({
  name: 'updateWorkspaceAcl',
  method: 'PATCH',
  path,
  summary: 'Share a workspace: use lets one into it, admin lets one start, stop and change it as well',
  tag,
  permission: 'workspace:update',
  params,
  body: z.strictObject({ user_roles: roles.optional(), group_roles: roles.optional() }),
  result: WorkspaceAcl,
  faults: ['invalid', 'not_found'],
})

export const deleteWorkspaceAcl = endpoint({
  name: 'deleteWorkspaceAcl',
  method: 'DELETE',
  path,
  summary: 'Share a workspace with nobody any more',
  tag,
  permission: 'workspace:update',
  params,
  status: 204,
  result: NoContent,
  faults: ['not_found'],
})
