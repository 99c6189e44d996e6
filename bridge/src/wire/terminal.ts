import { sseSplitter, type WireEvent } from './sse.ts'
import type { TerminalWatcher, WatchedPiece, WireError } from './wire-format.ts'

/** What ends a stream of one format. */
export interface TerminalRules {
  /** A piece that holds none of these is passed on without another look. */
  readonly words: readonly string[]
  /** How the events begin that streams are made of: a piece that is exactly one such event passes at once. */
  readonly ordinary?: string
  /** What the event means: an error or the proper end of the answer, or nothing of the kind. */
  verdict(event: WireEvent): WireError | 'stop' | null
  /** A word after which the stream may end without a terminal event; see `TerminalWatcher.whole`. */
  readonly wholeAfter?: RegExp
}

/**
 * Watches an event stream for the event that ends its answer.
 *
 * Bytes are given out in whole events, for two reasons: an answer that breaks off can then always be followed by an
 * event of our own, and the event that completes the answer can be held back whole. A provider writes whole events, so
 * almost every piece ends where an event ends and passes through as it came. Only a piece that contains one of a few
 * words is looked at event by event; such a word is much more often in the text of a model than in the name of an event.
 */
export function terminalWatcher(rules: TerminalRules, eventBytesMax: number): TerminalWatcher {
  const words = rules.words.map((word) => Buffer.from(word))
  const ordinary = rules.ordinary === undefined ? null : Buffer.from(rules.ordinary)
  const { wholeAfter } = rules
  /** The beginning of an event that has not ended. */
  let pending: Buffer[] = []
  let pendingBytes = 0
  /** The two bytes before the next piece, where a blank line may have begun. */
  let before: readonly [number, number] = [0, 0]
  let whole = false

  return {
    push(chunk) {
      if (pendingBytes === 0 && ordinary !== null && isOneEvent(chunk, ordinary)) {
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
      const ended = end === chunk.length ? chunk : chunk.subarray(0, end)
      const events = pendingBytes === 0 ? ended : Buffer.concat([...pending, ended])
      pending = end === chunk.length ? [] : [chunk.subarray(end)]
      pendingBytes = chunk.length - end
      if (wholeAfter !== undefined && !whole) whole = wholeAfter.test(events.toString('latin1'))
      if (!words.some((word) => events.indexOf(word) !== -1)) return passing(events)
      const found = findTerminal(events, rules)
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
    whole: () => whole,
  }
}

const nothing: WatchedPiece = { events: null, terminal: null, error: null, tooLong: false }
const tooLong: WatchedPiece = { ...nothing, tooLong: true }

function passing(events: Buffer): WatchedPiece {
  return { events, terminal: null, error: null, tooLong: false }
}

const afterEvent = [10, 10] as const

/** Whether the piece is exactly one event that begins so. Saves searching it for anything else. */
function isOneEvent(chunk: Buffer, start: Buffer): boolean {
  const { length } = chunk
  if (length < start.length + 2 || chunk[length - 1] !== LF || chunk[length - 2] !== LF) return false
  for (let at = 0; at < start.length; at++) if (chunk[at] !== start[at]) return false
  return chunk.indexOf(LF, start.length) === length - 2 && chunk.indexOf(CR, start.length) === -1
}

function findTerminal(events: Buffer, rules: TerminalRules): { from: number; error: WireError | null } | null {
  let from = 0
  for (const bytes of wholeEvents(events)) {
    for (const event of sseSplitter(Number.POSITIVE_INFINITY)(bytes)) {
      const verdict = rules.verdict(event)
      if (verdict !== null) return { from, error: verdict === 'stop' ? null : verdict }
    }
    from += bytes.length
  }
  return null
}

/** The bytes of each event, up to where the next one begins. The last one may be cut off. */
export function* wholeEvents(events: Buffer): Generator<Buffer> {
  for (let from = 0; from < events.length;) {
    const to = nextEventEnd(events, from)
    yield events.subarray(from, to)
    from = to
  }
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

/** Where the last of several whole events begins. */
export function lastEventFrom(events: Buffer): number {
  let from = 0
  for (let to = nextEventEnd(events, 0); to < events.length; to = nextEventEnd(events, to)) from = to
  return from
}

function nextEventEnd(events: Buffer, from: number): number {
  const byteAt = (at: number): number | undefined => (at < from ? undefined : events[at])
  for (let at = from; at < events.length; at++) {
    const byte = events[at]
    if ((byte === LF || byte === CR) && endsBlankLine(byteAt, at)) {
      // A LF behind a CR belongs to the same line end.
      return byte === CR && events[at + 1] === LF ? at + 2 : at + 1
    }
  }
  return events.length
}

/** Whether the line end whose last byte is at `last` ends an empty line. */
function endsBlankLine(byteAt: (at: number) => number | undefined, last: number): boolean {
  const start = byteAt(last) === LF && byteAt(last - 1) === CR ? last - 1 : last
  const previous = byteAt(start - 1)
  return previous === LF || previous === CR
}
