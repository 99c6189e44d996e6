import type { Uuid } from '@reeve/base'
import type { TimelineDecision } from '@reeve/sdk'
import type { Actor } from '../../access/actor.ts'
import type { Executor } from '../../db/database.ts'
import { answerSeqFrom } from '../drain/rows.ts'
import { findItemsOf } from '../item-queries.ts'
import { eventId, requestSeq } from '../present.ts'
import { findForeignCalls, type InterceptionRow, type SessionRow } from '../queries.ts'
import { readInput } from './call-input.ts'
import { type Anchor, gapsOf, type SessionGap } from './gaps.ts'
import { type Page, timesOfEvents } from './page.ts'
import { type Call, type Line, placeGap, type Rest } from './place.ts'

/** The decisions of boundaries beside the events of one page of a session. */

/** What boundaries recorded, as far as an actor may see it. */
export type BoundaryRecord = (
  actor: Actor,
  gaps: readonly Pick<SessionGap, 'boundaryId' | 'from' | 'before'>[],
  span: { readonly from: Date; readonly to: Date },
) => Promise<{
  readonly lines: readonly (Line & { readonly gap: number })[]
  readonly rest: readonly (Rest & { readonly gap: number })[]
}>

const dayMs = 86_400_000

export async function sessionDecisions(
  db: Executor,
  record: BoundaryRecord,
  actor: Actor,
  page: Page,
  shows: (row: InterceptionRow) => boolean,
): Promise<TimelineDecision[]> {
  const { session, interceptions, order } = page
  const anchors = interceptions.flatMap(anchorOf)
  if (anchors.length === 0) return []
  const places = new Map(order.map((ref, at) => [eventId(ref.interceptionId, ref.seq), at]))
  const placeOf = (id: string): number => places.get(eventId(id, requestSeq)) ?? 0
  const gaps = gapsOf(anchors, await foreignNumbers(db, session, anchors)).filter(({ opens, closes }) => {
    const at = placeOf((opens[0] ?? closes[0])?.interceptionId ?? '')
    return at >= page.from && at < page.to
  })
  // A clock that is wrong by less than a day hides nothing.
  const span = {
    from: new Date(session.started_at.getTime() - dayMs),
    to: new Date(session.last_active_at.getTime() + dayMs),
  }
  const { lines, rest } = await record(actor, gaps, span)
  if (lines.length === 0) return []
  const timeOf = timesOfEvents(interceptions)
  const timeline = {
    moments: order.map((ref) => ({ id: eventId(ref.interceptionId, ref.seq), atMs: timeOf(ref) })),
    calls: await callsOf(db, page, places, shows),
    beganMs: session.started_at.getTime(),
    starters: new Map<string, Call>(),
    placeOf,
  }
  const linesOf = Map.groupBy(lines, ({ gap }) => gap)
  const restOf = Map.groupBy(rest, ({ gap }) => gap)
  return gaps
    .flatMap((gap, at) => placeGap(gap, linesOf.get(at) ?? [], restOf.get(at) ?? [], timeline))
    .map((row) => [row, row.after === null ? -1 : (places.get(row.after) ?? -1)] as const)
    .toSorted(([, a], [, b]) => a - b)
    .map(([row]) => row)
}

function anchorOf(row: InterceptionRow): Anchor[] {
  const { id, boundary_session_id: boundaryId, boundary_seq: seq, boundary_verified: isVerified, started_at } = row
  // Whoever names a boundary and does not prove it has no part in its record.
  if (boundaryId === null || seq === null || isVerified !== true) return []
  return [{ interceptionId: id, boundaryId, seq, startedAtMs: started_at.getTime() }]
}

/** Of the requests of other sessions that came out of the same boundaries. */
async function foreignNumbers(
  db: Executor,
  session: SessionRow,
  anchors: readonly Anchor[],
): Promise<Map<Uuid, number[]>> {
  const found = await findForeignCalls(db, session, [...new Set(anchors.map(({ boundaryId }) => boundaryId))])
  const numbers = new Map<Uuid, number[]>()
  for (const { boundary_session_id: id, boundary_seq: seq } of found) {
    const known = numbers.get(id)
    if (known === undefined) numbers.set(id, [seq])
    else known.push(seq)
  }
  return numbers
}

/**
 * Every tool call of the session and how long it was open: until its result came, or where none did until the same agent
 * asked again.
 */
async function callsOf(
  db: Executor,
  { interceptions, marks, order }: Page,
  places: ReadonlyMap<string, number>,
  shows: (row: InterceptionRow) => boolean,
): Promise<Call[]> {
  const rows = new Map(interceptions.map((row) => [row.id, row]))
  const calls = marks.filter(({ kind, seq }) => kind === 'tool_call' && seq >= answerSeqFrom)
  const readable = [...new Set(calls.map((mark) => mark.interception_id))].filter((id) => {
    const row = rows.get(id)
    return row !== undefined && shows(row)
  })
  const items = await findItemsOf(db, readable, ['tool_call'])
  const texts = new Map(items.map((item) => [eventId(item.interception_id, item.seq), item.text]))
  const results = new Map<string, number>()
  for (const { kind, tool_call_id: id, interception_id, seq } of marks) {
    const at = places.get(eventId(interception_id, seq))
    if (kind === 'tool_result' && id !== null && at !== undefined && !results.has(id)) results.set(id, at)
  }
  const asked = Map.groupBy(
    order.flatMap(({ seq, interceptionId }, at) =>
      seq === requestSeq ? [{ at, agent: rows.get(interceptionId)?.agent_id ?? null }] : [],
    ),
    ({ agent }) => agent,
  )
  return calls.flatMap((mark) => {
    const id = eventId(mark.interception_id, mark.seq)
    const at = places.get(id)
    if (at === undefined) return []
    const agent = rows.get(mark.interception_id)?.agent_id ?? null
    const came = mark.tool_call_id === null ? undefined : results.get(mark.tool_call_id)
    const next = came === undefined ? asked.get(agent)?.find((request) => request.at > at)?.at : undefined
    const text = texts.get(id) ?? null
    return [{ id, at, until: came ?? next ?? Infinity, input: text === null ? null : readInput(text) }]
  })
}
