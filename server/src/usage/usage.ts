import { type Clock, Fault, type Uuid } from '@reeve/base'
import type { UsageGroupBy, UsageReport } from '@reeve/sdk'
import type { Actor } from '../access/actor.ts'
import { visibility } from '../access/policy.ts'
import type { Database } from '../db/database.ts'
import { sqlState } from '../db/failures.ts'
import { presentUsage } from './present.ts'
import { findPeriod, findUsage, type Period } from './queries.ts'

export interface Usage {
  readonly db: Database
  readonly clock: Clock
}

export interface UsageQuery {
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly zone?: string | undefined
  readonly group_by?: UsageGroupBy | undefined
  readonly user?: string | undefined
  readonly group?: Uuid | undefined
  readonly organization?: string | undefined
  readonly model?: string | undefined
  readonly provider?: string | undefined
  readonly client?: string | undefined
}

const dayMs = 86_400_000
/** A row each, also where nothing was used. */
const daysMax: Readonly<Partial<Record<UsageGroupBy, number>>> = { hour: 35, day: 1_100 }

export async function reportUsage(
  { db, clock }: Usage,
  actor: Actor,
  query: UsageQuery,
  top: number,
): Promise<UsageReport> {
  const { zone = 'UTC', group_by: groupBy = 'day' } = query
  const period = await periodOf(db, query, zone, clock.now())
  const days = (period.to.getTime() - period.from.getTime()) / dayMs
  const most = daysMax[groupBy]
  if (most !== undefined && days > most) {
    throw new Fault('invalid', `by ${groupBy} a report is of at most ${most} days`)
  }
  const filter = {
    ...period,
    zone,
    groupBy,
    user: query.user === 'me' ? actor.userId : (query.user ?? null),
    group: query.group ?? null,
    organization: query.organization ?? null,
    model: query.model ?? null,
    provider: query.provider ?? null,
    client: query.client ?? null,
  }
  const sight = { rows: visibility(actor, 'usage:read'), groups: visibility(actor, 'group:read') }
  // What is in order of time is bounded by its period, and nothing of it left out.
  const rows = await findUsage(db.sql, sight, filter, most === undefined ? top : rowsMax)
  return presentUsage(rows, filter)
}

export const rowsMax = 100_000

async function periodOf(db: Database, query: UsageQuery, zone: string, now: Date): Promise<Period> {
  // An offset would be read by PostgreSQL with its sign turned round.
  const wrong = new Fault('invalid', `there is no time zone ${zone}`, { fix: 'use an IANA name such as Europe/Berlin' })
  if (!/^[A-Za-z][\w+\-/]*$/.test(zone)) throw wrong
  try {
    const period = await findPeriod(db.sql, { from: query.from ?? null, to: query.to ?? null, zone, now })
    if (period.from >= period.to) throw new Fault('invalid', 'the period ends before it begins')
    return period
  } catch (thrown) {
    // Class 22: what was asked with is not what PostgreSQL can make a time of.
    if (sqlState(thrown)?.startsWith('22') === true) throw wrong
    throw thrown
  }
}
