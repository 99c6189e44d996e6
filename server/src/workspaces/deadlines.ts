import type { DayOfWeek } from '@reeve/sdk'
import { latestStop, type Schedule } from './schedule.ts'

/** What the deployment says of the times of workspaces. */
export interface Times {
  /** How long the workspace of a task may be idle whose template says nothing of it; 0: for ever. */
  readonly taskIdleMs: number
  /** When workspaces are stopped that have to stop on certain days. */
  readonly quietHours: Schedule
}

export interface Ends {
  readonly deadline: Date | null
  readonly max_deadline: Date | null
  readonly bump_ms: number
}

export interface Lasting {
  readonly isTask: boolean
  /** Of the workspace itself; null where the template says it. */
  readonly ttlMs: number | null
  readonly template: {
    readonly allowAutostop: boolean
    readonly defaultTtlMs: number
    readonly activityBumpMs: number
    readonly autostop: { readonly days_of_week: readonly DayOfWeek[]; readonly weeks: number }
  }
}

/**
 * When a workspace that was started now stops by itself. Work on a task buys it all of its time again, so that it is
 * paused when it was idle for that long; what people do in other workspaces moves the stop by what the template says.
 */
export function endsOf({ isTask, ttlMs, template }: Lasting, times: Times, now: Date): Ends {
  const own = template.allowAutostop ? ttlMs : null
  const ttl = own ?? (template.defaultTtlMs > 0 || !isTask ? template.defaultTtlMs : times.taskIdleMs)
  const latest = latestStop(template.autostop, times.quietHours, now)
  if (ttl === 0) return { deadline: latest, max_deadline: latest, bump_ms: 0 }
  const deadline = new Date(now.getTime() + ttl)
  return {
    deadline: latest !== null && latest < deadline ? latest : deadline,
    max_deadline: latest,
    bump_ms: isTask ? ttl : template.activityBumpMs,
  }
}

/** Nobody needs it: it does not start by itself any more, and goes when its time is up. */
export const asleep = (now: Date, deleteTtlMs: number) => ({
  dormant_at: now,
  deleting_at: deleteTtlMs === 0 ? null : new Date(now.getTime() + deleteTtlMs),
})

/** It is needed: the time that it may be unused begins again. */
export const awake = (now: Date) => ({ dormant_at: null, deleting_at: null, last_used_at: now })
