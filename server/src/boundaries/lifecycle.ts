/**
 * A session of a boundary is
 *
 *     live       from its registration, while it is seen: it pulls its policy every half minute
 *     lost       without an end, and not seen for ten minutes; live again as soon as it is seen
 *     ended      it said how its record ends, and all of the record is here
 *     truncated  it said so, and lines are missing; ended as soon as they came, as a boundary that was cut off from the
 *                control plane delivers what it has with its next start
 *
 * None of that is stored: it follows from what was said, what came, and the time.
 *
 * An access request is pending until somebody else approves or declines it, whoever asked withdraws it, or a week has
 * gone by: then it is expired. What was approved is expired when its time is over. Both follow from the time too.
 */

export const lostAfterMs = 10 * 60_000
export const pendingMs = 7 * 86_400_000

export type SessionStatus = 'live' | 'ended' | 'lost' | 'truncated'
export const sessionStatuses: readonly SessionStatus[] = ['live', 'ended', 'lost', 'truncated']

export function sessionStatus(
  row: {
    readonly ended_at: Date | null
    readonly last_seen_at: Date
    readonly last_seq: number | null
    readonly acknowledged_seq: number
    readonly lines: number
  },
  now: Date,
): SessionStatus {
  if (row.ended_at === null) return now.getTime() - row.last_seen_at.getTime() > lostAfterMs ? 'lost' : 'live'
  const last = row.last_seq ?? -1
  return row.acknowledged_seq >= last && row.lines >= last + 1 ? 'ended' : 'truncated'
}

export type AccessStatus = 'pending' | 'approved' | 'declined' | 'withdrawn' | 'expired'

export function accessStatus(
  row: { readonly status: string; readonly created_at: Date; readonly expires_at: Date | null },
  now: Date,
): AccessStatus {
  const isOver = (at: Date | null) => at !== null && at <= now
  if (row.status === 'pending') {
    return isOver(new Date(row.created_at.getTime() + pendingMs)) ? 'expired' : 'pending'
  }
  if (row.status === 'approved') return isOver(row.expires_at) ? 'expired' : 'approved'
  return row.status === 'declined' ? 'declined' : 'withdrawn'
}
