import { type Clock, Fault, type Uuid } from '@reeve/base'
import { type DataClass, dataClasses } from '@reeve/sdk'
import { appendAudit } from '../audit/journal.ts'
import type { Database, Tx } from '../db/database.ts'
import { type Scope, signedIn } from '../http/implement.ts'
import { policySet, systemScope } from './events.ts'
import { lockHolds } from './hold-queries.ts'
import {
  bounded,
  type Bounds,
  type Decision,
  eachClass,
  graceMs,
  isShorter,
  type KeepDays,
  refusalOf,
  standingOf,
} from './policies.ts'
import { insertDecision, type OrganizationName, selectDecisions, selectOrganizations } from './policy-queries.ts'

/** Deciding how long something is kept. Longer counts at once; what shortens it can be taken back for a day. */
export interface PolicyDesk {
  readonly db: Database
  readonly clock: Clock
  readonly bounds: Bounds
}

interface Wanted {
  readonly dataClass: DataClass
  readonly organization: OrganizationName | null
  readonly keepDays: number | null
  readonly reason: string | null
}

export async function setPolicy({ db, clock, bounds }: PolicyDesk, scope: Scope, wanted: Wanted): Promise<void> {
  await db.transaction(async (tx) => {
    // A removal reads the policies again under this lock: what makes one longer stops a run that is under way.
    await lockHolds(tx)
    const decisions = await selectDecisions(tx)
    const organizationId = wanted.organization?.id ?? null
    if (organizationId === null) throw new Fault('invalid', 'the settings decide for the deployment')
    const refusal = refusalOf(decisions, { ...wanted, organizationId }, bounds)
    if (refusal !== null) {
      throw new Fault('invalid', 'the request has problems', { problems: [{ field: 'keep_days', detail: refusal }] })
    }
    await decide(tx, { scope, at: clock.now(), by: signedIn(scope).userId }, decisions, wanted)
  })
}

/**
 * Makes what the settings say a decision like any other, so that a default that became shorter waits as long as any
 * policy; and brings policies that are out of bounds into them.
 */
export async function adoptSettings({ db, clock, bounds }: PolicyDesk, keepDays: KeepDays): Promise<void> {
  const who = { scope: systemScope, at: clock.now(), by: null }
  await db.transaction(async (tx) => {
    await lockHolds(tx)
    const before = await selectDecisions(tx)
    for (const dataClass of eachClass) {
      const said = standingOf(before, dataClass, null, 'later')
      if (said.decision !== null && said.keepDays === keepDays[dataClass]) continue
      await decide(tx, who, before, { dataClass, organization: null, keepDays: keepDays[dataClass], reason: null })
    }
    const decisions = await selectDecisions(tx)
    const own = [...new Set(decisions.flatMap((each) => each.organization_id ?? []))]
    for (const organization of await selectOrganizations(tx, own)) {
      for (const dataClass of eachClass) {
        const { keepDays: wanted, inherited } = standingOf(decisions, dataClass, organization.id, 'later')
        const allowed = bounded(dataClass, wanted, bounds)
        if (inherited || allowed === wanted) continue
        const reason = 'the bounds of the deployment'
        await decide(tx, who, decisions, { dataClass, organization, keepDays: allowed, reason })
      }
    }
  })
}

interface Who {
  readonly scope: Parameters<typeof appendAudit>[1]['scope']
  readonly at: Date
  readonly by: Uuid | null
}

async function decide(tx: Tx, { scope, at, by }: Who, decisions: readonly Decision[], wanted: Wanted): Promise<void> {
  const { dataClass, organization, keepDays, reason } = wanted
  const id = organization?.id ?? null
  const before = standingOf(decisions, dataClass, id, at)
  const after = keepDays ?? standingOf(decisions, dataClass, null, at).keepDays
  // What was never decided was kept by no promise: the first start begins with what its settings say.
  const waits = before.decision !== null && isShorter(after, before.keepDays)
  const effective_at = waits ? new Date(at.getTime() + graceMs) : at
  await insertDecision(tx, {
    data_class: dataClass,
    organization_id: id,
    keep_days: keepDays,
    set_at: at,
    effective_at,
    set_by: by,
    reason,
  })
  const target = `${dataClasses[dataClass].title} of ${organization?.name ?? 'the deployment'}`
  const change = { old: before.inherited ? null : before.keepDays, new: keepDays, effectiveAt: effective_at }
  await appendAudit(tx, { scope, at, ...policySet(id, dataClass, target, change, reason) })
}
