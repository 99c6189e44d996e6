import { z } from 'zod'
import { Id, Instant, pageCursor, pageLimit, UserRef } from './common.ts'
import { endpoint } from './endpoint.ts'
import { EntitlementState, UsagePeriod } from './licenses.ts'
import { OrganizationRef } from './organizations.ts'

/** The meter: each start of a workspace for the agent of a task, once, and why; and the starts that did not count. */

/** How a start came about. */
export const BuildTrigger = z.enum(['create', 'resume', 'manual_start', 'autostart'])
export type BuildTrigger = z.infer<typeof BuildTrigger>

/** Why a start counted, or did not, for people. */
export const buildReasons = {
  task_created: 'A task was created and its workspace started',
  task_resumed: 'A task was resumed',
  task_workspace_started: 'The workspace of a task was started by hand',
  task_workspace_autostarted: 'The workspace of a task was started by its schedule',
  start_failed: 'Not counted: the start failed',
  start_canceled: 'Not counted: the start was canceled',
  no_task: 'Not counted: a workspace of a person, not of a task',
  task_deleted: 'Not counted: the task was deleted',
} as const

export const BuildReason = z.enum([
  'task_created',
  'task_resumed',
  'task_workspace_started',
  'task_workspace_autostarted',
  'start_failed',
  'start_canceled',
  'no_task',
  'task_deleted',
])
export type BuildReason = z.infer<typeof BuildReason>

const Named = z.object({ id: Id, name: z.string() })

export const AgentWorkspaceBuild = z.object({
  id: Id.describe('Of the build: what counts, counts once.'),
  time: Instant,
  counted: z.boolean(),
  trigger: BuildTrigger,
  reason: BuildReason,
  organization: Named,
  template: Named,
  template_version: Named,
  owner: Named.describe('Names are as they were at the time.'),
  workspace: Named,
  task: Named.nullable(),
})
export type AgentWorkspaceBuild = z.infer<typeof AgentWorkspaceBuild>

const filter = {
  organization: OrganizationRef.optional(),
  template: z.string().min(1).max(64).optional().describe('Id, or a name as it was at the time.'),
  owner: UserRef.optional().describe('Username, id or me.'),
  trigger: BuildTrigger.optional(),
  from: Instant.optional(),
  to: Instant.optional().describe('The end, not included.'),
}
const counted = {
  counted: z.enum(['yes', 'no', 'all']).optional().describe('Default: yes. The others are starts that did not count.'),
}

export const listAgentWorkspaceBuilds = endpoint({
  name: 'listAgentWorkspaceBuilds',
  method: 'GET',
  path: '/api/v2/agent-workspace-builds',
  summary: 'Agent Workspace Builds, newest first, each with the reason why it counts; members see their own',
  tag: 'Licences',
  permission: 'usage:read',
  query: z.object({ ...filter, ...counted, limit: pageLimit(1000), after_id: pageCursor }),
  result: z.object({
    builds: z.array(AgentWorkspaceBuild),
    count: z.number().int().describe('Exact up to 10 000.'),
  }),
  faults: ['invalid'],
})

export const exportAgentWorkspaceBuilds = endpoint({
  name: 'exportAgentWorkspaceBuilds',
  method: 'GET',
  path: '/api/v2/agent-workspace-builds/csv',
  summary: 'The same as a file of comma-separated values: all of them, however many',
  tag: 'Licences',
  permission: 'usage:read',
  query: z.object({ ...filter, ...counted }),
  answers: 'bytes',
  result: z.string(),
  faults: ['invalid'],
})

export const BuildsOfDay = z.object({ day: z.iso.date(), builds: z.number().int() })
export type BuildsOfDay = z.infer<typeof BuildsOfDay>

export const getDailyAgentWorkspaceBuilds = endpoint({
  name: 'getDailyAgentWorkspaceBuilds',
  method: 'GET',
  path: '/api/v2/agent-workspace-builds/daily',
  summary: 'How many counted on each day of UTC, the days without any too',
  tag: 'Licences',
  permission: 'usage:read',
  query: z.object({
    organization: filter.organization,
    template: filter.template,
    owner: filter.owner,
    trigger: filter.trigger,
    from: z.iso.date().optional().describe('The first day. Default: 29 days before the last.'),
    to: z.iso.date().optional().describe('The last day. Default: today.'),
  }),
  result: z.object({ days: z.array(BuildsOfDay), total: z.number().int() }),
  faults: ['invalid'],
})

export const BuildMeter = z.object({
  used: z.number().int(),
  limit: z.number().int(),
  source: z.enum(['license', 'included']).describe('Whether a licence says the limit, or it is what is included.'),
  entitlement: EntitlementState,
  period: UsagePeriod,
  pace_per_day: z.number().describe('Of the last 30 days, or of the period where that is shorter.'),
  projected_at: Instant.nullable().describe(
    'When the limit is met at this pace; null when that is not in this period.',
  ),
})
export type BuildMeter = z.infer<typeof BuildMeter>

export const getBuildMeter = endpoint({
  name: 'getBuildMeter',
  method: 'GET',
  path: '/api/v2/agent-workspace-builds/meter',
  summary: 'How many are used of how many, how fast, and when that would be all',
  tag: 'Licences',
  permission: 'license:read',
  result: BuildMeter,
})
