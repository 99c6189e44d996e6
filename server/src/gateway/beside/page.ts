import { answerSeqFrom } from '../drain/rows.ts'
import type { ItemMark } from '../item-queries.ts'
import type { InterceptionRow, SessionRow } from '../queries.ts'
import type { EventRef } from '../timeline.ts'

/** One page of the events of a session, and what is known of the whole of it. */
export interface Page {
  readonly session: SessionRow
  readonly interceptions: readonly InterceptionRow[]
  readonly marks: readonly ItemMark[]
  readonly order: readonly EventRef[]
  /** Of the order: what stands beside the events goes with the page of the event that it is placed by. */
  readonly from: number
  readonly to: number
}

/** When an event was, in milliseconds: what was asked came with the request, what was answered with its end. */
export function timesOfEvents(interceptions: readonly InterceptionRow[]): (ref: EventRef) => number {
  const rows = new Map(interceptions.map((row) => [row.id, row]))
  return ({ interceptionId, seq }) => {
    const row = rows.get(interceptionId)
    const at = seq < answerSeqFrom ? row?.started_at : row?.ended_at
    return at?.getTime() ?? 0
  }
}
