import type { Uuid } from '@reeve/base'
import type { BuildReason, BuildTrigger } from '@reeve/sdk'

interface Named {
  readonly id: Uuid
  readonly name: string
}

/** A build of a workspace whose job has ended, as its row is in the transaction that ends it. */
export interface FinishedBuild {
  readonly id: Uuid
  readonly job: 'succeeded' | 'failed' | 'canceled'
  readonly transition: 'start' | 'stop' | 'delete'
  /** 1 is the first of the workspace. */
  readonly number: number
  /** Who or what wanted it: `initiator`, `dashboard`, `cli`, `autostart`, `task_resume`, … */
  readonly reason: string
  readonly organization: Named
  readonly template: Named
  readonly templateVersion: Named
  readonly owner: Named
  readonly workspace: Named
  /** The task that owns the workspace; null for a workspace of a person. */
  readonly task: (Named & { readonly isDeleted: boolean }) | null
}

export interface Decision {
  readonly counted: boolean
  readonly trigger: BuildTrigger
  readonly reason: BuildReason
}

/**
 * Whether a build is an Agent Workspace Build: its job succeeded, it was a start, and a task that is not deleted owns the
 * workspace. What the template contains is of no account, nor who started it. Null for what is no start: it can count
 * for nobody, and is not written down.
 */
export function counts(
  build: Pick<FinishedBuild, 'job' | 'transition' | 'number' | 'reason' | 'task'>,
): Decision | null {
  const { job, transition, task } = build
  if (transition !== 'start') return null
  const trigger = triggerOf(build)
  const not = (reason: BuildReason): Decision => ({ counted: false, trigger, reason })
  if (task === null) return not('no_task')
  if (task.isDeleted) return not('task_deleted')
  if (job !== 'succeeded') return not(job === 'failed' ? 'start_failed' : 'start_canceled')
  return { counted: true, trigger, reason: reasonOf[trigger] }
}

const reasonOf: Readonly<Record<BuildTrigger, BuildReason>> = {
  create: 'task_created',
  resume: 'task_resumed',
  manual_start: 'task_workspace_started',
  autostart: 'task_workspace_autostarted',
}

function triggerOf({ number, reason }: Pick<FinishedBuild, 'number' | 'reason'>): BuildTrigger {
  if (number === 1) return 'create'
  if (reason === 'task_resume') return 'resume'
  return reason === 'autostart' ? 'autostart' : 'manual_start'
}
