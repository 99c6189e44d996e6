import { z } from 'zod'
import { UserRef } from './common.ts'
import { endpoint } from './endpoint.ts'
import { OrganizationRef } from './organizations.ts'

/** What the workspaces of a person may cost a day. */

export const WorkspaceQuota = z.object({
  credits_consumed: z.number().describe('What the workspaces of this person cost a day.'),
  budget: z
    .number()
    .describe('What they may cost: the sum of what his groups allow. -1: no group of the organization says.'),
})
export type WorkspaceQuota = z.infer<typeof WorkspaceQuota>

const tag = 'Workspaces'

export const getWorkspaceQuota = endpoint({
  name: 'getWorkspaceQuota',
  method: 'GET',
  path: '/api/v2/workspace-quota/:user',
  summary: 'What the workspaces of a person cost and may cost a day, in the default organization',
  tag,
  permission: 'workspace:read',
  params: z.object({ user: UserRef }),
  result: WorkspaceQuota,
  faults: ['not_found'],
})

export const getMemberWorkspaceQuota = endpoint({
  name: 'getMemberWorkspaceQuota',
  method: 'GET',
  path: '/api/v2/organizations/:organization/members/:user/workspace-quota',
  summary: 'What the workspaces of a member cost and may cost a day',
  tag,
  permission: 'workspace:read',
  params: z.object({ organization: OrganizationRef, user: UserRef }),
  result: WorkspaceQuota,
  faults: ['not_found'],
})
