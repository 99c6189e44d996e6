import {
  type AgentWorkspaceBuild,
  BuildReason,
  BuildTrigger,
  type BuildMeter,
  type Entitlements,
  type Feature,
  featureNames,
  type License,
  type UsagePeriod,
} from '@reeve/sdk'
import type { BuildRow } from './build-queries.ts'
import { type Grant, grantOf, isInForce, type Period } from './grants.ts'
import { stateOf } from './lifecycle.ts'
import type { Pace } from './pace.ts'
import { type ReadLicense, type Standing, validClaims } from './standing.ts'

/** Rows and answers as the contract shows them. */

export function presentLicense({ row, reading }: ReadLicense, at: Date): License {
  const about = { id: row.id, uuid: row.uuid, uploaded_at: row.uploaded_at.toISOString() }
  if ('problem' in reading) return { ...about, claims: {}, state: 'invalid', problem: reading.problem }
  return { ...about, claims: reading.claims, state: stateOf(reading.claims, at), problem: '' }
}

const presentPeriod = ({ issuedAt, start, end }: Period): UsagePeriod => ({
  issued_at: issuedAt.toISOString(),
  start: start.toISOString(),
  end: end.toISOString(),
})

/** Numbers and worries are for those who may read licences; what there is, is for all. */
export function presentEntitlements(standing: Standing, bridgeEnabled: boolean, mayRead: boolean): Entitlements {
  const { moment, allowance, used, users, activeUsers, warnings, errors } = standing
  const inForce = validClaims(standing.licenses).filter((claims) => isInForce(claims, moment.at))
  const seats = grantOf('ai_governance_user_limit', inForce, moment.at)
  const features: Record<string, Feature> = Object.fromEntries(
    featureNames.map((name) => [name, { entitlement: 'entitled', enabled: name !== 'aibridge' || bridgeEnabled }]),
  )
  features['user_limit'] = { ...limited(users), ...(mayRead ? { actual: activeUsers } : {}) }
  features['ai_governance_user_limit'] = limited(seats)
  features['managed_agent_limit'] = {
    entitlement: allowance.entitlement,
    enabled: true,
    limit: allowance.limit,
    ...(mayRead ? { actual: used, usage_period: presentPeriod(allowance.period) } : {}),
  }
  return {
    features,
    warnings: mayRead ? [...warnings] : [],
    errors: mayRead ? [...errors] : [],
    has_license: inForce.length > 0,
    trial: inForce.length > 0 && inForce.every((claims) => claims.trial === true),
    require_telemetry: false,
    refreshed_at: moment.at.toISOString(),
  }
}

const limited = (grant: Grant | null): Feature =>
  grant === null
    ? { entitlement: 'not_entitled', enabled: false }
    : { entitlement: grant.entitlement, enabled: true, limit: grant.limit }

export const presentMeter = ({ allowance, used }: Standing, { perDay, projectedAt }: Pace): BuildMeter => ({
  used,
  limit: allowance.limit,
  source: allowance.source,
  entitlement: allowance.entitlement,
  period: presentPeriod(allowance.period),
  pace_per_day: Math.round(perDay * 100) / 100,
  projected_at: projectedAt?.toISOString() ?? null,
})

export const presentBuild = (row: BuildRow): AgentWorkspaceBuild => ({
  id: row.build_id,
  time: row.recorded_at.toISOString(),
  counted: row.counted,
  trigger: BuildTrigger.parse(row.trigger),
  reason: BuildReason.parse(row.reason),
  organization: { id: row.organization_id, name: row.organization_name },
  template: { id: row.template_id, name: row.template_name },
  template_version: { id: row.template_version_id, name: row.template_version_name },
  owner: { id: row.owner_id, name: row.owner_name },
  workspace: { id: row.workspace_id, name: row.workspace_name },
  task: row.task_id === null ? null : { id: row.task_id, name: row.task_name ?? '' },
})
