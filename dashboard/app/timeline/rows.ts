import type { TimelineEvent } from '@reeve/sdk'
import { readableChars } from '../ui/hostile.ts'

export type Lane = TimelineEvent['lane']
export const lanes: readonly Lane[] = ['human', 'thinking', 'model', 'tools', 'system']

/** What stands on one line of the timeline: an event or, for a tool call, the call with the result that came back. */
export interface Row {
  readonly id: string
  readonly event: TimelineEvent
  readonly result: TimelineEvent | null
}

/**
 * A result is shown under its call, although it reached Reeve with the next request. Ids of calls are the client's own
 * words: a second result for one call, or one without a call before it, stands for itself.
 */
export function buildRows(events: readonly TimelineEvent[]): readonly Row[] {
  const rows: Row[] = []
  const waiting = new Map<string, number>()
  for (const event of events) {
    const { kind, tool_call_id: callId } = event
    const at = kind === 'tool_result' && callId !== null ? waiting.get(callId) : undefined
    const call = at === undefined ? undefined : rows[at]
    if (at !== undefined && call !== undefined && callId !== null) {
      rows[at] = { ...call, result: event }
      waiting.delete(callId)
      continue
    }
    if (kind === 'tool_call' && callId !== null) waiting.set(callId, rows.length)
    rows.push({ id: event.id, event, result: null })
  }
  return rows
}

export const countByLane = (rows: readonly Row[]): Readonly<Record<Lane, number>> => {
  const counts = { human: 0, thinking: 0, model: 0, tools: 0, system: 0 }
  for (const { event } of rows) counts[event.lane]++
  return counts
}

/** Whether a search finds this row; names and texts are searched, in whatever case. */
export function rowMatches({ event, result }: Row, needle: string): boolean {
  if (needle === '') return false
  const wanted = needle.toLowerCase()
  return [event.text, event.tool_name, event.kind === 'request' ? event.model : null, result?.text].some(
    (text) => text !== null && text !== undefined && text.toLowerCase().includes(wanted),
  )
}

/** Faults are never folded and never hidden with their lane. */
export const isFailure = ({ event, result }: Row): boolean =>
  event.kind === 'error' ||
  event.is_error ||
  result?.is_error === true ||
  (event.outcome !== null && event.outcome !== 'ok' && event.outcome !== 'live')

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
