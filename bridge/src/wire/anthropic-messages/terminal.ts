import { cleanText, objectOf, parseJson } from '../json.ts'
import { sseSplitter, type WireEvent } from '../sse.ts'
import type { TerminalWatcher, WatchedPiece, WireError } from '../wire-format.ts'
import { errorOf } from './errors.ts'

/**
 * Watches a Messages stream for the event that ends it: `message_stop`, or an `error`.
 *
 * Bytes are given out in whole events, for two reasons: an answer that breaks off can then always be followed by an
 * event of our own, and the event that completes the answer can be held back whole. A provider writes whole events, so
 * almost every piece ends where an event ends and passes through as it came. Only a piece that contains one of two words
 * is looked at event by event; the word is much more often in the text of a model than in the name of an event.
 */
export function watchTerminal(eventBytesMax: number): TerminalWatcher {
  /** The beginning of an event that has not ended. */
  let pending: Buffer[] = []
  let pendingBytes = 0
  /** The two bytes before the next piece, where a blank line may have begun. */
  let before: readonly [number, number] = [0, 0]

  return {
    push(chunk) {
      if (pendingBytes === 0 && isOneDelta(chunk)) {
        before = afterEvent
        return passing(chunk)
      }
      const end = lastEventEnd(chunk, before)
      if (chunk.length > 0) before = [chunk[chunk.length - 2] ?? before[1], chunk[chunk.length - 1]!]
      if (end === 0) {
        pending.push(chunk)
        pendingBytes += chunk.length
        return pendingBytes > eventBytesMax ? tooLong : nothing
      }
      const whole = end === chunk.length ? chunk : chunk.subarray(0, end)
      const events = pendingBytes === 0 ? whole : Buffer.concat([...pending, whole])
      pending = end === chunk.length ? [] : [chunk.subarray(end)]
      pendingBytes = chunk.length - end
      if (events.indexOf(stopWord) === -1 && events.indexOf(errorWord) === -1) return passing(events)
      const found = findTerminal(events)
      if (found === null) return passing(events)
      const terminal = Buffer.concat([events.subarray(found.from), ...pending])
      pending = []
      pendingBytes = 0
      return {
        events: found.from === 0 ? null : events.subarray(0, found.from),
        terminal,
        error: found.error,
        tooLong: false,
      }
    },
    rest: () => Buffer.concat(pending),
  }
}

const nothing: WatchedPiece = { events: null, terminal: null, error: null, tooLong: false }
const tooLong: WatchedPiece = { ...nothing, tooLong: true }

function passing(events: Buffer): WatchedPiece {
  return { events, terminal: null, error: null, tooLong: false }
}

const afterEvent = [10, 10] as const
const deltaStart = Buffer.from('event: content_block_delta\ndata: {"type":"content_block_delta"')

/** Whether the piece is exactly one event of the kind that streams are made of. Saves searching it for anything else. */
function isOneDelta(chunk: Buffer): boolean {
  const { length } = chunk
  if (length < deltaStart.length + 2 || chunk[length - 1] !== LF || chunk[length - 2] !== LF) return false
  for (let at = 0; at < deltaStart.length; at++) if (chunk[at] !== deltaStart[at]) return false
  return chunk.indexOf(LF, deltaStart.length) === length - 2 && chunk.indexOf(CR, deltaStart.length) === -1
}

const stopWord = Buffer.from('message_stop')
const errorWord = Buffer.from('error')

function findTerminal(events: Buffer): { from: number; error: WireError | null } | null {
  for (let from = 0; from < events.length;) {
    const to = nextEventEnd(events, from)
    for (const event of sseSplitter(Number.POSITIVE_INFINITY)(events.subarray(from, to))) {
      const verdict = terminalVerdict(event)
      if (verdict !== null) return { from, error: verdict === 'stop' ? null : verdict }
    }
    from = to
  }
  return null
}

/** Clients go by the name of the event, by the `type` in its data, or by both: either makes it the end. */
function terminalVerdict({ event, data }: WireEvent): WireError | 'stop' | null {
  const named = event === 'message_stop' || event === 'error'
  if (!named && !data.includes('message_stop') && !data.includes('error')) return null
  const value = parseJson(data)
  const type = objectOf(value)['type']
  if (event === 'error' || type === 'error')
    return errorOf(value) ?? { type: 'unknown', message: cleanText(data, 1024) }
  return event === 'message_stop' || type === 'message_stop' ? 'stop' : null
}

const LF = 10
const CR = 13

/** Where the last blank line of the piece ends; 0 when there is none. */
function lastEventEnd(chunk: Buffer, before: readonly [number, number]): number {
  const { length } = chunk
  if (length > 1 && chunk[length - 1] === LF && chunk[length - 2] === LF) return length
  const byteAt = (at: number): number | undefined => (at < 0 ? before[2 + at] : chunk[at])
  let lf = chunk.lastIndexOf(LF)
  let cr = chunk.lastIndexOf(CR)
  while (lf !== -1 || cr !== -1) {
    const last = Math.max(lf, cr)
    if (endsBlankLine(byteAt, last)) return last + 1
    if (lf === last) lf = last === 0 ? -1 : chunk.lastIndexOf(LF, last - 1)
    else cr = last === 0 ? -1 : chunk.lastIndexOf(CR, last - 1)
  }
  return 0
}

function nextEventEnd(events: Buffer, from: number): number {
  const byteAt = (at: number): number | undefined => (at < from ? undefined : events[at])
  for (let at = from; at < events.length; at++) {
    const byte = events[at]
    if ((byte === LF || byte === CR) && endsBlankLine(byteAt, at)) return at + 1
  }
  return events.length
}

/** Whether the line end whose last byte is at `last` ends an empty line. */
function endsBlankLine(byteAt: (at: number) => number | undefined, last: number): boolean {
  const start = byteAt(last) === LF && byteAt(last - 1) === CR ? last - 1 : last
  const previous = byteAt(start - 1)
  return previous === LF || previous === CR
}
