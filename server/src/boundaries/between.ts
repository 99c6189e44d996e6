import { type BoundaryEvent, BoundaryLine } from '@reeve/sdk'
import type { Actor } from '../access/actor.ts'
import { visibility } from '../access/policy.ts'
import { countBetween, type Gap, type RestRow, selectBetween, type Span } from './between-queries.ts'
import { timesOf, verdictOf } from './lines.ts'
import { presentEvent } from './present.ts'
import { eventsVisible } from './reads.ts'
import type { Room } from './room.ts'

/** What was decided between two numbers of a boundary's record, for whoever shows it beside something else. */

export interface LineBetween {
  /** Which of the gaps it lies in. */
  readonly gap: number
  readonly event: BoundaryEvent
  /** As the boundary's own clock has it. */
  readonly saidAt: Date
  readonly receivedAt: Date
  /** How many alike it stands for. */
  readonly count: number
}

/** So many of all gaps together, and of each at least so many. What is denied is never crowded out by what is allowed. */
const linesMax = { allowed: 2_000, denied: 500 } as const
const linesMin = { allowed: 4, denied: 2 } as const

/** In order of the numbers, gap by gap; a gap begins with the line of its lower number, where that is to be seen. */
export async function linesBetween(
  { db }: Pick<Room, 'db'>,
  actor: Actor,
  gaps: readonly Gap[],
  span: Span,
): Promise<{ readonly lines: LineBetween[]; readonly rest: RestRow[] }> {
  if (gaps.length === 0) return { lines: [], rest: [] }
  const visible = eventsVisible(visibility(actor, 'boundary:read'))
  const share = (of: 'allowed' | 'denied') => Math.max(linesMin[of], Math.floor(linesMax[of] / gaps.length))
  const limits = { allowed: share('allowed'), denied: share('denied') }
  const rows = await selectBetween(db.sql, visible, gaps, span, limits)
  const lines = rows.map((row) => {
    const line = BoundaryLine.parse(JSON.parse(row.line))
    const saidAt = new Date(line.time)
    return { gap: row.gap, event: presentEvent(row, line), saidAt, receivedAt: row.received_at, count: timesOf(line) }
  })
  const more = fullGaps(gaps, lines, limits)
  return { lines, rest: more.length === 0 ? [] : await countBetween(db.sql, visible, more, span) }
}

/** The gaps of which one kind may go on behind what was read, beginning there. */
function fullGaps(
  gaps: readonly Gap[],
  lines: readonly LineBetween[],
  limits: { readonly allowed: number; readonly denied: number },
): (Gap & { readonly gap: number; readonly isAllowed: boolean })[] {
  const kinds = Map.groupBy(lines, ({ gap, event }) => `${gap} ${verdictOf(event) === 'allowed'}`)
  return [...kinds.values()].flatMap((read) => {
    const last = read.at(-1)
    const gap = last === undefined ? undefined : gaps[last.gap]
    if (last === undefined || gap === undefined) return []
    const isAllowed = verdictOf(last.event) === 'allowed'
    if (read.length < (isAllowed ? limits.allowed : limits.denied)) return []
    return [{ ...gap, from: last.event.seq + 1, gap: last.gap, isAllowed }]
  })
}
