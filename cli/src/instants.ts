import { Fault } from '@reeve/base'

/** Times as people write and read them: what `--since` accepts, and how an instant is shown. */

const dayMs = 86_400_000
const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

interface Place {
  readonly width: number | null
  readonly now: Date
  readonly timeZone: string | undefined
}

/** On a terminal how long ago; elsewhere RFC 3339, in the chosen zone when one was chosen. */
export function showInstant(instant: string, place: Place): string {
  const at = new Date(instant)
  if (Number.isNaN(at.getTime())) return ''
  if (place.width !== null && place.timeZone === undefined) return ago(at, place.now)
  return place.timeZone === undefined ? instant : withOffset(at, place.timeZone)
}

/** `Tue 17 Nov 2026, 03:00:00 Europe/Berlin` */
export function longInstant(instant: string, timeZone: string | undefined): string {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  })
  const part = Object.fromEntries(format.formatToParts(new Date(instant)).map(({ type, value }) => [type, value]))
  const day = `${part['weekday']} ${part['day']} ${part['month']} ${part['year']}`
  return `${day}, ${part['hour']}:${part['minute']}:${part['second']} ${format.resolvedOptions().timeZone}`
}

export function ago(at: Date, now: Date): string {
  const seconds = Math.round((now.getTime() - at.getTime()) / 1000)
  const [count, unit] = largestUnit(Math.abs(seconds))
  if (count === 0) return 'now'
  return seconds < 0 ? `in ${count}${unit}` : `${count}${unit} ago`
}

function largestUnit(seconds: number): [number, string] {
  if (seconds < 60) return [seconds, 's']
  if (seconds < 3600) return [Math.floor(seconds / 60), 'm']
  if (seconds < 48 * 3600) return [Math.floor(seconds / 3600), 'h']
  return [Math.floor(seconds / 86_400), 'd']
}

/**
 * Reads RFC 3339, a date, `-24h`, `now`, `today`, `yesterday 14:00`, `tue 03:00`, `last tue` or `03:00`, the last five
 * in the given zone. A weekday is the latest one that has begun; a time of day alone is the latest that has passed.
 */
export function readInstant(
  text: string,
  now: Date,
  timeZone: string | undefined,
  parseMs: (text: string) => number | null,
): Date {
  const words = text.trim().toLowerCase()
  if (words === 'now') return now
  const back = words.startsWith('-') ? parseMs(words.slice(1)) : null
  if (back !== null) return new Date(now.getTime() - back)
  if (/^\d{4}-\d\d-\d\dt\d\d:\d\d(:\d\d(\.\d+)?)?(z|[+-]\d\d:\d\d)$/.test(words)) {
    const at = new Date(words.toUpperCase())
    if (!Number.isNaN(at.getTime())) return at
  }
  const read = readLocal(words, now, timeZone)
  if (read !== null) return read
  throw new Fault('invalid', `"${text}" is not a time`, {
    fix: 'write it like 2026-11-17T03:00:00Z, 2026-11-17, -24h, "yesterday 14:00" or "last tue 03:00"',
  })
}

function readLocal(words: string, now: Date, timeZone: string | undefined): Date | null {
  const found = /^(?:(\d{4})-(\d\d)-(\d\d)|(?:last )?([a-z]+))?(?:(?:^|[ t])(\d\d?):(\d\d)(?::(\d\d))?)?$/.exec(words)
  if (found === null || words === '') return null
  const [, year, month, day, name, hour = '0', minute = '0', second = '0'] = found
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return null
  const timeMs = (Number(hour) * 3600 + Number(minute) * 60 + Number(second)) * 1000
  if (year !== undefined) {
    const date = Date.UTC(Number(year), Number(month) - 1, Number(day))
    // The 31st of February is not a date, though JavaScript would count on.
    return new Date(date).toISOString().startsWith(`${year}-${month}-${day}`) ? fromWall(date + timeMs, timeZone) : null
  }
  const today = Math.floor(toWall(now, timeZone) / dayMs) * dayMs
  const back = name === undefined ? 0 : daysBack(name, new Date(today).getUTCDay())
  if (back === null) return null
  const at = fromWall(today - back * dayMs + timeMs, timeZone)
  const cycle = name === undefined ? 1 : 7
  const mayNotBeAhead = name !== 'today' && name !== 'yesterday'
  return mayNotBeAhead && at > now ? fromWall(today - (back + cycle) * dayMs + timeMs, timeZone) : at
}

function daysBack(name: string, weekday: number): number | null {
  if (name === 'today') return 0
  if (name === 'yesterday') return 1
  const wanted = name.length < 3 ? -1 : weekdays.indexOf(name.slice(0, 3))
  const full = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'][wanted]
  return full === undefined || !full.startsWith(name) ? null : (weekday - wanted + 7) % 7
}

/** The zone's wall clock at an instant, as if it were UTC. */
function toWall(at: Date, timeZone: string | undefined): number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]))
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part
  return Date.UTC(year, month - 1, day, hour, minute, second)
}

/** The instant at which the zone's clock shows this. An hour that the clock skips is the one after it. */
function fromWall(wall: number, timeZone: string | undefined): Date {
  const offset = (at: number) => toWall(new Date(at), timeZone) - Math.floor(at / 1000) * 1000
  const first = wall - offset(wall)
  return new Date(wall - offset(first))
}

function withOffset(at: Date, timeZone: string): string {
  const wall = toWall(at, timeZone)
  const minutes = Math.round((wall - at.getTime()) / 60_000)
  const sign = minutes < 0 ? '-' : '+'
  const two = (n: number) => String(Math.floor(n)).padStart(2, '0')
  const ms = String(at.getUTCMilliseconds()).padStart(3, '0')
  return `${new Date(wall).toISOString().slice(0, 19)}.${ms}${sign}${two(Math.abs(minutes) / 60)}:${two(Math.abs(minutes) % 60)}`
}

export function checkTimeZone(name: string): string {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions().timeZone
  } catch {
    throw new Fault('invalid', `"${name}" is not a time zone`, { fix: 'use an IANA name such as UTC or Europe/Berlin' })
  }
}
