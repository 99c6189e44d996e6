import type { LicenseClaims, LimitName } from '@reeve/sdk'
import { instantOf, stateOf } from './lifecycle.ts'

/** What several licences say together. Pure: claims and a moment in, one answer out. */

export interface Grant {
  readonly limit: number
  readonly entitlement: 'entitled' | 'grace_period'
  /** The claim `jti` of the licence that says so. */
  readonly licenseId: string
  readonly period: Period
}

export interface Period {
  readonly issuedAt: Date
  readonly start: Date
  readonly end: Date
}

/**
 * The best that licences in force say about a limit: an active one before one in its grace. Among equals the one that was
 * issued last says what is metered, as each has a period of its own; of all else the most counts.
 */
export function grantOf(name: LimitName, licenses: readonly LicenseClaims[], at: Date): Grant | null {
  const isMetered = name === 'managed_agent_limit'
  const [best] = licenses
    .filter((claims) => claims.features[name] !== undefined && isInForce(claims, at))
    .toSorted((a, b) => {
      const byState = Number(stateOf(b, at) === 'active') - Number(stateOf(a, at) === 'active')
      const byMost = (b.features[name] ?? 0) - (a.features[name] ?? 0)
      const byIssue = b.iat - a.iat
      const [first, second] = isMetered ? [byIssue, byMost] : [byMost, byIssue]
      return byState || first || second || (a.jti < b.jti ? -1 : 1)
    })
  if (best === undefined) return null
  return {
    limit: best.features[name] ?? 0,
    entitlement: stateOf(best, at) === 'active' ? 'entitled' : 'grace_period',
    licenseId: best.jti,
    period: {
      issuedAt: instantOf(best.iat),
      start: instantOf(best.nbf),
      end: instantOf(best.license_expires),
    },
  }
}

export function isInForce(claims: LicenseClaims, at: Date): boolean {
  const state = stateOf(claims, at)
  return state === 'active' || state === 'grace_period'
}

/** What every deployment has without a licence that says otherwise, once and not once a year. */
export const includedBuilds = 1_000
const includedYears = 100

export interface Allowance {
  readonly limit: number
  readonly source: 'license' | 'included'
  readonly entitlement: 'entitled' | 'grace_period'
  readonly period: Period
  /** The same for as long as it is the same allowance. */
  readonly key: string
}

/** How many Agent Workspace Builds there are, and from when on they are counted. */
export function buildAllowance(licenses: readonly LicenseClaims[], deployedAt: Date, at: Date): Allowance {
  const grant = grantOf('managed_agent_limit', licenses, at)
  if (grant !== null) return { ...grant, source: 'license', key: grant.licenseId }
  const end = new Date(deployedAt)
  end.setUTCFullYear(end.getUTCFullYear() + includedYears)
  return {
    limit: includedBuilds,
    source: 'included',
    entitlement: 'entitled',
    period: { issuedAt: deployedAt, start: deployedAt, end },
    key: 'included',
  }
}
