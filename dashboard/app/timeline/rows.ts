import type { TimelineBuild, TimelineDecision, TimelineEvent } from '@reeve/sdk'
import { readableChars } from '../ui/hostile.ts'

/** The lanes of what was said, and that of what a boundary decided in between. */
export type Lane = TimelineEvent['lane'] | 'boundary'
const lanes: readonly Lane[] = ['human', 'thinking', 'model', 'tools', 'system', 'boundary']

/** Of a session that ran in no boundary, or in one that the reader may not see, there is no lane for one. */
export const lanesOf = (rows: readonly FeedRow[]): readonly Lane[] =>
  rows.some(isDecisionRow) ? lanes : lanes.filter((lane) => lane !== 'boundary')

export const hiddenLanes = (names: string): ReadonlySet<Lane> =>
  new Set(lanes.filter((lane) => names.split(',').includes(lane)))

/** What stands on one line of the timeline: an event or, for a tool call, the call with the result that came back. */
export interface Row {
  readonly id: string
  readonly event: TimelineEvent
  readonly result: TimelineEvent | null
}

export interface DecisionRow {
  readonly id: string
  readonly decision: TimelineDecision
}

/** A build of the workspace that the session ran in. */
export interface BuildRow {
  readonly id: string
  readonly build: TimelineBuild
}

export type FeedRow = Row | DecisionRow | BuildRow

export const isDecisionRow = (row: FeedRow): row is DecisionRow => 'decision' in row
export const isBuildRow = (row: FeedRow): row is BuildRow => 'build' in row
export const isEventRow = (row: FeedRow): row is Row => 'event' in row
export const laneOf = (row: FeedRow): Lane =>
  isDecisionRow(row) ? 'boundary' : isBuildRow(row) ? 'system' : row.event.lane
/** What came before the session stands at its beginning. */
export const offsetOf = (row: FeedRow): number =>
  Math.max(0, (isDecisionRow(row) ? row.decision : isBuildRow(row) ? row.build : row.event).offset_ms)

/**
 * A result is shown under its call, although it reached Reeve with the next request. Ids of calls are the client's own
 * words: a second result for one call, or one without a call before it, stands for itself.
 */
export const buildRows = (events: readonly TimelineEvent[]): readonly Row[] =>
  buildFeed({ events, decisions: [], builds: [] }).filter(isEventRow)

interface Told {
  readonly events: readonly TimelineEvent[]
  readonly decisions: readonly TimelineDecision[]
  readonly builds: readonly TimelineBuild[]
}

/** The same, with what stands beside the events behind those that it names: under a result shown elsewhere none is lost. */
export function buildFeed({ events, decisions, builds }: Told): readonly FeedRow[] {
  const rows: FeedRow[] = []
  const decided = Map.groupBy(decisions, ({ after }) => after)
  const built = Map.groupBy(builds, ({ after }) => after)
  const decide = (after: string | null) => {
    const waiting = (built.get(after) ?? []).map((build) => ({ id: build.id, build }))
    for (const decision of decided.get(after) ?? []) {
      while (waiting[0] !== undefined && waiting[0].build.offset_ms <= decision.offset_ms) rows.push(waiting.shift()!)
      rows.push({ id: decision.id, decision })
    }
    rows.push(...waiting)
  }
  const waiting = new Map<string, { readonly at: number; readonly call: Row }>()
  decide(null)
  for (const event of events) {
    const { kind, tool_call_id: callId } = event
    const open = kind === 'tool_result' && callId !== null ? waiting.get(callId) : undefined
    if (open !== undefined && callId !== null) {
      rows[open.at] = { ...open.call, result: event }
      waiting.delete(callId)
    } else {
      const row = { id: event.id, event, result: null }
      if (kind === 'tool_call' && callId !== null) waiting.set(callId, { at: rows.length, call: row })
      rows.push(row)
    }
    decide(event.id)
  }
  return rows
}

export const countByLane = (rows: readonly FeedRow[]): Readonly<Record<Lane, number>> => {
  const counts = { human: 0, thinking: 0, model: 0, tools: 0, system: 0, boundary: 0 }
  for (const row of rows) counts[laneOf(row)]++
  return counts
}

/** Whether a search finds this row; names and texts are searched, in whatever case. */
export function rowMatches(row: FeedRow, needle: string): boolean {
  if (needle === '') return false
  const wanted = needle.toLowerCase()
  return textsOf(row).some((text) => text !== null && text !== undefined && text.toLowerCase().includes(wanted))
}

function textsOf(row: FeedRow): readonly (string | null | undefined)[] {
  if (isEventRow(row)) {
    const { event, result } = row
    return [event.text, event.tool_name, event.kind === 'request' ? event.model : null, result?.text]
  }
  if (isBuildRow(row)) return [row.build.workspace_name, row.build.transition, row.build.reason, row.build.status]
  const { names, event } = row.decision
  return [...names, event?.net?.url, event?.rule, event?.denial, ...(event?.exec?.argv ?? []), ...(event?.process?.tree ?? [])] // prettier-ignore
}

/** Faults and what was denied are never folded and never hidden with their lane. */
export function isFailure(row: FeedRow): boolean {
  if (isDecisionRow(row)) return row.decision.verdict === 'denied'
  if (isBuildRow(row)) return row.build.status === 'failed'
  const { event, result } = row
  return (
    event.kind === 'error' ||
    event.is_error ||
    event.denied_by !== null ||
    result?.is_error === true ||
    (event.outcome !== null && event.outcome !== 'ok' && event.outcome !== 'live')
  )
}

/** The beginning and the end of a text that is too long to be shown whole at first; null when it is not. */
export interface Folded {
  readonly head: string
  readonly tail: string
  readonly hiddenLines: number
}

export function foldText(text: string, headLines: number, tailLines: number, charsMax = 1600): Folded | null {
  const lines = text.split('\n')
  if (lines.length <= headLines + tailLines + 1 && (text.length <= charsMax || readableChars(text) <= charsMax))
    return null
  if (lines.length <= headLines + tailLines + 1) {
    return { head: text.slice(0, charsMax / 2), tail: tailLines === 0 ? '' : text.slice(-charsMax / 4), hiddenLines: 0 }
  }
  const head = lines.slice(0, headLines).join('\n').slice(0, charsMax)
  const tail =
    tailLines === 0
      ? ''
      : lines
          .slice(-tailLines)
          .join('\n')
          .slice(-charsMax / 2)
  return { head, tail, hiddenLines: lines.length - headLines - tailLines }
}

/** A tool's input, as far as it fits a line: its first text, as most tools name what they act on first. */
export function inputHeadline(input: string): string {
  const value = readJson(input)
  if (typeof value !== 'object' || value === null) return input
  const first = Object.values(value).find((one) => typeof one === 'string' && one !== '')
  return typeof first === 'string' ? first : JSON.stringify(value)
}

/** JSON as it is read best; anything else as it is. */
export function prettyInput(input: string): string {
  const value = readJson(input)
  return value === undefined ? input : JSON.stringify(value, null, 2)
}

/** Larger inputs are shown as they came: parsing them would hold up the page. */
const jsonCharsMax = 256 * 1024

function readJson(text: string): unknown {
  if (text.length > jsonCharsMax) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
