import type { Uuid } from '@reeve/base'
import type { AuditDiff, AuditEntry } from '../audit/journal.ts'

/** The audit entries of this room, as data. What was said to an agent, and by it, is in none of them. */
export type TaskAudit = Omit<AuditEntry, 'scope' | 'at'>

interface OfTask {
  readonly id: Uuid
  readonly name: string
  readonly organization_id: Uuid
}

const about = (task: OfTask) => ({
  resourceType: 'task',
  resourceId: task.id,
  resourceTarget: task.name,
  organizationId: task.organization_id,
})

const made = (fields: Readonly<Record<string, unknown>>): AuditDiff =>
  Object.fromEntries(
    Object.entries(fields)
      .filter(([, value]) => value !== null)
      .map(([name, value]) => [name, { old: null, new: value }]),
  )

interface NewTask extends OfTask {
  readonly owner_id: Uuid
  readonly template_version_id: Uuid
  readonly workspace_id: Uuid
  readonly token_budget: number | null
  readonly time_limit_seconds: number | null
  readonly on_limit: string
  readonly forked_from: Uuid | null
}

export const taskCreated = (task: NewTask): TaskAudit => ({
  action: 'create',
  ...about(task),
  diff: made({
    name: task.name,
    owner_id: task.owner_id,
    template_version_id: task.template_version_id,
    workspace_id: task.workspace_id,
    token_budget: task.token_budget,
    time_limit_seconds: task.time_limit_seconds,
    on_limit: task.on_limit,
    forked_from: task.forked_from,
  }),
})

export const taskChanged = (task: OfTask, diff: AuditDiff): TaskAudit => ({ action: 'write', ...about(task), diff })

/** `pause`, `resume` and `delete` with what they were done for; the build has an entry of its own. */
export const taskTurned = (task: OfTask, action: 'pause' | 'resume' | 'delete', reason: string): TaskAudit => ({
  action,
  ...about(task),
  diff: made({ reason }),
})

export const limitReached = (task: OfTask, limit: 'tokens' | 'time', used: number): TaskAudit => ({
  action: 'limit',
  ...about(task),
  diff: made({ limit_reached: limit, used }),
})

/** That it was said something to, or given another prompt: how long that was, and nothing of it. */
export const taskTold = (task: OfTask, action: 'send' | 'input', chars: number): TaskAudit => ({
  action,
  ...about(task),
  diff: made({ chars }),
})

/** Somebody read the words of somebody else. */
export const wordsRead = (task: OfTask): TaskAudit => ({ action: 'read_log', ...about(task) })
