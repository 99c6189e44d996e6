import type { Check } from '../schema.ts'
import { shown } from './checks.ts'

interface Field {
  readonly name: string
  readonly least: number
  readonly most: number
  readonly names?: readonly string[]
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const second: Field = { name: 'second', least: 0, most: 59 }
const minuteToWeekday: readonly Field[] = [
  { name: 'minute', least: 0, most: 59 },
  { name: 'hour', least: 0, most: 23 },
  { name: 'day of the month', least: 1, most: 31 },
  { name: 'month', least: 1, most: 12, names: months },
  { name: 'day of the week', least: 0, most: 6, names: days },
]
const shorthand = /^@(yearly|annually|monthly|weekly|daily|midnight|hourly|every (\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+)$/

/**
 * A schedule of a script: six fields that begin with the second, of which the last may be left out, or a shorthand such
 * as `@daily` or `@every 1h30m`; before either a time zone, as in `TZ=Europe/Berlin`.
 */
export const scriptCron: Check = (value) => {
  const schedule = String(value).replace(/^(CRON_)?TZ=\S+\s+/, '')
  if (shorthand.test(schedule)) return null
  const everyWeekday = schedule.trim().split(/\s+/).length === 5 ? ' *' : ''
  return wrongWithCron(schedule + everyWeekday, [second, ...minuteToWeekday])
}

/** A schedule of prebuilt workspaces: five fields; they are looked at by the hour, so the minute is `*`. */
export const prebuildCron: Check = (value) => {
  const wrong = wrongWithCron(String(value), minuteToWeekday)
  if (wrong !== null) return wrong
  return String(value).trim().startsWith('* ') ? null : `Its minute has to be *, in ${shown(value)}.`
}

function wrongWithCron(text: string, fields: readonly Field[]): string | null {
  const parts = text.trim().split(/\s+/)
  if (parts.length !== fields.length) {
    return `A schedule has ${fields.length} fields here (${fields.map(({ name }) => name).join(', ')}); ${shown(text)} has ${parts.length}.`
  }
  const bad = fields.find((field, index) => numbersOf(parts[index]!, field) === null)
  return bad === undefined ? null : `The ${bad.name} of the schedule ${shown(text)} cannot be read.`
}

/** The numbers that lists of values and ranges stand for, each with a step: `*`, `5`, `mon-fri`, `0-30/10`. */
function numbersOf(part: string, field: Field): ReadonlySet<number> | null {
  const numbers = new Set<number>()
  for (const piece of part.split(',')) {
    const [range = '', step, ...more] = piece.split('/')
    if (more.length > 0 || (step !== undefined && !/^[1-9]\d*$/.test(step))) return null
    const ends = isAny(range) ? [field.least, field.most] : range.split('-').map((end) => numberOf(end, field))
    const from = ends[0] ?? null
    // A step from a single value goes on to the end of the field.
    const to = ends.length === 1 && step === undefined ? from : ends.length === 1 ? field.most : (ends[1] ?? null)
    if (ends.length > 2 || from === null || to === null || from > to) return null
    for (let number = from; number <= to; number += Number(step ?? 1)) numbers.add(number)
  }
  return numbers
}

const isAny = (range: string) => range === '*' || range === '?'

/**
 * Whether two schedules of prebuilt workspaces may want different numbers of them at one hour. Either day counts where a
 * schedule names both, and one that is any day says nothing beside the other.
 */
export function prebuildCronsOverlap(one: string, other: string): boolean {
  const [mine, theirs] = [one.trim().split(/\s+/), other.trim().split(/\s+/)]
  const meet = (index: number): boolean => {
    const field = minuteToWeekday[index]!
    const numbers = numbersOf(theirs[index] ?? '', field)
    return [...(numbersOf(mine[index] ?? '', field) ?? [])].some((number) => numbers?.has(number))
  }
  const areAny = (index: number) => [mine, theirs].every((parts) => isAny(parts[index] ?? ''))
  const [hour, dayOfMonth, month, dayOfWeek] = [1, 2, 3, 4] as const
  if (!meet(hour) || !meet(month)) return false
  if (areAny(dayOfMonth)) return meet(dayOfWeek)
  return areAny(dayOfWeek) ? meet(dayOfMonth) : meet(dayOfMonth) || meet(dayOfWeek)
}

function numberOf(text: string, { least, most, names = [] }: Field): number | null {
  const named = names.indexOf(text.toLowerCase())
  if (named >= 0) return named + least
  if (!/^\d+$/.test(text)) return null
  const value = Number(text)
  return value >= least && value <= most ? value : null
}
