import type { Task, TaskDetails } from '@reeve/sdk'
import { sql } from 'kysely'
import type { Actor } from '../access/actor.ts'
import { visibility } from '../access/policy.ts'
import { visibleRows } from '../access/sql-filter.ts'
import { type AuditDiff, appendAudit } from '../audit/journal.ts'
import { type Scope, signedIn } from '../http/implement.ts'
import { taskChanged } from './events.ts'
import { limitOf } from './lifecycle.ts'
import { presentDetails } from './present.ts'
import { countTasks, selectSessionIds, selectTasks, type TaskRow, updateTaskRow } from './queries.ts'
import { freshTask, shownTo, taskFor, type TaskRef } from './reachable.ts'
import { readSearch } from './search.ts'
import type { TaskRoom } from './task-room.ts'

/** Tasks: listed, looked at, and called something else. */

export async function listTasks(
  room: TaskRoom,
  actor: Actor,
  query: {
    readonly q?: string | undefined
    readonly after_id?: string | undefined
    readonly limit?: number | undefined
  },
): Promise<{ tasks: Task[]; count: number }> {
  const { db, clock } = room
  const { q = '', after_id: afterId = null, limit = 25 } = query
  const filter = readSearch(q, actor.username)
  const visible = visibleRows(visibility(actor, 'task:read'), {
    id: sql`k.id`,
    owner: sql`k.owner_id`,
    organization: sql`k.organization_id`,
    accessList: null,
  })
  const [rows, count] = await Promise.all([
    selectTasks(db.sql, visible, filter, { afterId, limit, now: clock.now() }),
    countTasks(db.sql, visible, filter),
  ])
  return { tasks: rows.map((row) => shownTo(room, actor, row)), count }
}

const sessionsMax = 20

export async function detailsOf(room: TaskRoom, actor: Actor, row: TaskRow): Promise<TaskDetails> {
  return presentDetails(shownTo(room, actor, row), await selectSessionIds(room.db.sql, row, sessionsMax))
}

export const getTask = async (room: TaskRoom, actor: Actor, ref: TaskRef): Promise<TaskDetails> =>
  detailsOf(room, actor, await taskFor(room, actor, ref, 'task:read'))

export interface Limits {
  readonly token_budget?: number | null | undefined
  readonly time_limit_seconds?: number | null | undefined
  readonly on_limit?: Task['on_limit'] | undefined
}

interface Change extends Limits {
  readonly display_name?: string | undefined
  readonly labels?: Readonly<Record<string, string>> | undefined
}

const changeable = ['display_name', 'labels', 'token_budget', 'time_limit_seconds', 'on_limit'] as const

/** A limit that was reached is one no more where there is room again; the task stays paused until it is resumed. */
export async function changeTask(room: TaskRoom, scope: Scope, ref: TaskRef, change: Change): Promise<TaskDetails> {
  const { db, clock } = room
  const actor = signedIn(scope)
  const row = await taskFor(room, actor, ref, 'task:update')
  const diff: Record<string, AuditDiff[string]> = {}
  for (const field of changeable) {
    const value = change[field]
    if (value !== undefined && JSON.stringify(value) !== JSON.stringify(row[field])) {
      diff[field] = { old: row[field], new: value }
    }
  }
  if (Object.keys(diff).length > 0) {
    const now = clock.now()
    const limited = {
      token_budget: change.token_budget === undefined ? row.token_budget : change.token_budget,
      time_limit_seconds: change.time_limit_seconds === undefined ? row.time_limit_seconds : change.time_limit_seconds,
    }
    const isFree = limitOf({ ...row, ...limited }) === ''
    await db.transaction(async (tx) => {
      await updateTaskRow(tx, row.id, {
        ...limited,
        display_name: change.display_name ?? row.display_name,
        labels: JSON.stringify(change.labels ?? row.labels),
        on_limit: change.on_limit ?? row.on_limit,
        ...(isFree ? { limit_reached: '' } : {}),
        updated_at: now,
      })
      await appendAudit(tx, { scope, at: now, ...taskChanged(row, diff) })
    })
  }
  return detailsOf(room, actor, await freshTask(room, row.id))
}
