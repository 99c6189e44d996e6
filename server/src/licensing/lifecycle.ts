import type { LicenseClaims, LicenseState } from '@reeve/sdk'

/**
 * Where a genuine licence stands in time:
 *
 *   dormant ──nbf──▶ active ──license_expires──▶ grace_period ──exp──▶ ended
 *
 * It moves one way: what is asked about is never before what the deployment has seen already (`presentMoment`).
 */
export function stateOf({ nbf, license_expires, exp }: LicenseClaims, at: Date): Exclude<LicenseState, 'invalid'> {
  const now = at.getTime() / 1_000
  if (now < nbf) return 'dormant'
  if (now < license_expires) return 'active'
  return now < exp ? 'grace_period' : 'ended'
}

export const instantOf = (seconds: number): Date => new Date(seconds * 1_000)

/** What servers of one deployment may be apart. */
const clockSkewMs = 5 * 60_000

export interface Moment {
  readonly at: Date
  /** By how much this server's clock is behind what was seen before; 0 where that is nothing to speak of. */
  readonly behindMs: number
}

/** A clock that was set back does not make it earlier. */
export function presentMoment(now: Date, seenAt: Date | null): Moment {
  const behindMs = seenAt === null ? 0 : seenAt.getTime() - now.getTime()
  return { at: behindMs > 0 && seenAt !== null ? seenAt : now, behindMs: behindMs > clockSkewMs ? behindMs : 0 }
}
