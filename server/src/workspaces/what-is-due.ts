import type { DayOfWeek, WorkspaceTransition } from '@reeve/sdk'
import { nextStart, readSchedule } from './schedule.ts'

/**
 * What the clock asks of workspaces. Nothing here reads or writes: the rows come in, what is to be done goes out, and
 * whoever does it looks at the row once more under its lock, so that two replicas do not both do it.
 *
 *   running ──deadline, at work──▶ running, later     ──deadline──▶ stopped (autostop; task_auto_pause)
 *   running ──its owner is suspended──▶ stopped (autostop)
 *   stopped ──the schedule──▶ started (autostart)
 *   start failed ──failure_ttl──▶ stopped (autostop)
 *   stop or delete failed ──some time, twice as long each time──▶ the same again, for the same reason
 *   any but those at work ──dormant_ttl without use──▶ dormant; stopped where it runs (dormancy)
 *   dormant ──delete_ttl──▶ deleted (autodelete)
 *
 * While a job of the workspace has not ended nothing is due. A build that somebody canceled is left as it is: that was
 * meant. What is to go away is tried for as long as it fails, since what it leaves behind costs money.
 */

export interface Standing {
  readonly transition: WorkspaceTransition
  /** Of the latest build, as `provisioner_jobs.status` has it. */
  readonly job: string
  /** When that job ended; null while it goes on. */
  readonly endedAt: Date | null
  readonly reason: string
  readonly deadline: Date | null
  /** How many builds with this transition failed, one after the other, up to the latest. */
  readonly failures: number
  readonly ownerIsActive: boolean
  readonly isTask: boolean
  /** Its agent is connected, and its app says that it is working. */
  readonly isWorking: boolean
  readonly autostart: string | null
  readonly autostartSetAt: Date | null
  readonly lastUsedAt: Date
  readonly dormantAt: Date | null
  readonly deletingAt: Date | null
  readonly maxDeadline: Date | null
  readonly template: {
    readonly allowAutostart: boolean
    readonly autostartDays: readonly DayOfWeek[]
    readonly failureTtlMs: number
    readonly dormantTtlMs: number
    /** Of one that nobody may make workspaces of any more, none starts by itself. */
    readonly isDeprecated: boolean
  }
}

export type Due =
  | { readonly kind: 'build'; readonly transition: WorkspaceTransition; readonly reason: string }
  /** It is at work: its stop moves on. */
  | { readonly kind: 'bump' }
  | { readonly kind: 'dormant' }

/** What else is looked at, and is the same for all. */
export interface Circumstances {
  readonly now: Date
  /** Builds wait that nobody takes up: one more would start at a time that nobody asked for. */
  readonly isQueueStuck: boolean
}

const minute = 60_000
const hour = 60 * minute
/** A start that nobody could make at its time, as the server was down, is made up for within so long. */
const lateStartMs = hour
const firstRetryMs = 5 * minute
const lastRetryMs = 6 * hour

export const retryAfterMs = (failures: number): number =>
  Math.min(lastRetryMs, firstRetryMs * 2 ** Math.min(20, Math.max(0, failures - 1)))

export function whatIsDue(each: Standing, circumstances: Circumstances): Due | null {
  const { endedAt, transition, job } = each
  if (endedAt === null || (transition === 'delete' && job === 'succeeded')) return null
  return retried(each, endedAt, circumstances) ?? aged(each, circumstances) ?? timely(each, endedAt, circumstances)
}

/** What had to go away and did not. */
function retried({ transition, job, reason, failures }: Standing, endedAt: Date, { now }: Circumstances): Due | null {
  if (transition === 'start' || job !== 'failed') return null
  return isPast(endedAt, retryAfterMs(failures), now) ? { kind: 'build', transition, reason } : null
}

/** Nobody needs it. */
function aged(each: Standing, { now }: Circumstances): Due | null {
  const { dormantAt, deletingAt, lastUsedAt, template, isWorking } = each
  if (dormantAt === null) {
    const isUnused = template.dormantTtlMs > 0 && isPast(lastUsedAt, template.dormantTtlMs, now)
    return isUnused && !isWorking ? { kind: 'dormant' } : null
  }
  const isToGo = deletingAt !== null && deletingAt <= now && each.transition !== 'delete'
  if (isToGo) return { kind: 'build', transition: 'delete', reason: 'autodelete' }
  return runs(each) ? { kind: 'build', transition: 'stop', reason: 'dormancy' } : null
}

const runs = ({ transition, job }: Standing): boolean => transition === 'start' && job === 'succeeded'

function timely(each: Standing, endedAt: Date, circumstances: Circumstances): Due | null {
  const { now } = circumstances
  const { job, transition, template, deadline, maxDeadline, isWorking, isTask, ownerIsActive } = each
  const stop = (reason: string): Due => ({ kind: 'build', transition: 'stop', reason })
  if (transition === 'start' && job === 'failed') {
    return template.failureTtlMs > 0 && isPast(endedAt, template.failureTtlMs, now) ? stop('autostop') : null
  }
  if (transition === 'stop') return starts(each, endedAt, circumstances)
  if (!runs(each)) return null
  if (!ownerIsActive) return stop('autostop')
  if (deadline === null || deadline > now) return null
  const mayGoOn = isWorking && (maxDeadline === null || maxDeadline > now)
  return mayGoOn ? { kind: 'bump' } : stop(isTask ? 'task_auto_pause' : 'autostop')
}

function starts(each: Standing, endedAt: Date, { now, isQueueStuck }: Circumstances): Due | null {
  const { job, dormantAt, ownerIsActive, template } = each
  if (job !== 'succeeded' || dormantAt !== null || !ownerIsActive || isQueueStuck || template.isDeprecated) return null
  const since = new Date(Math.max(endedAt.getTime(), now.getTime() - lateStartMs))
  const at = nextAutostart(each, since)
  return at !== null && at <= now ? { kind: 'build', transition: 'start', reason: 'autostart' } : null
}

/** The first start by itself after this moment, as schedule and template let it. */
export function nextAutostart(
  {
    autostart,
    autostartSetAt,
    template,
  }: Pick<Standing, 'autostart' | 'autostartSetAt'> & {
    readonly template: Pick<Standing['template'], 'allowAutostart' | 'autostartDays'>
  },
  since: Date,
): Date | null {
  if (autostart === null || !template.allowAutostart) return null
  const read = readSchedule(autostart)
  if ('problem' in read) return null
  const after = new Date(Math.max(since.getTime(), autostartSetAt?.getTime() ?? 0))
  return nextStart(read.schedule, after, template.autostartDays)
}

const isPast = (since: Date, afterMs: number, now: Date): boolean => since.getTime() + afterMs <= now.getTime()
