import { z } from 'zod'
import { Id, Instant, NoContent } from './common.ts'
import { endpoint } from './endpoint.ts'
import { Slug } from './organizations.ts'
import { Workspace, AutomaticUpdates, AutostartSchedule, TtlMs } from './workspaces.ts'

/** What holds for a workspace between its builds: its name, when it starts and stops by itself, whether it is in use. */

const tag = 'Workspaces'
const params = z.object({ workspace: Id })

const change = <B>(name: string, method: 'PUT' | 'PATCH' | 'POST', path: string, summary: string, body: z.ZodType<B>) =>
  endpoint({
    name,
    method,
    path: `/api/v2/workspaces/:workspace${path}`,
    summary,
    tag,
    permission: 'workspace:update',
    params,
    body,
    status: 204,
    result: NoContent,
    faults: ['invalid', 'not_found', 'conflict'],
  })

export const renameWorkspace = change(
  'renameWorkspace',
  'PATCH',
  '',
  'Give a workspace another name; what it is made of hears of it with the next build',
  z.strictObject({ name: Slug }),
)

export const setWorkspaceAutostart = change(
  'setWorkspaceAutostart',
  'PUT',
  '/autostart',
  'Say when a workspace starts by itself, or that it does not',
  z.strictObject({ schedule: AutostartSchedule.nullish().describe('Null or empty: it does not.') }),
)

export const setWorkspaceTtl = change(
  'setWorkspaceTtl',
  'PUT',
  '/ttl',
  'Say after how long without activity a workspace stops by itself',
  z.strictObject({ ttl_ms: TtlMs.nullish().describe('Null: as its template says. 0: it does not.') }),
)

export const setWorkspaceAutomaticUpdates = change(
  'setWorkspaceAutomaticUpdates',
  'PUT',
  '/autoupdates',
  'Say whether a workspace that starts by itself takes the active version of its template',
  z.strictObject({ automatic_updates: AutomaticUpdates }),
)

export const noteWorkspaceUsage = endpoint({
  name: 'noteWorkspaceUsage',
  method: 'POST',
  path: '/api/v2/workspaces/:workspace/usage',
  summary: 'Say that a workspace is in use: its stop moves, and it does not become dormant',
  tag,
  permission: 'workspace:application_connect',
  params,
  body: z.strictObject({ agent_id: Id.optional(), app_name: z.string().max(64).optional() }).optional(),
  status: 204,
  result: NoContent,
  faults: ['not_found'],
})

export const extendWorkspace = endpoint({
  name: 'extendWorkspace',
  method: 'PUT',
  path: '/api/v2/workspaces/:workspace/extend',
  summary: 'Move the stop of a workspace that runs',
  tag,
  permission: 'workspace:update',
  params,
  body: z.strictObject({ deadline: Instant }),
  result: Workspace,
  faults: ['invalid', 'not_found', 'conflict'],
})

export const setWorkspaceDormant = endpoint({
  name: 'setWorkspaceDormant',
  method: 'PUT',
  path: '/api/v2/workspaces/:workspace/dormant',
  summary: 'Put a workspace to sleep that nobody needs, or wake it',
  tag,
  permission: 'workspace:update',
  params,
  body: z.strictObject({ dormant: z.boolean() }),
  result: Workspace,
  faults: ['not_found', 'conflict'],
})

const favorite = (name: string, method: 'PUT' | 'DELETE', summary: string) =>
  endpoint({
    name,
    method,
    path: '/api/v2/workspaces/:workspace/favorite',
    summary,
    tag,
    permission: 'workspace:read',
    params,
    status: 204,
    result: NoContent,
    faults: ['not_found'],
  })

export const favorWorkspace = favorite('favorWorkspace', 'PUT', 'Put a workspace among one’s favourites')
export const unfavorWorkspace = favorite('unfavorWorkspace', 'DELETE', 'Take a workspace off one’s favourites')

export const resolveWorkspaceAutostart = endpoint({
  name: 'resolveWorkspaceAutostart',
  method: 'GET',
  path: '/api/v2/workspaces/:workspace/resolve-autostart',
  summary: 'Whether a workspace can start by itself with the version that it would take',
  tag,
  permission: 'workspace:read',
  params,
  result: z.object({
    parameter_mismatch: z.boolean().describe('The version asks for a value that the workspace does not have.'),
    parameters: z.array(z.string()).describe('What is to be said of which parameter.'),
  }),
  faults: ['not_found'],
})

export const watchWorkspace = endpoint({
  name: 'watchWorkspace',
  method: 'GET',
  path: '/api/v2/workspaces/:workspace/watch',
  summary: 'A workspace as it is, and each time that it changes; ends when it is gone',
  tag,
  permission: 'workspace:read',
  params,
  answers: 'events',
  result: Workspace,
  faults: ['not_found'],
})
