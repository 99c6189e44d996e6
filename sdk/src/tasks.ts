import { z } from 'zod'
import { AgentAppHealth, AgentLifecycle } from './agent-protocol.ts'
import { Id, Instant, NoContent, UserRef, pageCursor, pageLimit } from './common.ts'
import { endpoint } from './endpoint.ts'
import { Slug } from './organizations.ts'
import { ParameterValues, WorkspaceBuild } from './workspace-builds.ts'
import { WorkspaceStatus } from './workspace-status.ts'

/** Tasks: agents that work without anybody at the keyboard, each in a workspace of its own. */

const whole = z.number().int()
const tag = 'Tasks'
export const taskPromptCharsMax = 65_536
export const taskSnapshotBytesMax = 64 * 1024

export const TaskStatus = z.enum(['pending', 'initializing', 'active', 'paused', 'error', 'unknown'])
export type TaskStatus = z.infer<typeof TaskStatus>

export const TaskState = z.object({
  timestamp: Instant,
  state: z.enum(['working', 'idle', 'complete', 'failed']),
  message: z.string(),
  uri: z.string(),
})
export type TaskState = z.infer<typeof TaskState>

const labelKey = /^[a-zA-Z0-9](?:[a-zA-Z0-9._/-]*[a-zA-Z0-9])?$/
export const TaskLabels = z
  .record(
    z.string().max(63).regex(labelKey, 'letters and digits, with dots, hyphens, underscores and slashes in between'),
    z.string().max(256),
  )
  .refine((labels) => Object.keys(labels).length <= 32, 'are 32 at most')

const limits = {
  token_budget: whole.min(1).max(1e15).nullable().optional().describe('What models may read and write for it in all.'),
  time_limit_seconds: whole
    .min(1)
    .max(10 * 366 * 86_400)
    .nullable()
    .optional()
    .describe('For how long its workspace may run, all starts together.'),
  on_limit: z.enum(['pause', 'delete']).optional().describe('What becomes of it when a limit is reached.'),
}

const Prompt = z
  .string()
  .max(taskPromptCharsMax)
  .refine((text) => text.trim() !== '', 'must not be blank')
const DisplayName = z.string().max(64)

export const Task = z.object({
  id: Id,
  organization_id: Id,
  organization_name: z.string(),
  owner_id: Id,
  owner_name: z.string(),
  owner_avatar_url: z.string(),
  name: z.string(),
  display_name: z.string(),
  template_id: Id,
  template_version_id: Id,
  template_version_name: z.string(),
  template_name: z.string(),
  template_display_name: z.string(),
  template_icon: z.string(),
  workspace_id: Id.nullable(),
  workspace_name: z.string(),
  workspace_status: WorkspaceStatus.optional(),
  workspace_build_id: Id.optional(),
  workspace_build_number: whole.optional(),
  workspace_agent_id: Id.nullable(),
  workspace_agent_lifecycle: AgentLifecycle.nullable(),
  workspace_agent_health: z.object({ healthy: z.boolean(), reason: z.string().optional() }).nullable(),
  workspace_app_slug: z.string().nullable(),
  workspace_app_health: AgentAppHealth.nullable(),
  initial_prompt: z.string().nullable().describe('Null for who may not read the words of its owner.'),
  last_message: z
    .string()
    .nullable()
    .describe('What the agent said last, cut short, as it was noted. Written by a model: never trust it.'),
  status: TaskStatus,
  current_state: TaskState.nullable(),
  error: z.string().describe('Why it is in error, if it is.'),
  paused_reason: z.string().describe('Of a task that is paused, the reason of that build; or which limit it reached.'),
  labels: z.record(z.string(), z.string()),
  token_budget: whole.nullable(),
  tokens_used: whole,
  time_limit_seconds: whole.nullable(),
  seconds_used: whole,
  on_limit: z.enum(['pause', 'delete']),
  limit_reached: z.enum(['', 'tokens', 'time']),
  builds_counted: whole.describe('Agent Workspace Builds that it was so far.'),
  forked_from: Id.nullable(),
  snapshot_at: Instant.nullable().describe('Since when there is a conversation to be read while it is paused.'),
  created_at: Instant,
  updated_at: Instant,
})
export type Task = z.infer<typeof Task>

/** One task with what is looked up for it alone. */
export const TaskDetails = Task.extend({
  session_ids: z.array(Id).describe('Its sessions with models, the latest first.'),
})
export type TaskDetails = z.infer<typeof TaskDetails>

export const TaskLogEntry = z.object({
  id: whole.describe('Counts up from 0. The last one of the agent grows while it speaks.'),
  content: z.string(),
  type: z.enum(['input', 'output']),
  time: Instant,
})
export type TaskLogEntry = z.infer<typeof TaskLogEntry>

export const TaskLogEvent = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('entry'), entry: TaskLogEntry }).describe('New, or in place of the one of this id.'),
  z.object({ kind: z.literal('status'), status: TaskStatus, current_state: TaskState.nullable() }),
  z.object({ kind: z.literal('snapshot'), snapshot_at: Instant }).describe('What follows was kept then.'),
])
export type TaskLogEvent = z.infer<typeof TaskLogEvent>

export const TaskWaitFor = z.enum(['active', 'idle', 'done', 'paused', 'failed', 'deleted'])
export type TaskWaitFor = z.infer<typeof TaskWaitFor>

const ofUser = z.object({ user: UserRef })
const ofTask = z.object({ user: UserRef, task: z.string().min(1).max(64) })
const path = (rest = ''): { path: string; aliases: string[] } => ({
  path: `/api/v2/tasks/:user/:task${rest}`,
  aliases: [`/api/experimental/tasks/:user/:task${rest}`],
})

export const listTasks = endpoint({
  name: 'listTasks',
  method: 'GET',
  path: '/api/v2/tasks',
  aliases: ['/api/experimental/tasks'],
  summary: 'The tasks that one may see, the newest first',
  tag,
  permission: 'task:read',
  query: z.strictObject({
    q: z
      .string()
      .max(1_000)
      .optional()
      .describe('Words of the name; owner:, organization:, status:, template:, and label:key or label:key=value'),
    after_id: pageCursor,
    limit: pageLimit(1_000),
  }),
  result: z.object({ tasks: z.array(Task), count: whole }),
  faults: ['invalid'],
})

export const createTask = endpoint({
  name: 'createTask',
  method: 'POST',
  path: '/api/v2/tasks/:user',
  aliases: ['/api/experimental/tasks/:user'],
  summary: 'Give an agent something to do, in a workspace that is made for it; 200 when this key has made it before',
  tag,
  permission: 'task:create',
  params: ofUser,
  body: z.strictObject({
    template_id: Id.optional().describe('Its active version; or say the version itself.'),
    template_version_id: Id.optional(),
    template_version_preset_id: z.string().max(64).optional(),
    rich_parameter_values: ParameterValues.optional(),
    input: Prompt,
    name: Slug.optional().describe('Without one it is made of the prompt.'),
    display_name: DisplayName.optional(),
    labels: TaskLabels.optional(),
    ...limits,
    boundary_policy: z
      .string()
      .max(262_144)
      .optional()
      .describe('A policy that its boundaries hold to beside those in force: it takes away and cannot give.'),
    idempotency_key: z
      .string()
      .min(1)
      .max(128)
      .optional()
      .describe('The same key with the same body is the same task; with another body it is refused.'),
  }),
  status: 201,
  result: TaskDetails,
  faults: ['invalid', 'not_found', 'conflict'],
})

export const getTask = endpoint({
  name: 'getTask',
  method: 'GET',
  ...path(),
  summary: 'One task, by its id or name',
  tag,
  permission: 'task:read',
  params: ofTask,
  result: TaskDetails,
  faults: ['not_found'],
})

export const updateTask = endpoint({
  name: 'updateTask',
  method: 'PATCH',
  ...path(),
  summary: 'Change how a task is called, its labels or its limits',
  tag,
  permission: 'task:update',
  params: ofTask,
  body: z.strictObject({ display_name: DisplayName.optional(), labels: TaskLabels.optional(), ...limits }),
  result: TaskDetails,
  faults: ['invalid', 'not_found'],
})

export const deleteTask = endpoint({
  name: 'deleteTask',
  method: 'DELETE',
  ...path(),
  summary: 'Delete a task with its workspace',
  tag,
  permission: 'task:delete',
  params: ofTask,
  status: 202,
  result: z.object({ workspace_build: WorkspaceBuild.nullable() }),
  faults: ['not_found', 'conflict'],
})

export const setTaskInput = endpoint({
  name: 'setTaskInput',
  method: 'PATCH',
  ...path('/input'),
  summary: 'Give a paused task another prompt, for when it is resumed',
  tag,
  permission: 'task:update',
  params: ofTask,
  body: z.strictObject({ input: Prompt }),
  status: 204,
  result: NoContent,
  faults: ['invalid', 'not_found', 'conflict'],
})

export const sendToTask = endpoint({
  name: 'sendToTask',
  method: 'POST',
  ...path('/send'),
  summary: 'Say something to the agent of an active task that waits for it',
  tag,
  permission: 'task:update',
  params: ofTask,
  body: z.strictObject({ input: Prompt }),
  status: 204,
  result: NoContent,
  faults: ['invalid', 'not_found', 'conflict', 'upstream'],
})

const after = z.coerce.number().int().min(0).optional()

export const listTaskLogs = endpoint({
  name: 'listTaskLogs',
  method: 'GET',
  ...path('/logs'),
  summary: 'What was said: as it is now, or of a task that does not run as it was kept last',
  tag,
  permission: 'task:read',
  params: ofTask,
  query: z.strictObject({ after: after.describe('Only what comes behind the entry of this id.') }),
  result: z.object({
    logs: z.array(TaskLogEntry),
    snapshot: z.boolean().optional(),
    snapshot_at: Instant.optional(),
  }),
  faults: ['not_found', 'conflict', 'upstream'],
})

export const followTaskLogs = endpoint({
  name: 'followTaskLogs',
  method: 'GET',
  ...path('/logs/stream'),
  summary: 'What is said, as it is said, over pauses and resumptions; ends when the task is deleted',
  tag,
  permission: 'task:read',
  params: ofTask,
  query: z.strictObject({ after }),
  answers: 'events',
  result: TaskLogEvent,
  faults: ['not_found'],
})

const begun = (name: string, verb: 'pause' | 'resume', summary: string) =>
  endpoint({
    name,
    method: 'POST',
    ...path(`/${verb}`),
    summary,
    tag,
    permission: 'task:update',
    params: ofTask,
    status: 202,
    result: z.object({ workspace_build: WorkspaceBuild }),
    faults: ['not_found', 'conflict'],
  })

export const pauseTask = begun('pauseTask', 'pause', 'Stop the workspace of a task; its disk and conversation stay')
export const resumeTask = begun('resumeTask', 'resume', 'Start the workspace of a paused task again')

export const waitForTask = endpoint({
  name: 'waitForTask',
  method: 'POST',
  ...path('/wait'),
  summary: 'Answers when a task is one of these, or when the time is over',
  tag,
  permission: 'task:read',
  params: ofTask,
  query: z.strictObject({
    until: z
      .string()
      .regex(/^[a-z]+(?:,[a-z]+)*$/)
      .optional()
      .describe('Of active, idle, done, paused, failed, deleted, with commas; without it idle, done, paused, failed.'),
    timeout: z.coerce.number().int().min(0).max(60).optional().describe('Seconds; 30 without it.'),
  }),
  result: z.object({
    reached: TaskWaitFor.nullable().describe('Null: the time is over. Ask again.'),
    task: Task,
  }),
  faults: ['invalid', 'not_found'],
})

export const forkTask = endpoint({
  name: 'forkTask',
  method: 'POST',
  ...path('/fork'),
  summary: 'A new task like this one, which is given the conversation so far to read; files are not taken along',
  tag,
  permission: 'task:create',
  params: ofTask,
  body: z.strictObject({
    input: Prompt.optional().describe('What it is to do; without it, what this one was to do.'),
    name: Slug.optional(),
    display_name: DisplayName.optional(),
  }),
  status: 201,
  result: TaskDetails,
  faults: ['invalid', 'not_found', 'conflict'],
})

/** A message as AgentAPI numbers it. */
export const AgentApiMessage = z.object({
  id: whole.min(0),
  role: z.enum(['user', 'agent']),
  content: z.string(),
  time: Instant,
})
export type AgentApiMessage = z.infer<typeof AgentApiMessage>

export const putTaskLogSnapshot = endpoint({
  name: 'putTaskLogSnapshot',
  method: 'POST',
  path: '/api/v2/workspaceagents/me/tasks/:task/log-snapshot',
  summary: 'The last messages of a task, for whoever reads them while it is paused; with the token of its agent',
  tag,
  // The token of an agent is no credential of a person: it is looked at by the endpoint itself.
  permission: 'public',
  params: z.object({ task: Id }),
  query: z.strictObject({ format: z.literal('agentapi').optional() }),
  body: z.object({ messages: z.array(AgentApiMessage).max(10_000) }),
  status: 204,
  result: NoContent,
  faults: ['unauthenticated', 'invalid', 'not_found', 'too_large'],
})

export const taskEndpoints = {
  listTasks,
  createTask,
  getTask,
  updateTask,
  deleteTask,
  setTaskInput,
  sendToTask,
  listTaskLogs,
  followTaskLogs,
  pauseTask,
  resumeTask,
  waitForTask,
  forkTask,
  putTaskLogSnapshot,
} as const
