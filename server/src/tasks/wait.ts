import { setTimeout as pause } from 'node:timers/promises'
import { Fault } from '@reeve/base'
import { type Task, TaskWaitFor } from '@reeve/sdk'
import { type Scope, signedIn } from '../http/implement.ts'
import { statusOf } from './lifecycle.ts'
import { factsOf, stateOf } from './present.ts'
import type { TaskRow } from './queries.ts'
import { freshTask, shownTo, taskFor, type TaskRef } from './reachable.ts'
import type { TaskRoom } from './task-room.ts'

/** For pipelines, which ask until a task is where they want it. */

const usual: readonly TaskWaitFor[] = ['idle', 'done', 'paused', 'failed']
const timeoutSeconds = 30
const lookMs = 500

export async function waitForTask(
  room: TaskRoom,
  scope: Scope,
  ref: TaskRef,
  query: { readonly until?: string | undefined; readonly timeout?: number | undefined },
): Promise<{ reached: TaskWaitFor | null; task: Task }> {
  const { clock } = room
  const actor = signedIn(scope)
  const until = query.until === undefined ? usual : readUntil(query.until)
  // Who waits for its end asks on when it is deleted already.
  let row = await taskFor(room, actor, ref, 'task:read', { alsoDeleted: until.includes('deleted') })
  const endMs = clock.monotonicMs() + (query.timeout ?? timeoutSeconds) * 1_000
  for (;;) {
    const reached = until.find((one) => isAt(row, one)) ?? null
    const leftMs = endMs - clock.monotonicMs()
    if (reached !== null || leftMs <= 0 || scope.signal.aborted) return { reached, task: shownTo(room, actor, row) }
    await pause(Math.min(lookMs, leftMs), undefined, { signal: scope.signal }).catch(() => {})
    row = await freshTask(room, row.id)
  }
}

function isAt(row: TaskRow, wanted: TaskWaitFor): boolean {
  const status = statusOf(factsOf(row))
  const state = status === 'active' ? stateOf(row)?.state : undefined
  const isGone = row.deleted_at !== null && (row.workspace_id === null || row.workspace_deleted_at !== null)
  switch (wanted) {
    case 'deleted':
      return isGone
    case 'active':
      return status === 'active'
    case 'paused':
      return status === 'paused'
    case 'failed':
      return status === 'error' || state === 'failed'
    case 'idle':
      return state === 'idle'
    case 'done':
      return state === 'complete'
  }
}

function readUntil(text: string): TaskWaitFor[] {
  return text.split(',').map((one) => {
    const { success, data } = TaskWaitFor.safeParse(one)
    if (success) return data
    const detail = `is of ${TaskWaitFor.options.join(', ')}; not ${one}`
    throw new Fault('invalid', 'nobody can wait for that', { problems: [{ field: 'until', detail }] })
  })
}
