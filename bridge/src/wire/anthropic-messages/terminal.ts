import { cleanText, objectOf, parseJson } from '../json.ts'
import type { WireEvent } from '../sse.ts'
import { terminalWatcher } from '../terminal.ts'
import type { TerminalWatcher, WireError } from '../wire-format.ts'
import { errorOf } from './errors.ts'

/** A Messages stream ends with `message_stop` or with an `error`. */
export function watchTerminal(eventBytesMax: number): TerminalWatcher {
  return terminalWatcher(rules, eventBytesMax)
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

const rules = {
  words: ['message_stop', 'error'],
  ordinary: 'event: content_block_delta\ndata: {"type":"content_block_delta"',
  verdict: terminalVerdict,
}
