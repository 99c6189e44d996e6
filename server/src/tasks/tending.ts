import { Fault, toError, type Uuid, uuidv7 } from '@reeve/base'
import { appendAudit, type AuditEntry } from '../audit/journal.ts'
import type { Tx } from '../db/database.ts'
import { enqueue } from '../outbox/outbox.ts'
import { beginBuild } from '../workspaces/begin-build.ts'
import { lockWorkspace } from '../workspaces/queries.ts'
import { takeSnapshot } from './conversation.ts'
import { limitReached, taskTurned } from './events.ts'
import { limitOf, type Phase, phaseAfter, phases, type Seen, statusOf } from './lifecycle.ts'
import { errorOf, factsOf, reasonOf, stateOf } from './present.ts'
import { addUpTokens, findTask, notePhase, selectOpen, type TaskRow, updateTaskRow } from './queries.ts'
import type { TaskRoom } from './task-room.ts'

/**
 * What happens to tasks by itself. Every server looks at all of them, and each thing is done by the one whose write comes
 * first: what a task came to is noted and told in one transaction, which changes nothing where somebody was quicker; and
 * a limit is marked, and the build for it begun, under the lock of the workspace.
 */
export async function tendTasks(room: TaskRoom, signal: AbortSignal): Promise<void> {
  const { db, clock } = room
  const now = clock.now()
  const since = new Date(now.getTime() - lateMs)
  const before = await selectOpen(db.sql, { now, since })
  const running = before.filter((row) => row.deleted_at === null && row.workspace_id !== null)
  const isMore = await addUpTokens(
    db.sql,
    running.map(({ id }) => id),
  )
  const rows = isMore ? await selectOpen(db.sql, { now: clock.now(), since }) : before
  for (const row of rows) {
    if (signal.aborted) return
    await tend(room, row).catch((thrown: unknown) =>
      room.log.warn({ err: toError(thrown), task: row.id }, 'a task could not be looked after'),
    )
  }
}

/** A request that was under way when the task was paused is on record a little later. */
const lateMs = 10 * 60_000

async function tend(room: TaskRoom, row: TaskRow): Promise<void> {
  await noteWhatItCameTo(room, row)
  if (row.deleted_at === null) await holdToItsLimits(room, row)
}

const snapshotMs = 5_000

async function noteWhatItCameTo(room: TaskRoom, row: TaskRow): Promise<void> {
  const { db, clock, metrics } = room
  const status = statusOf(factsOf(row))
  const seen: Seen = { status, state: stateOf(row)?.state ?? null, isDeleted: row.deleted_at !== null }
  const last = phases.find((one) => one === row.noted_phase) ?? 'created'
  const next = phaseAfter(last, seen)
  if (next === last) return
  // Whoever opens it later finds what was said, also when its workspace has gone down with no warning.
  if (status === 'active' && next !== 'working') await takeSnapshot(room, row, snapshotMs)
  const at = clock.now()
  const isFirst = status === 'active' && row.active_at === null
  const isOurs = await db.transaction(async (tx) => {
    const isNoted = await notePhase(tx, row.id, { from: last, to: next, at, activeAt: isFirst ? at : null })
    if (isNoted) await tell(tx, row, next, at)
    return isNoted
  })
  if (!isOurs) return
  metrics.transition(next)
  if (isFirst) metrics.activeAfter((at.getTime() - row.created_at.getTime()) / 1_000)
}

/** Its owner is told, by the ways that he chose; and with that the webhook of the deployment. */
async function tell(tx: Tx, row: TaskRow, phase: Phase, at: Date): Promise<void> {
  const task = nameOf(row)
  const common = { task, id: row.id, template: row.template_name }
  const to = { userIds: [row.owner_id], at } as const
  switch (phase) {
    case 'created':
      return
    case 'resumed':
      return enqueue(tx, { event: 'task-resumed', facts: { ...common, reason: row.build_reason ?? '' }, ...to })
    case 'working':
      return enqueue(tx, { event: 'task-working', facts: common, ...to })
    case 'idle':
      return enqueue(tx, { event: 'task-idle', facts: common, ...to })
    case 'complete':
      return enqueue(tx, { event: 'task-completed', facts: common, ...to })
    case 'paused':
      return enqueue(tx, { event: 'task-paused', facts: { ...common, reason: reasonOf(row) }, ...to })
    case 'failed':
      return enqueue(tx, { event: 'task-failed', facts: { ...common, reason: failureOf(row) }, ...to })
    case 'deleted':
      return enqueue(tx, { event: 'task-deleted', facts: common, ...to })
  }
}

const nameOf = (row: TaskRow): string => (row.display_name === '' ? row.name : row.display_name)

const failureOf = (row: TaskRow): string => {
  const error = errorOf(row, factsOf(row))
  return error === '' ? 'Its agent says that it failed.' : error
}

/** No person does it. */
const systemScope = (now: Date): AuditEntry['scope'] => ({
  actor: null,
  requestId: uuidv7(now),
  sourceIp: null,
  userAgent: null,
})

async function holdToItsLimits(room: TaskRoom, row: TaskRow): Promise<void> {
  if (limitOf(row) === '' || !isRunning(row)) return
  const { db, clock } = room
  if (statusOf(factsOf(row)) === 'active') await takeSnapshot(room, row, snapshotMs)
  try {
    const isOurs = await db.transaction(async (tx) => {
      const workspaceId = row.workspace_id
      if (workspaceId === null || !(await lockWorkspace(tx, workspaceId))) return false
      const now = clock.now()
      const fresh = await findTask(tx, row.id, now)
      const limit = fresh === undefined ? '' : limitOf(fresh)
      if (fresh === undefined || fresh.deleted_at !== null || limit === '' || !isRunning(fresh)) return false
      await markLimit(tx, fresh, limit, now)
      const isEnd = fresh.on_limit === 'delete'
      await endBuild(tx, fresh, workspaceId, {
        transition: isEnd ? 'delete' : 'stop',
        reason: `task_limit_${limit}`,
        now,
      })
      return true
    })
    if (isOurs) room.metrics.transition('limit_reached')
  } catch (thrown) {
    // Another build is under way: it is looked at again when that has ended.
    if (!(thrown instanceof Fault) || thrown.code !== 'conflict') throw thrown
  }
}

/** A start that went well, with nothing begun after it. */
const isRunning = ({ build_transition: transition, job_status: job }: TaskRow): boolean =>
  transition === 'start' && job === 'succeeded'

async function markLimit(tx: Tx, row: TaskRow, limit: 'tokens' | 'time', at: Date): Promise<void> {
  const used = limit === 'tokens' ? row.tokens_used : row.seconds_used
  const bound = limit === 'tokens' ? row.token_budget : row.time_limit_seconds
  const isDeleted = row.on_limit === 'delete'
  await updateTaskRow(tx, row.id, { limit_reached: limit, updated_at: at, ...(isDeleted ? { deleted_at: at } : {}) })
  await appendAudit(tx, { scope: systemScope(at), at, ...limitReached(row, limit, used) })
  const facts = {
    task: nameOf(row),
    id: row.id,
    template: row.template_name,
    limit,
    used: `${used}`,
    bound: `${bound}`,
  }
  await enqueue(tx, { event: 'task-limit-reached', userIds: [row.owner_id], facts, at })
}

interface End {
  readonly transition: 'stop' | 'delete'
  readonly reason: string
  readonly now: Date
}

async function endBuild(tx: Tx, row: TaskRow, workspaceId: Uuid, { transition, reason, now }: End): Promise<void> {
  const scope = systemScope(now)
  const { organization_id, template_id } = row
  const workspace = { id: workspaceId, name: row.workspace_name ?? row.name, organization_id, template_id }
  await appendAudit(tx, { scope, at: now, ...taskTurned(row, transition === 'stop' ? 'pause' : 'delete', reason) })
  await beginBuild(tx, scope, { workspace, transition, versionId: null, values: {}, reason, orphan: false, now })
}
