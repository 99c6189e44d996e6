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

export const interceptionsRemoved = (target: string, removed: Readonly<Record<string, number>>): RetentionEvent => ({
  action: 'delete',
  resourceType: 'interceptions',
  resourceId: target,
  resourceTarget: target,
  diff: Object.fromEntries(Object.entries(removed).map(([name, old]) => [name, { old, new: 0 }])),
})

export const contentReadsRemoved = (before: Date, count: number): RetentionEvent => ({
  action: 'delete',
  resourceType: 'content_reads',
  resourceId: before.toISOString(),
  resourceTarget: `who read whose words before ${before.toISOString()}`,
  reason: 'retention',
  diff: { content_reads: { old: count, new: 0 } },
})
