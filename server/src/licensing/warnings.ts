import type { LicenseClaims } from '@reeve/sdk'
import type { Allowance, Grant } from './grants.ts'
import { instantOf, type Moment, stateOf } from './lifecycle.ts'

/** What administrators should know, in words. Nothing of it stops anything. */

const dayMs = 86_400_000
const warnDays = { trial: 7, paid: 30 }

export const isUsedUp = ({ limit }: Allowance, used: number): boolean => used >= limit

export function buildsWarning({ limit, source }: Allowance, used: number): string {
  const which = source === 'included' ? 'that are included' : 'of the licence'
  return (
    `${shown(used)} Agent Workspace Builds are used of the ${shown(limit)} ${which}. Nothing stops: tasks go on as ` +
    'before. Ask whoever you have your licence from for more.'
  )
}

export function usersWarning({ limit }: Grant, activeUsers: number): string {
  return `${shown(activeUsers)} users are active, and the licence is for ${shown(limit)}.`
}

/** About each licence that is about to end or has ended, unless another goes on from there. */
export function timeWarnings(licenses: readonly LicenseClaims[], at: Date): string[] {
  return licenses.flatMap((claims) => {
    const goesOn = licenses.some(
      (other) => other.license_expires > claims.license_expires && other.nbf <= claims.license_expires,
    )
    if (goesOn) return []
    const [expires, end] = [instantOf(claims.license_expires), instantOf(claims.exp)]
    const days = claims.trial === true ? warnDays.trial : warnDays.paid
    switch (stateOf(claims, at)) {
      case 'active':
        return expires.getTime() - at.getTime() > days * dayMs ? [] : [`The licence expires on ${dayOf(expires)}.`]
      case 'grace_period':
        return [`The licence expired on ${dayOf(expires)} and is honoured until ${dayOf(end)}.`]
      case 'ended':
        return [`The licence ended on ${dayOf(end)}.`]
      case 'dormant':
        return []
    }
  })
}

export function clockError({ at, behindMs }: Moment): string {
  const behind =
    behindMs > 2 * dayMs ? `${Math.floor(behindMs / dayMs)} days` : `${Math.floor(behindMs / 60_000)} minutes`
  return (
    `The clock of this server is ${behind} behind what this deployment has seen already, ${at.toISOString()}. Until it ` +
    'is put right, licences are judged by that moment.'
  )
}

export const invalidLicense = (id: number, problem: string): string => `Licence ${id} does not count: it ${problem}.`

const dayOf = (at: Date): string => at.toISOString().slice(0, 10)
const shown = (count: number): string => count.toLocaleString('en-US')
