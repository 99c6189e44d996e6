import { cleanText, parseJson } from '../json.ts'
import { errorIn } from '../openai/errors.ts'
import type { WireEvent } from '../sse.ts'
import { terminalWatcher } from '../terminal.ts'
import type { TerminalWatcher, WireError } from '../wire-format.ts'

/**
 * A stream of Chat Completions ends with `[DONE]`, or with an object that holds an error. Compatible servers leave
 * `[DONE]` out: then the answer is whole once a chunk has said why the model stopped.
 */
export function watchTerminal(eventBytesMax: number): TerminalWatcher {
  return terminalWatcher(rules, eventBytesMax)
}

function terminalVerdict({ event, data }: WireEvent): WireError | 'stop' | null {
  if (data.trim() === '[DONE]') return 'stop'
  if (event !== 'error' && !data.includes('error')) return null
  const error = errorIn(parseJson(data))
  return error ?? (event === 'error' ? { type: 'unknown', message: cleanText(data, 1024) } : null)
}

const rules = {
  words: ['[DONE]', 'error'],
  verdict: terminalVerdict,
  wholeAfter: /"finish_reason"\s*:\s*"/,
}
