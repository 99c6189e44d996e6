import type { Uuid } from '@reeve/base'

/** A request that came out of a boundary and proved it, with the number of its own line in the boundary's record. */
export interface Anchor {
  readonly interceptionId: Uuid
  readonly boundaryId: Uuid
  readonly seq: number
  readonly startedAtMs: number
}

/** The part of a record between two requests of a session. Several requests of one connection have one number. */
export interface SessionGap {
  readonly boundaryId: Uuid
  /** The number of the requests that it begins with. */
  readonly from: number
  /** The number behind its last one; null: as far as the record goes. */
  readonly before: number | null
  /** None in front of the first request. */
  readonly opens: readonly Anchor[]
  /** None behind the last one. */
  readonly closes: readonly Anchor[]
  /** Whether another session asked out of the same boundary in between. */
  readonly isShared: boolean
}

/**
 * Which parts of the records of its boundaries belong to a session: everything between its own requests, what came before
 * the first where no other session had asked yet, and what came behind the last until another one asked. `others` are the
 * numbers of the requests of other sessions.
 */
export function gapsOf(anchors: readonly Anchor[], others: ReadonlyMap<Uuid, readonly number[]>): SessionGap[] {
  const gaps: SessionGap[] = []
  for (const [boundaryId, own] of Map.groupBy(anchors, (anchor) => anchor.boundaryId)) {
    const foreign = (others.get(boundaryId) ?? []).toSorted((a, b) => a - b)
    const groups = [...Map.groupBy(own, ({ seq }) => seq).entries()]
      .toSorted(([a], [b]) => a - b)
      .map(([seq, same]) => ({ seq, same: same.toSorted((a, b) => a.startedAtMs - b.startedAtMs) }))
    const [first] = groups
    if (first !== undefined && !foreign.some((seq) => seq < first.seq)) {
      gaps.push({ boundaryId, from: 0, before: first.seq, opens: [], closes: first.same, isShared: false })
    }
    for (const [at, { seq, same }] of groups.entries()) {
      const next = groups[at + 1]
      const before = next?.seq ?? foreign.find((other) => other > seq) ?? null
      const isShared = foreign.some((other) => other > seq && before !== null && other < before)
      gaps.push({ boundaryId, from: seq, before, opens: same, closes: next?.same ?? [], isShared })
    }
  }
  return gaps
}
