import type { Uuid } from '@reeve/base'
import type { DataClass, Receipt } from '@reeve/sdk'
import type { AuditEntry } from '../audit/journal.ts'
import type { HoldRow } from './hold-queries.ts'

/** The audit entries of this room, as data. */
type RetentionEvent = Omit<AuditEntry, 'scope' | 'at'>

/** What it covers, in words: holds have no name. */
function target({ username, session_id, from_at, to_at }: HoldRow): string {
  const parts = [
    username,
    session_id === null ? null : `session ${session_id}`,
    from_at === null ? null : `from ${from_at.toISOString()}`,
    to_at === null ? null : `to ${to_at.toISOString()}`,
  ]
  return parts.filter((part) => part !== null).join(', ')
}

export const holdCreated = (row: HoldRow): RetentionEvent => ({
  action: 'create',
  resourceType: 'legal_hold',
  resourceId: row.id,
  resourceTarget: target(row),
  reason: row.reason,
  diff: {
    user_id: { old: null, new: row.user_id },
    session_id: { old: null, new: row.session_id },
    from: { old: null, new: row.from_at?.toISOString() ?? null },
    to: { old: null, new: row.to_at?.toISOString() ?? null },
  },
})

export const holdReleased = (row: HoldRow, at: Date, reason: string): RetentionEvent => ({
  action: 'write',
  resourceType: 'legal_hold',
  resourceId: row.id,
  resourceTarget: target(row),
  reason,
  diff: { released_at: { old: null, new: at.toISOString() } },
})

/** What the server does by itself. */
export const systemScope = { actor: null, requestId: 'retention', sourceIp: null, userAgent: null } as const

export const policySet = (
  organizationId: Uuid | null,
  dataClass: DataClass,
  target: string,
  change: { readonly old: number | null; readonly new: number | null; readonly effectiveAt: Date },
  reason: string | null,
): RetentionEvent => ({
  action: 'write',
  resourceType: 'retention_policy',
  resourceId: dataClass,
  resourceTarget: target,
  organizationId,
  diff: {
    keep_days: { old: change.old, new: change.new },
    effective_at: { old: null, new: change.effectiveAt.toISOString() },
  },
  ...(reason === null ? {} : { reason }),
})

/** Names the hash of the receipt: who changes a receipt has to change the chain of audit events, too. */
export const dataRemoved = (receipt: Receipt, sha256: string, organizationId: Uuid | null): RetentionEvent => ({
  action: 'delete',
  resourceType: 'retention_receipt',
  resourceId: String(receipt.number),
  resourceTarget: `${receipt.unit} of ${receipt.day === '-' ? 'several days' : receipt.day}`,
  organizationId,
  reason: 'retention',
  diff: {
    [receipt.unit]: { old: receipt.removed, new: 0 },
    data_class: { old: receipt.dataClass, new: null },
    receipt_sha256: { old: null, new: sha256 },
  },
})
