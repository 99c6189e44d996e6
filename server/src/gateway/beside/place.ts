import type { BoundaryEvent, TimelineDecision } from '@reeve/sdk'
import { type CallInput, likeness } from './call-input.ts'
import type { SessionGap } from './gaps.ts'

/**
 * Puts what a boundary decided between two requests of a session among the events of its timeline.
 *
 * The numbers decide: nothing stands in front of the request whose number is smaller, or behind the one whose number is
 * larger, whatever the boundary's clock says. Between the two, time does: before the answer or behind it. How far the two
 * clocks are apart is known from the line of the request itself and from when lines came; what takes time in between only
 * ever makes the difference larger, so that the smallest is the nearest to the truth.
 */
export interface Line {
  readonly event: BoundaryEvent
  readonly saidAt: Date
  readonly receivedAt: Date
  readonly count: number
}

/** Lines that were not read. */
export interface Rest {
  readonly verdict: TimelineDecision['verdict']
  readonly firstSeq: number
  readonly lastSeq: number
  readonly count: number
  readonly receivedAt: Date
}

/** An event of the timeline. */
export interface Moment {
  readonly id: string
  readonly atMs: number
}

export interface Call {
  readonly id: string
  /** Where it stands among the moments, and where what ends it does. */
  readonly at: number
  readonly until: number
  /** Null where whoever asks may not read it, or where it was not kept. */
  readonly input: CallInput | null
}

export interface Timeline {
  readonly moments: readonly Moment[]
  readonly calls: readonly Call[]
  readonly beganMs: number
  /** The call that started a process, once that is known: it may go on after the call came back. */
  readonly starters: Map<string, Call>
  /** Where the request of an interception stands. */
  placeOf(interceptionId: string): number
}

interface Placed {
  readonly key: string
  readonly at: number
  readonly atMs: number
  readonly verdict: TimelineDecision['verdict']
  readonly lines: Line[]
  readonly calls: readonly string[]
  readonly isSure: boolean
}

const namesMax = 5

export function placeGap(
  gap: SessionGap,
  read: readonly Line[],
  rest: readonly Rest[],
  timeline: Timeline,
): TimelineDecision[] {
  const { moments, placeOf } = timeline
  const [opens, closes] = [gap.opens[0], gap.closes[0]]
  const low = opens === undefined ? -1 : placeOf(opens.interceptionId)
  const high = closes === undefined ? moments.length : Math.max(placeOf(closes.interceptionId), low + 1)
  const bounds = { low, high, lowMs: opens?.startedAtMs ?? -Infinity, highMs: closes?.startedAtMs ?? Infinity }
  const aheadMs = clockDifference(gap, read)
  const near = timeline.calls.filter((call) => call.at < high && call.until > low)
  const rows: Placed[] = []
  for (const line of read) {
    // The line of the request itself, which stands there as an event.
    if (opens !== undefined && line.event.seq === gap.from) continue
    const atMs = Math.max(bounds.lowMs, Math.min(bounds.highMs, line.saidAt.getTime() + aheadMs))
    const last = rows.at(-1)
    const by = Math.max(lastUntil(moments, bounds, atMs), last?.at ?? low)
    const cause = gap.isShared ? null : (starterOf(line.event, timeline) ?? causeOf(line.event, near))
    if (cause !== null) noteStarter(line.event, cause, timeline)
    const at = Math.max(by, cause?.at ?? by)
    const open = near.filter((call) => call.at <= at && call.until > at)
    const calls = cause === null ? open.map(({ id }) => id) : [cause.id]
    const placed = {
      key: keyOf(line.event, calls),
      at,
      atMs,
      verdict: verdictOf(line.event),
      lines: [line],
      calls,
      isSure: cause !== null,
    }
    if (last?.key !== placed.key || last.at !== at) rows.push(placed)
    else rows.splice(-1, 1, joined(last, placed))
  }
  const end = rows.at(-1)?.at ?? low
  return [
    ...rows.map((row) => present(row, gap, timeline)),
    ...rest.map((one) => {
      const atMs = Math.max(bounds.lowMs, Math.min(bounds.highMs, one.receivedAt.getTime()))
      return presentRest(one, { at: Math.max(end, lastUntil(moments, bounds, atMs)), atMs }, gap, timeline)
    }),
  ]
}

/** How far the clock of the server is ahead of the boundary's, in milliseconds. */
function clockDifference({ opens, from }: SessionGap, read: readonly Line[]): number {
  const differences = read.flatMap(({ event, saidAt, receivedAt }) => [
    receivedAt.getTime() - saidAt.getTime(),
    ...(opens[0] !== undefined && event.seq === from ? [opens[0].startedAtMs - saidAt.getTime()] : []),
  ])
  return differences.length === 0 ? 0 : Math.min(...differences)
}

/** The last of the moments between the bounds that is not later; the lower bound where there is none. */
function lastUntil(
  moments: readonly Moment[],
  { low, high }: { readonly low: number; readonly high: number },
  atMs: number,
): number {
  for (let at = high - 1; at > low; at--) if ((moments[at]?.atMs ?? Infinity) <= atMs) return at
  return low
}

/** The one call that it looks most like the work of; none where two are as likely. */
function causeOf(event: BoundaryEvent, calls: readonly Call[]): Call | null {
  let [best, most, isOnly]: [Call | null, number, boolean] = [null, 0, true]
  for (const call of calls) {
    const like = call.input === null ? 0 : likeness(call.input, event)
    if (like > most) [best, most, isOnly] = [call, like, true]
    else if (like === most) isOnly = false
  }
  return isOnly ? best : null
}

/** Null for the agent itself, which is the whole tree. */
const processKey = ({ session_id: boundary, process }: BoundaryEvent): string | null =>
  process === null || process.pid === 0 || process.tree.length < 2 ? null : `${boundary} ${process.pid} ${process.exe}`

const starterOf = (event: BoundaryEvent, { starters }: Timeline): Call | null =>
  starters.get(processKey(event) ?? '') ?? null

function noteStarter(event: BoundaryEvent, call: Call, { starters }: Timeline): void {
  const key = processKey(event)
  if (key !== null) starters.set(key, call)
}

const verdictOf = ({ decision, would }: BoundaryEvent): TimelineDecision['verdict'] =>
  decision === 'deny' ? 'denied' : would === 'allow' ? 'allowed' : 'observed'

/** Allowed ones are one row together; others are where they are alike and of the same calls. */
function keyOf(event: BoundaryEvent, calls: readonly string[]): string {
  const verdict = verdictOf(event)
  if (verdict === 'allowed') return verdict
  return [verdict, event.kind, event.rule, event.reason, nameOf(event), ...calls].join(' ')
}

function nameOf({ net, dns, file, exec, kind }: BoundaryEvent): string {
  return net?.host ?? dns?.name ?? file?.path ?? exec?.path.split('/').at(-1) ?? kind
}

function joined(a: Placed, b: Placed): Placed {
  const isSame = a.calls.length === b.calls.length && a.calls.every((id) => b.calls.includes(id))
  a.lines.push(...b.lines)
  return {
    ...a,
    calls: isSame ? a.calls : [...new Set([...a.calls, ...b.calls])],
    isSure: a.isSure && b.isSure && isSame,
  }
}

function present(
  { at, atMs, verdict, lines, calls, isSure }: Placed,
  gap: SessionGap,
  timeline: Timeline,
): TimelineDecision {
  const names = new Map<string, number>()
  for (const { event, count } of lines) names.set(nameOf(event), (names.get(nameOf(event)) ?? 0) + count)
  const [first, last] = [lines[0]?.event, lines.at(-1)?.event]
  return {
    ...placeOf(at, atMs, gap, timeline),
    id: `${gap.boundaryId}.${first?.seq ?? 0}`,
    first_seq: first?.seq ?? 0,
    last_seq: last?.seq ?? 0,
    verdict,
    count: lines.reduce((sum, { count }) => sum + count, 0),
    names: [...names].toSorted(([, a], [, b]) => b - a).map(([name]) => name).slice(0, namesMax), // prettier-ignore
    attribution: isSure ? 'sure' : calls.length > 0 ? 'one_of' : 'none',
    tool_calls: [...calls],
    event: lines.length === 1 ? (first ?? null) : null,
  }
}

function presentRest(
  { verdict, firstSeq, lastSeq, count }: Rest,
  { at, atMs }: { readonly at: number; readonly atMs: number },
  gap: SessionGap,
  timeline: Timeline,
): TimelineDecision {
  return {
    ...placeOf(at, atMs, gap, timeline),
    id: `${gap.boundaryId}.${firstSeq}`,
    first_seq: firstSeq,
    last_seq: lastSeq,
    verdict,
    count,
    names: [],
    attribution: 'none',
    tool_calls: [],
    event: null,
  }
}

const placeOf = (at: number, atMs: number, { boundaryId }: SessionGap, { moments, beganMs }: Timeline) => ({
  after: moments[at]?.id ?? null,
  boundary_session_id: boundaryId,
  time: new Date(atMs).toISOString(),
  offset_ms: atMs - beganMs,
})
