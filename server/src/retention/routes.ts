import { type Clock, Fault, type Uuid } from '@reeve/base'
import { dataClasses, endpoints } from '@reeve/sdk'
import { allows } from '../access/policy.ts'
import type { Database } from '../db/database.ts'
import { demand } from '../http/demand.ts'
import { implement, type Route, type Scope, signedIn } from '../http/implement.ts'
import { holdRoutes } from './hold-routes.ts'
import { selectHolds } from './hold-queries.ts'
import { planRetention } from './plan.ts'
import { type Bounds, type Decision, eachClass, refusalOf } from './policies.ts'
import { type OrganizationName, selectDecisions, selectOrganization, selectOrganizations } from './policy-queries.ts'
import { namesOf, presentPlan, presentPolicy, presentReceipt, presentRemoved } from './present.ts'
import { selectReceipts } from './receipt-queries.ts'
import type { Retention } from './retention.ts'
import { setPolicy } from './set-policy.ts'

export interface RetentionDesk {
  readonly db: Database
  readonly clock: Clock
  readonly bounds: Bounds
  readonly retention: Pick<Retention, 'runNow'>
}

export function retentionRoutes(desk: RetentionDesk): Route[] {
  const { db, clock, bounds, retention } = desk
  return [
    ...holdRoutes(desk),

    implement(endpoints.listRetentionPolicies, async (_, scope) => {
      const actor = signedIn(scope)
      const decisions = await selectDecisions(db.sql)
      const organizations = (await selectOrganizations(db.sql)).filter(({ id }) =>
        allows(actor, 'audit_log:read', { organizationId: id }),
      )
      const at = clock.now()
      return {
        grace_hours: graceHours,
        bounds: eachClass.map((data_class) => ({
          data_class,
          minimum_days: bounds.minimumDays[data_class] ?? null,
          maximum_days: bounds.maximumDays[data_class] ?? null,
        })),
        deployment: eachClass.map((dataClass) => presentPolicy(decisions, dataClass, null, at)),
        organizations: organizations.map((organization) => ({
          organization,
          policies: eachClass
            .filter((dataClass) => dataClasses[dataClass].perOrganization)
            .map((dataClass) => presentPolicy(decisions, dataClass, organization.id, at)),
        })),
      }
    }),

    implement(endpoints.setRetentionPolicy, async ({ params, body }, scope) => {
      const organization = await mustFind(db, scope, body.organization, 'audit_log:read')
      demand(signedIn(scope), 'audit_log:update', { organizationId: organization.id })
      const { keep_days: keepDays, reason = null } = body
      await setPolicy(desk, scope, { dataClass: params.class, organization, keepDays, reason })
      return presentPolicy(await selectDecisions(db.sql), params.class, organization.id, clock.now())
    }),

    implement(endpoints.planRetention, async ({ body: { changes = [] } }, scope) => {
      demand(signedIn(scope), 'audit_log:read', {})
      const at = clock.now()
      let decisions: readonly Decision[] = await selectDecisions(db.sql)
      for (const { data_class: dataClass, organization, keep_days: keepDays } of changes) {
        const { id } = await mustFind(db, scope, organization, 'audit_log:read')
        const refusal = refusalOf(decisions, { dataClass, organizationId: id, keepDays }, bounds)
        if (refusal !== null) throw invalid('changes', refusal)
        decisions = [...decisions, imagined(decisions, dataClass, id, keepDays, at)]
      }
      const plan = await planRetention(db.sql, decisions, at)
      const ids = plan.portions.flatMap(({ organizationId }) => organizationId ?? [])
      const holds = new Map((await selectHolds(db.sql)).map((hold) => [hold.id, hold.reason]))
      const nameOf = namesOf(await selectOrganizations(db.sql, ids))
      return presentPlan(plan, at, nameOf, (id) => holds.get(id) ?? '')
    }),

    implement(endpoints.runRetention, async (_, scope) => {
      demand(signedIn(scope), 'audit_log:update', {})
      const { removed, postponed } = await retention.runNow(scope.signal)
      const ids = removed.flatMap(({ organizationId }) => organizationId ?? [])
      const nameOf = namesOf(await selectOrganizations(db.sql, ids))
      return { removed: removed.map((one) => presentRemoved(one, nameOf)), postponed: [...postponed] }
    }),

    implement(endpoints.listRetentionReceipts, async ({ query }, scope) => {
      demand(signedIn(scope), 'audit_log:read', {})
      const { limit = 100, before = null, after = null } = query
      if (before !== null && after !== null) throw invalid('after', 'cannot be used together with before')
      const rows = await selectReceipts(db.sql, { limit, before, after })
      const ids = rows.flatMap((row) => row.organization_id ?? [])
      const nameOf = namesOf(await selectOrganizations(db.sql, ids))
      return { receipts: rows.map((row) => presentReceipt(row, nameOf)) }
    }),
  ]
}

const graceHours = 24

const invalid = (field: string, detail: string): Fault =>
  new Fault('invalid', 'the request has problems', { problems: [{ field, detail }] })

/** Missing and somebody else's look the same. */
async function mustFind(
  db: Database,
  scope: Scope,
  given: string,
  permission: 'audit_log:read',
): Promise<OrganizationName> {
  const found = await selectOrganization(db.sql, given)
  if (found !== undefined && allows(signedIn(scope), permission, { organizationId: found.id })) return found
  throw new Fault('not_found', 'there is no such organization')
}

/** As it would be if its grace were over. */
const imagined = (
  decisions: readonly Decision[],
  data_class: Decision['data_class'],
  organization_id: Uuid,
  keep_days: number | null,
  at: Date,
): Decision => ({
  version: (decisions.at(-1)?.version ?? 0) + 1,
  data_class,
  organization_id,
  keep_days,
  set_at: at,
  effective_at: at,
  set_by: null,
})
