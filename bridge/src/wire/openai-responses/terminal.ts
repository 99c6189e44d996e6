import { objectOf, parseJson, stringOf } from '../json.ts'
import { errorIn } from '../openai/errors.ts'
import type { WireEvent } from '../sse.ts'
import { terminalWatcher } from '../terminal.ts'
import type { TerminalWatcher, WireError } from '../wire-format.ts'
import { errorInEvent } from './errors.ts'

/** A stream of Responses ends with the event that says what became of the response, or with an error. */
export function watchTerminal(eventBytesMax: number): TerminalWatcher {
  return terminalWatcher(rules, eventBytesMax)
}

const ends: readonly string[] = ['response.completed', 'response.incomplete', 'response.cancelled']
const failures: readonly string[] = ['response.failed', 'error']
const words = [...ends, ...failures, '[DONE]']

/** Whether it is worth a look: whatever ends a stream holds one of a few words. */
export function mayEnd(bytes: Buffer): boolean {
  return words.some((word) => bytes.includes(word))
}

/** Clients go by the `type` in the data, and by the name of the event where there is none. */
export function typeOf(event: string, data: unknown): string {
  return stringOf(objectOf(data)['type']) ?? event
}

/** `[DONE]` is no event of this API; servers that came to it from Chat Completions still write it. */
export function endingOf({ event, data }: WireEvent): WireError | 'stop' | null {
  if (data.trim() === '[DONE]') return 'stop'
  if (!words.includes(event) && !words.some((word) => data.includes(word))) return null
  const value = parseJson(data)
  const type = typeOf(event, value)
  if (ends.includes(type)) return 'stop'
  if (failures.includes(type)) return errorInEvent(value ?? data)
  return type === '' ? errorIn(value) : null
}

const rules = {
  words,
  ordinary: 'event: response.output_text.delta\ndata: {"type":"response.output_text.delta"',
  verdict: endingOf,
}
