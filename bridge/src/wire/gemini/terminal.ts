import { objectOf, parseJson } from '../json.ts'
import type { WireEvent } from '../sse.ts'
import { lastEventFrom, terminalWatcher } from '../terminal.ts'
import type { TerminalWatcher, WireError } from '../wire-format.ts'
import { errorOf } from './errors.ts'

/**
 * A Gemini stream has no event that ends it: it is over when the connection says so, and the last event before that
 * tells why the model stopped. Some models tell it in each event. So an event that tells it is held back until another
 * one shows that it was not the last.
 */
export function watchTerminal(eventBytesMax: number): TerminalWatcher {
  const errors = terminalWatcher({ words: ['"error"'], verdict: errorVerdict }, eventBytesMax)
  let held: Buffer | null = null
  const withHeld = (events: Buffer | null): Buffer | null =>
    held === null ? events : Buffer.concat(events === null ? [held] : [held, events])
  return {
    push(chunk) {
      const piece = errors.push(chunk)
      if (piece.terminal === null && piece.events === null) return piece
      const events = withHeld(piece.events)
      held = null
      if (piece.terminal !== null || events === null || !tellsEnd(events)) return { ...piece, events }
      const from = lastEventFrom(events)
      if (!tellsEnd(events.subarray(from))) return { ...piece, events }
      held = events.subarray(from)
      return { ...piece, events: from === 0 ? null : events.subarray(0, from) }
    },
    rest: () => withHeld(errors.rest()) ?? errors.rest(),
    whole: () => held !== null,
  }
}

const ends = ['finishReason', 'finish_reason', 'blockReason', 'block_reason'].map((word) => Buffer.from(`"${word}"`))
const tellsEnd = (events: Buffer): boolean => ends.some((word) => events.indexOf(word) !== -1)

function errorVerdict({ data }: WireEvent): WireError | null {
  return data.includes('"error"') ? errorOf(objectOf(parseJson(data))) : null
}
