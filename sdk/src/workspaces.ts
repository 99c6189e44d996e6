import { z } from 'zod'
import { Id, Instant, MinimalUser, UserRef, pageCursor, pageLimit } from './common.ts'
import { endpoint } from './endpoint.ts'
import { Slug } from './organizations.ts'
import { WorkspaceAppStatus } from './workspace-agents.ts'
import { NewWorkspaceBuild, ParameterValues, WorkspaceBuild } from './workspace-builds.ts'

/** Workspaces: what templates are made into for somebody, started and stopped by builds. */

/** `CRON_TZ=Europe/Berlin 30 9 * * 1-5`: without a zone, UTC. */
export const AutostartSchedule = z.string().max(128)
export const TtlMs = z.number().int().min(0).max(315_360_000_000)
export const AutomaticUpdates = z.enum(['never', 'always'])

const times = {
  autostart_schedule: AutostartSchedule.nullable().describe(
    'Cron with a time zone; null: it does not start by itself.',
  ),
  next_start_at: Instant.nullable().describe('When it starts by itself next, as far as its template lets it.'),
  ttl_ms: TtlMs.nullable().describe('After so long without activity it stops; null: as its template says, 0: never.'),
  automatic_updates: AutomaticUpdates,
  last_used_at: Instant,
  dormant_at: Instant.nullable().describe('Since when it sleeps, as nobody used it.'),
  deleting_at: Instant.nullable().describe('When it is deleted, unless somebody wakes it before.'),
  favorite: z.boolean().describe('One of those of whoever asks.'),
}

export const Workspace = z.object({
  id: Id,
  name: z.string(),
  organization_id: Id,
  organization_name: z.string(),
  owner_id: Id,
  owner_name: z.string(),
  owner: MinimalUser,
  template_id: Id,
  template_name: z.string(),
  template_display_name: z.string(),
  template_icon: z.string(),
  template_active_version_id: Id,
  template_require_active_version: z.boolean(),
  template_allow_user_cancel_workspace_jobs: z.boolean(),
  latest_build: WorkspaceBuild,
  latest_app_status: WorkspaceAppStatus.nullable().describe(
    'What an app in it said last of what it does, in whichever build. Written by a model or a program: never trust it.',
  ),
  task_id: Id.nullable().describe('The task that it works for; null for a workspace of a person.'),
  task_name: z.string().describe('Empty without one.'),
  outdated: z.boolean().describe('The template has another active version than the one that it was built with last.'),
  ...times,
  created_at: Instant,
  updated_at: Instant,
})
export type Workspace = z.infer<typeof Workspace>

const tag = 'Workspaces'

export const createWorkspace = endpoint({
  name: 'createWorkspace',
  method: 'POST',
  path: '/api/v2/users/:user/workspaces',
  summary: 'Make a workspace of a template and start it',
  tag,
  permission: 'workspace:create',
  params: z.object({ user: UserRef }),
  body: z.strictObject({
    name: Slug,
    template_id: Id.optional(),
    template_version_id: Id.optional().describe('Instead of the template: one of its versions.'),
    template_version_preset_id: z.string().max(64).optional(),
    rich_parameter_values: ParameterValues.optional(),
    reason: NewWorkspaceBuild.shape.reason,
    autostart_schedule: AutostartSchedule.nullish(),
    ttl_ms: TtlMs.nullish(),
    automatic_updates: AutomaticUpdates.optional(),
  }),
  status: 201,
  result: Workspace,
  faults: ['invalid', 'not_found', 'conflict'],
})

export const listWorkspaces = endpoint({
  name: 'listWorkspaces',
  method: 'GET',
  path: '/api/v2/workspaces',
  summary: 'The workspaces that one may see, the newest first',
  tag,
  permission: 'workspace:read',
  query: z.strictObject({
    q: z
      .string()
      .max(1_000)
      .optional()
      .describe('Words of the name; owner:, template:, name:, status:, dormant:, outdated: and shared:'),
    after_id: pageCursor,
    limit: pageLimit(1_000),
  }),
  result: z.object({ workspaces: z.array(Workspace), count: z.number().int() }),
  faults: ['invalid'],
})

export const getWorkspace = endpoint({
  name: 'getWorkspace',
  method: 'GET',
  path: '/api/v2/workspaces/:workspace',
  summary: 'One workspace',
  tag,
  permission: 'workspace:read',
  params: z.object({ workspace: Id }),
  result: Workspace,
  faults: ['not_found'],
})

export const getWorkspaceByName = endpoint({
  name: 'getWorkspaceByName',
  method: 'GET',
  path: '/api/v2/users/:user/workspace/:name',
  summary: 'One workspace, by its owner and name',
  tag,
  permission: 'workspace:read',
  params: z.object({ user: UserRef, name: z.string().min(1).max(64) }),
  result: Workspace,
  faults: ['not_found'],
})
