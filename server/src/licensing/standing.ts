import type { Clock } from '@reeve/base'
import type { LicenseClaims } from '@reeve/sdk'
import type { Database, Executor } from '../db/database.ts'
import { sumSince } from './build-queries.ts'
import { type Allowance, buildAllowance, type Grant, grantOf } from './grants.ts'
import { type Moment, presentMoment } from './lifecycle.ts'
import type { PublicKeys } from './public-keys.ts'
import { type LicenseRow, selectDeployment, selectLicenses } from './queries.ts'
import { type Reading, readLicense } from './read-license.ts'
import { buildsWarning, clockError, invalidLicense, isUsedUp, timeWarnings, usersWarning } from './warnings.ts'

export interface Licensing {
  readonly db: Database
  readonly clock: Clock
  /** Whose licences are believed. */
  readonly keys: PublicKeys
  /** Whether models can be asked through this deployment. */
  readonly bridgeEnabled: boolean
}

export interface ReadLicense {
  readonly row: LicenseRow
  readonly reading: Reading
}

/** Everything that follows from the licences at a moment. */
export interface Standing {
  readonly moment: Moment
  readonly deploymentId: string
  readonly licenses: readonly ReadLicense[]
  readonly allowance: Allowance
  readonly used: number
  readonly users: Grant | null
  readonly activeUsers: number
  readonly warnings: readonly string[]
  readonly errors: readonly string[]
}

/**
 * Looked at anew whenever somebody asks: licences are few, verifying one takes a fraction of a millisecond, and so all
 * servers say the same at once. What stands in the table is believed no more than what is uploaded.
 */
export async function lookAtLicenses(db: Executor, { clock, keys }: Licensing): Promise<Standing> {
  const deployment = await selectDeployment(db)
  const moment = presentMoment(clock.now(), deployment.seen_at)
  const licenses = (await selectLicenses(db)).map((row) => ({
    row,
    reading: readLicense(row.jwt, keys, deployment.id),
  }))
  const claims = validClaims(licenses)
  const allowance = buildAllowance(claims, deployment.created_at, moment.at)
  const used = await sumSince(db, allowance.period.start)
  const users = grantOf('user_limit', claims, moment.at)
  const activeUsers = deployment.active_users
  return {
    moment,
    deploymentId: deployment.id,
    licenses,
    allowance,
    used,
    users,
    activeUsers,
    warnings: [
      ...timeWarnings(claims, moment.at),
      ...(isUsedUp(allowance, used) ? [buildsWarning(allowance, used)] : []),
      ...(users !== null && activeUsers > users.limit ? [usersWarning(users, activeUsers)] : []),
    ],
    errors: [
      ...(moment.behindMs > 0 ? [clockError(moment)] : []),
      ...licenses.flatMap(({ row, reading }) =>
        'problem' in reading ? [invalidLicense(row.id, reading.problem)] : [],
      ),
    ],
  }
}

export const validClaims = (licenses: readonly ReadLicense[]): LicenseClaims[] =>
  licenses.flatMap(({ reading }) => ('claims' in reading ? [reading.claims] : []))
