import type { Zone } from '../ui/instant.ts'

/**
 * A period of whole days as the URL holds it: `-7d` are the last seven, of which today is one, and mean others tomorrow;
 * a date is the beginning of that day in the zone of the page, and `to` is not included. Nothing is the last thirty.
 */
export interface Period {
  readonly from?: string | undefined
  readonly to?: string | undefined
}

export const presets: readonly { readonly period: Period; readonly title: string }[] = [
  { period: { from: '-1d' }, title: 'Today' },
  { period: { from: '-7d' }, title: 'Last 7 days' },
  { period: {}, title: 'Last 30 days' },
  { period: { from: '-90d' }, title: 'Last 90 days' },
  { period: { from: '-365d' }, title: 'Last 365 days' },
]

const date = /^\d{4}-\d\d-\d\d$/
const back = /^-(\d{1,4})d$/

/** What the API is asked for; what is neither a date nor a number of days is left out. */
export function askedPeriod({ from, to }: Period, zone: Zone, now: Date): Period {
  const days = back.exec(from ?? '')?.[1]
  const first = days === undefined ? from : daysAfter(dateIn(zone, now), 1 - Number(days))
  return {
    ...(first !== undefined && date.test(first) ? { from: first } : {}),
    ...(to !== undefined && date.test(to) ? { to } : {}),
  }
}

export function periodTitle({ from, to }: Period): string {
  const preset = presets.find(({ period }) => period.from === from && to === undefined)
  if (preset !== undefined) return preset.title
  const last = to === undefined ? undefined : daysAfter(to, -1)
  if (from === undefined) return `Until ${last}`
  return last === undefined ? `Since ${from}` : from === last ? from : `${from} to ${last}`
}

/** The date that a calendar in the zone shows. */
export const dateIn = (zone: Zone, at: Date): string =>
  new Intl.DateTimeFormat('sv-SE', zone === 'utc' ? { timeZone: 'UTC' } : {}).format(at)

/** Text that is no date stays as it is. */
export function daysAfter(day: string, days: number): string {
  const at = new Date(`${day}T00:00:00Z`)
  if (!date.test(day) || Number.isNaN(at.getTime())) return day
  at.setUTCDate(at.getUTCDate() + days)
  return at.toISOString().slice(0, 10)
}

export const zoneOf = (zone: Zone): string =>
  zone === 'utc' ? 'UTC' : Intl.DateTimeFormat().resolvedOptions().timeZone
