import { Fault, toError } from '@reeve/base'
import { type AgentApiMessage, type TaskLogEntry, taskSnapshotBytesMax } from '@reeve/sdk'
import type { Actor } from '../access/actor.ts'
import { speaking } from '../agents/speaking.ts'
import { appendAudit } from '../audit/journal.ts'
import { type Scope, signedIn } from '../http/implement.ts'
import { type AgentApi, openAgentApi } from './agent-api.ts'
import { wordsRead } from './events.ts'
import { statusOf } from './lifecycle.ts'
import { factsOf } from './present.ts'
import { findSnapshot, findTask, type TaskRow } from './queries.ts'
import { demandWords, taskFor, type TaskRef } from './reachable.ts'
import { keepSnapshot } from './snapshot.ts'
import type { TaskRoom } from './task-room.ts'

/** What was said in a task: asked of its agent while that is there, and read from what was kept while it is not. */

export function agentApiOf({ dial }: Pick<TaskRoom, 'dial'>, row: TaskRow, timeoutMs?: number): AgentApi {
  // SAFETY: the column is written by the end of the build alone, in this shape.
  const apps = (row.agent_apps ?? []) as readonly { slug: string; url: string }[]
  const app = apps.find(({ slug }) => slug === row.app_slug)
  if (row.agent_id === null || app === undefined) {
    throw new Fault('upstream', 'this task has no app through which it could be talked to')
  }
  return openAgentApi(dial, { agentId: row.agent_id, url: app.url }, timeoutMs)
}

export const entryOf = ({ id, role, content, time }: AgentApiMessage): TaskLogEntry => ({
  id,
  content,
  type: role === 'user' ? 'input' : 'output',
  time,
})

/** Of other people each time on record. */
export async function readWords({ db, clock }: TaskRoom, scope: Scope, actor: Actor, row: TaskRow): Promise<void> {
  demandWords(actor, row)
  if (row.owner_id === actor.userId) return
  await db.transaction((tx) => appendAudit(tx, { scope, at: clock.now(), ...wordsRead(row) }))
}

export interface TaskLogs {
  readonly logs: TaskLogEntry[]
  readonly snapshot?: boolean
  readonly snapshot_at?: string
}

export async function logsOf(
  room: TaskRoom,
  scope: Scope,
  ref: TaskRef,
  { after = -1 }: { readonly after?: number | undefined },
): Promise<TaskLogs> {
  const actor = signedIn(scope)
  const row = await taskFor(room, actor, ref, 'task:read')
  await readWords(room, scope, actor, row)
  const status = statusOf(factsOf(row))
  const news = (messages: readonly AgentApiMessage[]) => messages.filter(({ id }) => id > after).map(entryOf)
  if (status === 'active') return { logs: news(await agentApiOf(room, row).messages()) }
  if (status === 'error' || status === 'unknown') {
    throw new Fault('conflict', `nothing can be read of a task in this state: ${status}`, {
      fix: 'look at its workspace: the log of the build and of the agent say what happened; then resume or delete it',
    })
  }
  const logs = news(await findSnapshot(room.db.sql, row.id))
  return { logs, snapshot: true, ...(row.snapshot_at === null ? {} : { snapshot_at: row.snapshot_at.toISOString() }) }
}

/** What the agent said so far is kept. False where it could not be asked. */
export async function takeSnapshot(room: TaskRoom, row: TaskRow, timeoutMs: number): Promise<boolean> {
  try {
    const messages = await agentApiOf(room, row, timeoutMs).messages()
    return await keepSnapshot(room.db.sql, row.id, messages, room.clock.now())
  } catch (thrown) {
    room.log.debug({ err: toError(thrown), task: row.id }, 'the conversation of a task could not be kept')
    return false
  }
}

/** From whoever has the token of the agent of its workspace; of other tasks it knows nothing. */
export async function takeGivenSnapshot(
  { db, clock }: TaskRoom,
  scope: Scope,
  id: string,
  { messages }: { readonly messages: readonly AgentApiMessage[] },
): Promise<void> {
  const agent = await speaking({ db }, scope)
  if (Buffer.byteLength(JSON.stringify(messages)) > taskSnapshotBytesMax) {
    throw new Fault('too_large', `a snapshot has ${taskSnapshotBytesMax / 1024} KiB at most`)
  }
  const row = await findTask(db.sql, id, clock.now())
  if (row === undefined || row.deleted_at !== null || row.workspace_id !== agent.workspace_id) {
    throw new Fault('not_found', 'there is no such task in this workspace')
  }
  await keepSnapshot(db.sql, id, messages, clock.now())
}
