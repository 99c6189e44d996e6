import { Fault } from '@reeve/base'
import type { WorkspaceBuild } from '@reeve/sdk'
import { appendAudit } from '../audit/journal.ts'
import { updateLive } from '../agents/queries.ts'
import type { Tx } from '../db/database.ts'
import { type Scope, signedIn } from '../http/implement.ts'
import { findVersion } from '../templates/version-queries.ts'
import { createBuild } from '../workspaces/builds.ts'
import { workspaceFor } from '../workspaces/reachable.ts'
import { agentApiOf, takeSnapshot } from './conversation.ts'
import { taskTold, taskTurned } from './events.ts'
import { legacyPromptAgain } from './legacy-prompt.ts'
import { limitOf, statusOf } from './lifecycle.ts'
import { factsOf, presentTask } from './present.ts'
import { type TaskRow, updateTaskRow } from './queries.ts'
import { taskFor, type TaskRef } from './reachable.ts'
import type { TaskRoom } from './task-room.ts'

/** What is done to a task: it is talked to, paused, resumed, told something else to do, and deleted. */

/** Somebody waits for the pause to be acknowledged; what the agent said is kept where it is quick to say it. */
const snapshotMs = 500

export async function sendToTask(
  room: TaskRoom,
  scope: Scope,
  ref: TaskRef,
  { input }: { readonly input: string },
): Promise<void> {
  const { db, clock, metrics } = room
  const actor = signedIn(scope)
  const row = await taskFor(room, actor, ref, 'task:update')
  if (row.workspace_id !== null) await workspaceFor(db.sql, actor, row.workspace_id, 'workspace:application_connect')
  const status = statusOf(factsOf(row))
  if (status !== 'active') {
    metrics.sendFailed('not_active')
    throw notActive(row, status)
  }
  const agent = agentApiOf(room, row)
  const isStable = (await reached(() => agent.status())) === 'stable'
  if (!isStable) {
    metrics.sendFailed('busy')
    throw new Fault('upstream', 'the agent of this task is at work and takes no message now', {
      fix: 'wait until it is idle, and send it again',
    })
  }
  await reached(() => agent.send(input.trim()))
  const now = clock.now()
  // It works from now on, and says so itself a moment later: who waits for its answer must not find it idle before that.
  const said = { app_slug: row.app_slug, state: 'working', message: '', uri: '', created_at: now.toISOString() }
  if (row.agent_id !== null) await updateLive(db.sql, row.agent_id, { app_status: JSON.stringify(said) })
  await db.transaction((tx) => appendAudit(tx, { scope, at: now, ...taskTold(row, 'send', input.length) }))

  async function reached<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask()
    } catch (thrown) {
      metrics.sendFailed(thrown instanceof Fault && thrown.message.includes('answered') ? 'refused' : 'unreachable')
      throw thrown
    }
  }
}

function notActive(row: TaskRow, status: ReturnType<typeof statusOf>): Fault {
  if (status === 'paused') {
    return new Fault('conflict', 'this task is paused, and nobody is there to hear it', {
      fix: 'resume it, wait until it is active, and send it then; that counts as an Agent Workspace Build',
    })
  }
  if (status === 'pending' || status === 'initializing') {
    return new Fault('conflict', 'this task is not active yet', { fix: 'wait until it is active, and send it then' })
  }
  const { error } = presentTask(row, { now: row.updated_at, showsWords: false })
  return new Fault('invalid', `this task cannot be talked to: ${error === '' ? `its state is ${status}` : error}`, {
    fix: 'look at its workspace; resume the task or delete it',
  })
}

export async function setTaskInput(
  room: TaskRoom,
  scope: Scope,
  ref: TaskRef,
  { input }: { readonly input: string },
): Promise<void> {
  const { db, clock } = room
  const row = await taskFor(room, signedIn(scope), ref, 'task:update')
  if (statusOf(factsOf(row)) !== 'paused') {
    throw new Fault('conflict', 'only a paused task is given another prompt', {
      fix: 'pause it first, or send it this',
    })
  }
  const now = clock.now()
  await db.transaction(async (tx) => {
    await updateTaskRow(tx, row.id, { prompt: input, updated_at: now })
    await appendAudit(tx, { scope, at: now, ...taskTold(row, 'input', input.length) })
  })
}

export async function pauseTask(
  room: TaskRoom,
  scope: Scope,
  ref: TaskRef,
): Promise<{ workspace_build: WorkspaceBuild }> {
  const row = await taskFor(room, signedIn(scope), ref, 'task:update')
  const status = statusOf(factsOf(row))
  if (status === 'paused') throw new Fault('conflict', 'this task is paused already')
  const workspaceId = workspaceOf(row)
  if (status === 'active') await takeSnapshot(room, row, snapshotMs)
  const reason = 'task_manual_pause'
  const wish = { transition: 'stop', reason } as const
  const workspace_build = await createBuild(room, scope, workspaceId, wish, recorded(scope, row, 'pause', reason))
  return { workspace_build }
}

export async function resumeTask(
  room: TaskRoom,
  scope: Scope,
  ref: TaskRef,
): Promise<{ workspace_build: WorkspaceBuild }> {
  const row = await taskFor(room, signedIn(scope), ref, 'task:update')
  const status = statusOf(factsOf(row))
  if (status !== 'paused' && status !== 'error') {
    throw new Fault('conflict', `only a paused task is resumed, or one in error; this one is ${status}`)
  }
  const limit = limitOf(row)
  if (limit !== '') {
    throw new Fault('conflict', `this task has reached its limit of ${limit}`, {
      fix: 'raise the limit, then resume it',
    })
  }
  const version = await findVersion(room.db.sql, row.template_version_id)
  const reason = 'task_resume'
  const wish = {
    transition: 'start' as const,
    reason,
    rich_parameter_values: version === undefined ? [] : legacyPromptAgain(version, row.prompt),
  }
  const workspace_build = await createBuild(
    room,
    scope,
    workspaceOf(row),
    wish,
    recorded(scope, row, 'resume', reason, { limit_reached: '' }),
  )
  return { workspace_build }
}

/** It is gone for everybody at once; its workspace goes with the build. */
export async function deleteTask(
  room: TaskRoom,
  scope: Scope,
  ref: TaskRef,
): Promise<{ workspace_build: WorkspaceBuild | null }> {
  const { db, clock } = room
  const row = await taskFor(room, signedIn(scope), ref, 'task:delete')
  const gone = (at: Date) => recorded(scope, row, 'delete', 'initiator', { deleted_at: at })
  if (row.workspace_id === null || row.workspace_deleted_at !== null) {
    const now = clock.now()
    await db.transaction((tx) => gone(now)(tx, now))
    return { workspace_build: null }
  }
  const wish = { transition: 'delete', reason: 'initiator' } as const
  const workspace_build = await createBuild(room, scope, row.workspace_id, wish, (tx, at) => gone(at)(tx, at))
  return { workspace_build }
}

function workspaceOf({ workspace_id: id, workspace_deleted_at: gone }: TaskRow): string {
  if (id !== null && gone === null) return id
  throw new Fault('conflict', 'this task has no workspace any more', { fix: 'delete it' })
}

/** In the transaction that begins the build: there is never one without the other. */
const recorded =
  (
    scope: Scope,
    row: TaskRow,
    action: 'pause' | 'resume' | 'delete',
    reason: string,
    set: Parameters<typeof updateTaskRow>[2] = {},
  ) =>
  async (tx: Tx, at: Date): Promise<void> => {
    const isThere = await updateTaskRow(tx, row.id, { ...set, updated_at: at })
    if (!isThere) throw new Fault('not_found', 'there is no such task')
    await appendAudit(tx, { scope, at, ...taskTurned(row, action, reason) })
  }
