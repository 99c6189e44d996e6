import type { Uuid } from '@reeve/base'
import type { DayOfWeek } from '@reeve/sdk'
import { type Selectable, sql, type Updateable } from 'kysely'
import type { Schema } from '../db/__generated__/schema.ts'
import type { Executor, Tx } from '../db/database.ts'
import type { Ends, Lasting } from './deadlines.ts'

/** SQL of when workspaces start, stop, and were in use. */

type Requirement = Selectable<Schema['templates']>['autostart_requirement']

// SAFETY: written by the room of templates alone, as the contract has it.
export const autostartDaysOf = (requirement: Requirement): readonly DayOfWeek[] =>
  (requirement as unknown as { readonly days_of_week: readonly DayOfWeek[] }).days_of_week

/** A task has its workspace for itself. */
export const isTask = sql<boolean>`exists (select from tasks where workspace_id = w.id and deleted_at is null)`

/** What says how long a workspace may run. */
export async function findLasting(db: Executor, workspaceId: Uuid): Promise<Lasting | undefined> {
  const row = await db
    .selectFrom('workspaces as w')
    .innerJoin('templates as t', 't.id', 'w.template_id')
    .select(['w.ttl_ms', 't.allow_user_autostop', 't.default_ttl_ms', 't.activity_bump_ms', 't.autostop_requirement'])
    .select(isTask.as('is_task'))
    .where('w.id', '=', workspaceId)
    .executeTakeFirst()
  if (row === undefined) return undefined
  return {
    isTask: row.is_task,
    ttlMs: row.ttl_ms,
    template: {
      allowAutostop: row.allow_user_autostop,
      defaultTtlMs: row.default_ttl_ms,
      activityBumpMs: row.activity_bump_ms,
      // SAFETY: as above.
      autostop: row.autostop_requirement as unknown as Lasting['template']['autostop'],
    },
  }
}

export async function setEnds(db: Executor, buildId: Uuid, ends: Ends, at: Date): Promise<void> {
  await db
    .updateTable('workspace_builds')
    .set({ ...ends, updated_at: at })
    .where('id', '=', buildId)
    .execute()
}

const latest = sql<Uuid>`(select id from workspace_builds where workspace_id = w.id order by number desc limit 1)`

/** Use within so short a time is one use: rows are not written for every keystroke. */
const usedEveryMs = 30_000

/**
 * Somebody is at work in it: its stop moves on as far as its template lets it, and it does not become dormant. False
 * where that was said a moment ago.
 */
export async function noteUse(db: Executor, workspaceId: Uuid, now: Date): Promise<boolean> {
  const { rows } = await sql`
    with used as (
      update workspaces w set last_used_at = ${now}
      where w.id = ${workspaceId} and w.deleted_at is null and w.last_used_at <= ${new Date(now.getTime() - usedEveryMs)}
      returning ${latest} as build_id)
    update workspace_builds b
    set deadline = least(b.max_deadline, greatest(b.deadline, ${now}::timestamptz + b.bump_ms * interval '1 millisecond'))
    from used where b.id = used.build_id and b.deadline is not null
    returning b.id`.execute(db)
  return rows.length > 0
}

export async function updateWorkspace(tx: Tx, id: Uuid, set: Updateable<Schema['workspaces']>): Promise<void> {
  await tx.updateTable('workspaces').set(set).where('id', '=', id).execute()
}

export async function setFavorite(db: Executor, userId: Uuid, workspaceId: Uuid, isOne: boolean): Promise<void> {
  const row = { user_id: userId, workspace_id: workspaceId }
  if (isOne) {
    await db
      .insertInto('workspace_favorites')
      .values(row)
      .onConflict((conflict) => conflict.doNothing())
      .execute()
  } else {
    await db
      .deleteFrom('workspace_favorites')
      .where('user_id', '=', userId)
      .where('workspace_id', '=', workspaceId)
      .execute()
  }
}

export async function selectFavorites(db: Executor, userId: Uuid, ids: readonly Uuid[]): Promise<ReadonlySet<Uuid>> {
  if (ids.length === 0) return new Set()
  const rows = await db
    .selectFrom('workspace_favorites')
    .select('workspace_id')
    .where('user_id', '=', userId)
    .where('workspace_id', 'in', ids)
    .execute()
  return new Set(rows.map(({ workspace_id: id }) => id))
}
