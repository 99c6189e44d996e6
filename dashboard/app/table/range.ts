import { parseDuration, systemClock } from '@reeve/base'

/**
 * A range of time as the URL holds it: `-24h` stays relative and means another day tomorrow; anything else is an instant
 * in RFC 3339. Ranges are half-open.
 */
export interface Range {
  readonly from?: string | undefined
  readonly to?: string | undefined
}

export const presets: readonly { readonly from: string; readonly title: string }[] = [
  { from: '-1h', title: 'Last hour' },
  { from: '-24h', title: 'Last 24 hours' },
  { from: '-7d', title: 'Last 7 days' },
  { from: '-30d', title: 'Last 30 days' },
]

/** The instant that a bound means now, or null when it means none. */
export function boundAt(bound: string | undefined, now: Date): Date | null {
  if (bound === undefined || bound === '') return null
  if (bound.startsWith('-')) {
    const ms = parseDuration(bound.slice(1))
    return ms === null ? null : new Date(now.getTime() - ms)
  }
  const at = new Date(bound)
  return Number.isNaN(at.getTime()) ? null : at
}

export function rangeTitle({ from, to }: Range): string {
  if (from === undefined && to === undefined) return 'All time'
  const preset = to === undefined ? presets.find((one) => one.from === from) : undefined
  if (preset !== undefined) return preset.title
  const short = (bound: string) =>
    bound.startsWith('-') ? `${bound.slice(1)} ago` : bound.replace('T', ' ').replace(/(?::\d\d(?:\.\d+)?)?Z$/, ' UTC')
  if (from === undefined) return `Until ${short(to ?? '')}`
  return to === undefined ? `Since ${short(from)}` : `${short(from)} to ${short(to)}`
}

/** The same address with relative bounds turned into the instants that they mean now; null when it has none. */
export function frozenHref(href: string, now: Date = systemClock.now()): string | null {
  const url = new URL(href)
  let changed = false
  for (const name of ['from', 'to']) {
    const bound = url.searchParams.get(name)
    const at = bound?.startsWith('-') === true ? boundAt(bound, now) : null
    if (at === null) continue
    url.searchParams.set(name, at.toISOString())
    changed = true
  }
  return changed ? url.toString() : null
}
