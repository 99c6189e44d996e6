import { z } from 'zod'
import { Id, NoContent } from './common.ts'
import { endpoint } from './endpoint.ts'

/** Ports of workspaces, and who else may open them in a browser. */

/** Each of them lets in whom those before it let in. */
export const PortShareLevel = z.enum(['owner', 'organization', 'authenticated', 'public'])
export type PortShareLevel = z.infer<typeof PortShareLevel>

const OfPort = z.strictObject({
  agent_name: z.string().min(1).max(256),
  port: z.number().int().min(1).max(65_535),
})

export const WorkspacePortShare = z.object({
  workspace_id: Id,
  agent_name: z.string(),
  port: z.number().int(),
  share_level: PortShareLevel.describe('Lower than what was asked for where the template allows less by now.'),
  protocol: z.literal('http'),
})
export type WorkspacePortShare = z.infer<typeof WorkspacePortShare>

const tag = 'Workspaces'
const params = z.object({ workspace: Id })
const path = '/api/v2/workspaces/:workspace/port-share'

export const listWorkspacePortShares = endpoint({
  name: 'listWorkspacePortShares',
  method: 'GET',
  path,
  summary: 'The ports of a workspace that are shared, and how far its template lets them be',
  tag,
  permission: 'workspace:read',
  params,
  result: z.object({ shares: z.array(WorkspacePortShare), max_share_level: PortShareLevel }),
  faults: ['not_found'],
})

export const shareWorkspacePort = endpoint({
  name: 'shareWorkspacePort',
  method: 'POST',
  path,
  summary: 'Let others open a port of a workspace in a browser, or others than before',
  tag,
  permission: 'workspace:update',
  params,
  body: OfPort.extend({
    share_level: PortShareLevel.exclude(['owner']),
    protocol: z.literal('http').optional(),
  }),
  result: WorkspacePortShare,
  faults: ['invalid', 'not_found'],
})

export const unshareWorkspacePort = endpoint({
  name: 'unshareWorkspacePort',
  method: 'DELETE',
  path,
  summary: 'Let nobody open a port but those who may use the workspace',
  tag,
  permission: 'workspace:update',
  params,
  body: OfPort,
  status: 204,
  result: NoContent,
  faults: ['not_found'],
})
