/** Instants as people read them, in the zone that the page shows: the browser's own or UTC. */
export type Zone = 'local' | 'utc'

const cache = new Map<string, Intl.DateTimeFormat>()

function formatter(zone: Zone, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = zone + JSON.stringify(options)
  let found = cache.get(key)
  if (found === undefined) {
    found = new Intl.DateTimeFormat('en-GB', {
      ...options,
      hourCycle: 'h23',
      ...(zone === 'utc' ? { timeZone: 'UTC' } : {}),
    })
    cache.set(key, found)
  }
  return found
}

const clockParts = { hour: '2-digit', minute: '2-digit', second: '2-digit' } as const
const dayParts = { weekday: 'short', day: 'numeric', month: 'short' } as const

/** `03:00:12` or, with milliseconds, `03:00:12.418`. */
export const clockTime = (at: Date, zone: Zone, milliseconds = false): string =>
  formatter(zone, milliseconds ? { ...clockParts, fractionalSecondDigits: 3 } : clockParts).format(at)

/** `Tue 17 Nov 2026`; the year only where it is not the one of `now`. */
export function day(at: Date, zone: Zone, now: Date): string {
  const year = formatter(zone, { year: 'numeric' })
  const sameYear = year.format(at) === year.format(now)
  return formatter(zone, sameYear ? dayParts : { ...dayParts, year: 'numeric' })
    .format(at)
    .replace(',', '')
}

export const dateTime = (at: Date, zone: Zone, now: Date, milliseconds = false): string =>
  `${day(at, zone, now)} ${clockTime(at, zone, milliseconds)}`

/** What the header of a time column says once: `Europe/Berlin, UTC+1`. */
export function zoneName(zone: Zone, now: Date): string {
  if (zone === 'utc') return 'UTC'
  const name = Intl.DateTimeFormat().resolvedOptions().timeZone
  const minutes = -now.getTimezoneOffset()
  if (minutes === 0 && (name === 'UTC' || name === 'Etc/UTC')) return 'UTC'
  const sign = minutes < 0 ? '−' : '+'
  const [h, m] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60]
  return `${name}, UTC${sign}${h}${m === 0 ? '' : `:${String(m).padStart(2, '0')}`}`
}

const relative = new Intl.RelativeTimeFormat('en-GB', { numeric: 'auto', style: 'short' })

export function ago(at: Date, now: Date): string {
  const seconds = (at.getTime() - now.getTime()) / 1000
  for (const [unit, size] of [
    ['day', 86_400],
    ['hour', 3600],
    ['minute', 60],
  ] as const) {
    if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit)
  }
  return Math.abs(seconds) < 10 ? 'just now' : relative.format(Math.trunc(seconds), 'second')
}

/** Every reading of one instant, for the title. */
export const allReadings = (at: Date, now: Date): string =>
  `${dateTime(at, 'local', now, true)} (${zoneName('local', at)})\n${dateTime(at, 'utc', now, true)} (UTC)\n${ago(at, now)}\nUnix ${(at.getTime() / 1000).toFixed(3)}`
