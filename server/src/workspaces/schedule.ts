import { DayOfWeek } from '@reeve/sdk'
import { Cron } from 'croner'

/**
 * When workspaces start by themselves: five fields of cron, with a time zone before them as crontabs have it,
 * `CRON_TZ=Europe/Berlin 30 9 * * 1-5`. The hour and the minute are one each, since a workspace starts once a day; which
 * days is what the last field says. Where the clocks change, an hour that is left out starts after it, and one that
 * comes twice starts once.
 */
export interface Schedule {
  readonly pattern: string
  readonly timeZone: string
}

export type ReadSchedule = { readonly schedule: Schedule } | { readonly problem: string }

const fields = /^(?:(?:CRON_)?TZ=(\S+)\s+)?(\d{1,2})\s+(\d{1,2})\s+\*\s+\*\s+(\S+)$/

export function readSchedule(text: string): ReadSchedule {
  const found = fields.exec(text.trim())
  if (found === null) {
    return { problem: 'is not CRON_TZ=zone minute hour * * days, such as CRON_TZ=Europe/Berlin 30 9 * * 1-5' }
  }
  const [, timeZone = 'UTC', minute = '', hour = '', days = ''] = found
  if (!isTimeZone(timeZone)) return { problem: `names the time zone ${timeZone}, which there is not` }
  const schedule = { pattern: `${minute} ${hour} * * ${days}`, timeZone }
  try {
    cronOf(schedule)
  } catch {
    return { problem: `has fields that cron does not know: ${schedule.pattern}` }
  }
  return { schedule }
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

const cronOf = ({ pattern, timeZone }: Schedule): Cron =>
  new Cron(pattern, { timezone: timeZone, paused: true, mode: '5-part' })

/** A schedule names seven days at most: further than this many starts there is none that a template lets be. */
const startsAhead = 14

/** The first start after this moment on a day that the template allows; the day is that of the schedule's zone. */
export function nextStart(schedule: Schedule, after: Date, allowed: readonly DayOfWeek[]): Date | null {
  if (allowed.length === 0) return null
  const starts = cronOf(schedule).nextRuns(startsAhead, after)
  return starts.find((at) => allowed.includes(dayOf(at, schedule.timeZone))) ?? null
}

export function dayOf(at: Date, timeZone: string): DayOfWeek {
  const name = new Intl.DateTimeFormat('en-US', { timeZone, weekday: 'long' }).format(at)
  return DayOfWeek.parse(name.toLowerCase())
}

const weekMs = 7 * 86_400_000
/** A Monday; weeks are counted from it, so that all workspaces of a deployment have the same ones. */
const firstMonday = Date.UTC(2024, 0, 1)
const weeksAhead = 33

/**
 * When a workspace that started at this moment has to stop at the latest: at the quiet hour of one of these days, in
 * every so many weeks. Null where the template asks for none.
 */
export function latestStop(
  { days_of_week: days, weeks }: { readonly days_of_week: readonly DayOfWeek[]; readonly weeks: number },
  quiet: Schedule,
  startedAt: Date,
): Date | null {
  if (days.length === 0) return null
  // One that starts within the quiet hour is not stopped at once.
  const after = new Date(startedAt.getTime() + 3_600_000)
  const hours = cronOf({ ...quiet, pattern: quiet.pattern.replace(/\S+$/, '*') }).nextRuns(weeksAhead * 7, after)
  const isOfWeek = (at: Date): boolean => Math.floor((at.getTime() - firstMonday) / weekMs) % weeks === 0
  return hours.find((at) => days.includes(dayOf(at, quiet.timeZone)) && isOfWeek(at)) ?? null
}
