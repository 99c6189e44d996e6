import type { BuildsOfDay } from '@reeve/sdk'

export interface Month {
  /** `2026-11`. */
  readonly id: string
  readonly builds: number
}

/** The days of each month of UTC together, in order. */
export function monthsOf(days: readonly BuildsOfDay[]): Month[] {
  const months = new Map<string, number>()
  for (const { day, builds } of days) months.set(day.slice(0, 7), (months.get(day.slice(0, 7)) ?? 0) + builds)
  return [...months].map(([id, builds]) => ({ id, builds }))
}
