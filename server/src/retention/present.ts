import type { Uuid } from '@reeve/base'
import type { DataClass, RetentionPlan, RetentionPolicy, RetentionPortion, RetentionReceipt } from '@reeve/sdk'
import { DataClass as knownClass } from '@reeve/sdk'
import { dayOf, type Plan, type Portion } from './plan.ts'
import { standingOf } from './policies.ts'
import type { DecisionRow, OrganizationName } from './policy-queries.ts'
import type { ReceiptRow } from './receipt-queries.ts'
import type { Removed } from './run-context.ts'

/** Rows as the contract shows them. */

export function presentPolicy(
  decisions: readonly DecisionRow[],
  dataClass: DataClass,
  organizationId: Uuid | null,
  at: Date,
): RetentionPolicy {
  const now = standingOf(decisions, dataClass, organizationId, at)
  const later = standingOf(decisions, dataClass, organizationId, 'later')
  const row = (version: number | undefined) => decisions.find((each) => each.version === version)
  const [said, coming] = [row(now.decision?.version), row(later.decision?.version)]
  return {
    data_class: dataClass,
    keep_days: now.keepDays,
    inherited: now.inherited,
    version: said?.version ?? null,
    set_at: said?.set_at.toISOString() ?? null,
    set_by: personOf(said),
    next:
      coming === undefined || later.keepDays === now.keepDays
        ? null
        : {
            keep_days: later.keepDays,
            inherited: later.inherited,
            effective_at: nextChange(decisions, dataClass, organizationId, at).toISOString(),
            set_by: personOf(coming),
          },
  }
}

/** When the last of what is pending here will be in force: of the organization itself, or of what it inherits. */
function nextChange(
  decisions: readonly DecisionRow[],
  dataClass: DataClass,
  organizationId: Uuid | null,
  at: Date,
): Date {
  const pending = decisions.filter(
    (each) =>
      each.data_class === dataClass &&
      (each.organization_id === organizationId || each.organization_id === null) &&
      each.effective_at > at,
  )
  return new Date(Math.max(at.getTime(), ...pending.map((each) => each.effective_at.getTime())))
}

function personOf(row: DecisionRow | undefined) {
  if (row === undefined || row.set_by === null) return null
  return { id: row.set_by, username: row.username ?? '', name: row.name ?? '', avatar_url: row.avatar_url ?? '' }
}

/** Organizations by id; one that nobody knows any more still has its id. */
export function namesOf(organizations: readonly OrganizationName[]): (id: Uuid | null) => OrganizationName | null {
  const known = new Map(organizations.map((each) => [each.id, each]))
  return (id) => (id === null ? null : (known.get(id) ?? { id, name: id, display_name: id }))
}

type NameOf = ReturnType<typeof namesOf>

const presentPortion = (
  { dataClass, unit, organizationId, place, free, held }: Portion,
  nameOf: NameOf,
): RetentionPortion => ({
  data_class: dataClass,
  unit,
  organization: nameOf(organizationId),
  day: dayOf(place),
  removed: free,
  held,
})

export const presentPlan = (
  { portions, holds }: Plan,
  at: Date,
  nameOf: NameOf,
  reasonOf: (id: Uuid) => string,
): RetentionPlan => ({
  at: at.toISOString(),
  portions: portions.map((portion) => presentPortion(portion, nameOf)),
  holds: holds.map(({ id, keeps }) => ({ id, reason: reasonOf(id), keeps })),
})

export const presentRemoved = ({ dataClass, unit, organizationId, day, removed }: Removed, nameOf: NameOf) => ({
  data_class: dataClass,
  unit,
  organization: nameOf(organizationId),
  day,
  removed,
})

export const presentReceipt = (row: ReceiptRow, nameOf: NameOf): RetentionReceipt => ({
  number: row.number,
  data_class: knownClass.parse(row.data_class),
  unit: row.unit,
  organization: nameOf(row.organization_id),
  day: row.day,
  removed: row.removed,
  created_at: row.created_at.toISOString(),
  note: row.note,
})
