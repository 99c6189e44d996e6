/** A schedule of a script, which says of each second whether the script is run then. */
export interface Schedule {
  /** Asked for one second after the other; `since` is when the schedule began. */
  isDue(at: Date, since: Date): boolean
}

interface Field {
  readonly least: number
  readonly most: number
  readonly names?: readonly string[]
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const fields: readonly Field[] = [
  { least: 0, most: 59 },
  { least: 0, most: 59 },
  { least: 0, most: 23 },
  { least: 1, most: 31 },
  { least: 1, most: 12, names: months },
  { least: 0, most: 6, names: days },
]

const shorthands: Readonly<Record<string, string>> = {
  '@yearly': '0 0 0 1 1 *',
  '@annually': '0 0 0 1 1 *',
  '@monthly': '0 0 0 1 * *',
  '@weekly': '0 0 0 * * 0',
  '@daily': '0 0 0 * * *',
  '@midnight': '0 0 0 * * *',
  '@hourly': '0 0 * * * *',
}

/**
 * Six fields (second, minute, hour, day of the month, month, day of the week, of which the last may be left out) or a
 * shorthand such as `@daily` and `@every 1h30m`, after a time zone such as `TZ=Europe/Berlin`: what the provider lets
 * templates say. Null for what is none. Where both days are named, either will do, as cron has it.
 */
export function readSchedule(text: string): Schedule | null {
  const [, zone = '', rest = ''] = /^(?:(?:CRON_)?TZ=(\S+)\s+)?(.*)$/s.exec(text.trim()) ?? []
  const every = /^@every\s+(.+)$/.exec(rest)
  if (every !== null) return everySoOften(secondsIn(every[1]!))
  const local = clockIn(zone)
  const parts = (shorthands[rest] ?? rest).split(/\s+/)
  const sets = (parts.length === 5 ? [...parts, '*'] : parts).map((part, index) => valuesOf(part, fields[index]))
  if (local === null || sets.length !== fields.length || sets.some((set) => set === null)) return null
  const [seconds, minutes, hours, monthDays, monthsOf, weekdays] = sets
  return {
    isDue(at) {
      const now = local(at)
      const isDay = monthDays!.has(now.day)
      const isWeekday = weekdays!.has(now.weekday)
      const areBothNamed = monthDays!.size < 31 && weekdays!.size < 7
      return (
        seconds!.has(now.second) &&
        minutes!.has(now.minute) &&
        hours!.has(now.hour) &&
        monthsOf!.has(now.month) &&
        (areBothNamed ? isDay || isWeekday : isDay && isWeekday)
      )
    },
  }
}

/** Lists of values and ranges, each with a step: `*`, `5`, `mon-fri`, `0-30/10`. */
function valuesOf(part: string, field: Field | undefined): ReadonlySet<number> | null {
  if (field === undefined) return null
  const found = new Set<number>()
  for (const piece of part.split(',')) {
    const [range = '', step = '1'] = piece.split('/')
    const isAll = range === '*' || range === '?'
    const [from, to] = isAll ? [field.least, field.most] : range.split('-').map((end) => valueOf(end, field))
    const last = to ?? (piece.includes('/') ? field.most : from)
    if (from === undefined || last === undefined || Number.isNaN(from + last) || !/^[1-9]\d*$/.test(step)) return null
    for (let value = from; value <= last; value += Number(step)) found.add(value)
  }
  return found
}

function valueOf(text: string, { least, most, names = [] }: Field): number {
  const named = names.indexOf(text.toLowerCase())
  const value = named >= 0 ? named + least : /^\d+$/.test(text) ? Number(text) : Number.NaN
  return value >= least && value <= most ? value : Number.NaN
}

const unitSeconds: Readonly<Record<string, number>> = { ns: 1e-9, us: 1e-6, µs: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3_600 }

function secondsIn(text: string): number {
  const pieces = text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)
  return [...pieces].reduce((sum, [, amount, unit]) => sum + Number(amount) * unitSeconds[unit!]!, 0)
}

/** Nothing is run more often than each second. */
function everySoOften(seconds: number): Schedule {
  const every = Math.max(1, Math.round(seconds))
  return {
    isDue(at, since) {
      const passed = Math.floor((at.getTime() - since.getTime()) / 1_000)
      return passed > 0 && passed % every === 0
    },
  }
}

interface LocalTime {
  readonly second: number
  readonly minute: number
  readonly hour: number
  readonly day: number
  readonly month: number
  readonly weekday: number
}

/** What a clock on the wall there shows; null for a zone that nobody knows. */
function clockIn(zone: string): ((at: Date) => LocalTime) | null {
  let format: Intl.DateTimeFormat
  try {
    format = new Intl.DateTimeFormat('en-US', {
      ...(zone === '' ? {} : { timeZone: zone }),
      hourCycle: 'h23',
      weekday: 'short',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
  } catch {
    return null
  }
  return (at) => {
    const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]))
    const number = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.get(type))
    return {
      second: number('second'),
      minute: number('minute'),
      hour: number('hour'),
      day: number('day'),
      month: number('month'),
      weekday: days.indexOf((parts.get('weekday') ?? '').toLowerCase()),
    }
  }
}
