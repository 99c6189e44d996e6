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
  /** The last bytes before the next piece, where a blank line may have begun. */
  let before: Buffer = Buffer.alloc(0)

  return {
    push(chunk) {
      const end = lastEventEnd(chunk, before)
      before = chunk.length >= 3 ? chunk.subarray(-3) : Buffer.concat([before, chunk]).subarray(-3)
      if (end === 0) {
        pending.push(chunk)
        pendingBytes += chunk.length
        return { ...nothing, tooLong: pendingBytes > eventBytesMax }
      }
      const whole = end === chunk.length ? chunk : chunk.subarray(0, end)
      const events = pendingBytes === 0 ? whole : Buffer.concat([...pending, whole])
      pending = end === chunk.length ? [] : [chunk.subarray(end)]
      pendingBytes = chunk.length - end
      if (!events.includes(stopWord) && !events.includes(errorWord)) return { ...nothing, events }
      const found = findTerminal(events)
      if (found === null) return { ...nothing, events }
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
function lastEventEnd(chunk: Buffer, before: Buffer): number {
  const byteAt = (at: number): number | undefined => (at < 0 ? before[before.length + at] : chunk[at])
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
