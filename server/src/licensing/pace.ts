import type { Allowance } from './grants.ts'
import { isUsedUp } from './warnings.ts'

const dayMs = 86_400_000
export const paceDays = 30

export interface Pace {
  readonly perDay: number
  /** When the limit is met if it goes on like this; null when it was already, or that is not within the period. */
  readonly projectedAt: Date | null
}

/** From which day of UTC on builds make the pace: of the last 30 days, or of the period where that is shorter. */
export function paceSince({ period }: Allowance, at: Date): Date {
  return new Date(Math.max(period.start.getTime(), at.getTime() - paceDays * dayMs))
}

/** `recent` is how many there were since `paceSince`. Less than a day is taken for a day. */
export function paceOf(allowance: Allowance, used: number, recent: number, at: Date): Pace {
  const days = Math.max(1, (at.getTime() - paceSince(allowance, at).getTime()) / dayMs)
  const perDay = recent / days
  if (perDay === 0 || isUsedUp(allowance, used)) return { perDay, projectedAt: null }
  const projectedMs = at.getTime() + ((allowance.limit - used) / perDay) * dayMs
  return { perDay, projectedAt: projectedMs <= allowance.period.end.getTime() ? new Date(projectedMs) : null }
}
