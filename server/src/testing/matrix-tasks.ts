import { systemClock, type Uuid, uuidv7 } from '@reeve/base'
import type { AccessObject } from '../access/policy.ts'
import { allows } from '../access/policy.ts'
import { type Check, check, type Entry, type Place, reached } from './matrix-entry.ts'
import { objectOf, templateOf } from './matrix-templates.ts'
import { workspaceOf } from './matrix-workspaces.ts'

/** The routes of tasks: each with a workspace whose start went well, and whose agent has not come yet. */

interface Made {
  readonly taskId: Uuid
  readonly name: string
  readonly object: AccessObject
  readonly workspace: AccessObject
  readonly template: AccessObject
}

async function taskOf(place: Place): Promise<Made> {
  const { db, unique } = place.world
  const { holder, organizationId } = place
  const { workspaceId, versionId, object: workspace, template } = await workspaceOf(place)
  const now = systemClock.now()
  const row = { id: uuidv7(now), organization_id: organizationId, owner_id: holder.id, name: unique('task') }
  const made = { workspace_id: workspaceId, template_version_id: versionId, prompt: 'do it' }
  await db.sql
    .insertInto('tasks')
    .values({ ...row, ...made, noted_at: now, created_at: now, updated_at: now })
    .execute()
  const object = { id: row.id, ownerId: holder.id, organizationId }
  return { taskId: row.id, name: row.name, object, workspace, template }
}

/** The words of a task are its owner's, and those of who was given other people's words to read. */
const words = ({ holder }: Place, object: AccessObject): Check => ({
  passes: (actor) => actor.userId === holder.id || allows(actor, 'interception_content:read', object),
  otherwise: 403,
})

type Needs = 'task:read' | 'task:update' | 'task:delete'

const task =
  (
    needs: Needs,
    more: {
      readonly body?: unknown
      readonly query?: string
      readonly answers?: number
      readonly checks?: (made: Made, place: Place) => Check[]
    } = {},
  ): Entry =>
  async (place) => {
    const made = await taskOf(place)
    const { checks = () => [], ...rest } = more
    return {
      params: { user: place.holder.id, task: made.taskId },
      checks: [check('task:read', made.object, 404), check(needs, made.object, 403), ...checks(made, place)],
      ...rest,
    }
  }

export const taskEntries = {
  listTasks: async (place) => {
    const { taskId, object } = await taskOf(place)
    // SAFETY: a page of tasks.
    const ids = (json: unknown) => (json as { tasks: { id: string }[] }).tasks.map(({ id }) => id)
    return { list: { ids, known: [{ id: taskId, permission: 'task:read' as const, object }] } }
  },
  createTask: async (place) => {
    const { templateId, versionId } = await templateOf(place)
    const { holder, organizationId } = place
    await place.world.db.sql
      .updateTable('template_versions')
      .set({ has_ai_task: true })
      .where('id', '=', versionId)
      .execute()
    return {
      params: { user: holder.id },
      body: { input: 'Fix the test', template_id: templateId },
      checks: [
        check('user:read', { ownerId: holder.id }, 404),
        ...reached('template:read', 'template:use', objectOf(templateId, place)),
        check('task:create', { ownerId: holder.id, organizationId }, 403),
        check('workspace:create', { ownerId: holder.id, organizationId }, 403),
      ],
    }
  },
  getTask: async (place) => {
    const { name, object } = await taskOf(place)
    return { params: { user: place.holder.id, task: name }, checks: [check('task:read', object, 404)] }
  },
  updateTask: task('task:update', { body: { display_name: 'Another' } }),
  deleteTask: task('task:delete', {
    checks: ({ workspace }) => [check('workspace:read', workspace, 404), check('workspace:delete', workspace, 403)],
  }),
  // None of these is for a task that waits for its agent.
  setTaskInput: task('task:update', { body: { input: 'Do that' }, answers: 409 }),
  sendToTask: task('task:update', {
    body: { input: 'And that' },
    answers: 409,
    checks: ({ workspace }) => [
      check('workspace:read', workspace, 404),
      check('workspace:application_connect', workspace, 403),
    ],
  }),
  listTaskLogs: task('task:read', { checks: ({ object }, place) => [words(place, object)] }),
  followTaskLogs: task('task:read', { checks: ({ object }, place) => [words(place, object)] }),
  pauseTask: task('task:update', {
    checks: ({ workspace }) => [check('workspace:read', workspace, 404), check('workspace:stop', workspace, 403)],
  }),
  resumeTask: task('task:update', { answers: 409 }),
  waitForTask: task('task:read', { query: 'timeout=0' }),
  forkTask: async (place) => {
    const made = await taskOf(place)
    const { id: ownerId } = place.asker.person
    const { organizationId } = place
    return {
      params: { user: place.holder.id, task: made.taskId },
      body: {},
      checks: [
        check('task:read', made.object, 404),
        words(place, made.object),
        check('user:read', { ownerId }, 404),
        ...reached('template:read', 'template:use', made.template),
        check('task:create', { ownerId, organizationId }, 403),
        check('workspace:create', { ownerId, organizationId }, 403),
      ],
      // Who is no member there has no workspaces there.
      answers: place.which === 'other organization' ? 409 : 201,
    }
  },
  putTaskLogSnapshot: () => ({
    params: { task: uuidv7(systemClock.now()) },
    body: { messages: [] },
    answers: 401,
  }),
} satisfies Record<string, Entry>
