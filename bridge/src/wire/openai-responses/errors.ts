import { cleanText, objectOf } from '../json.ts'
import { errorIn, errorObject, errorOf, mayRetry } from '../openai/errors.ts'
import type { Refusal, WireError } from '../wire-format.ts'

/**
 * The events that end a stream which has begun. The SDKs raise at the first; Codex passes over it and goes by the second,
 * which it takes for final when its code is `invalid_prompt`, and asks again otherwise.
 */
export function errorEvents(refusal: Refusal): Buffer {
  const error = errorObject(refusal)
  const { code, message, param } = error
  const failure = { code: mayRetry(refusal) ? 'server_error' : 'invalid_prompt', message }
  const response = { id: '', object: 'response', status: 'failed', error: failure, output: [], usage: null }
  return Buffer.concat([
    eventOf({ type: 'error', sequence_number: 0, code, message, param, error }),
    eventOf({ type: 'response.failed', sequence_number: 1, response }),
  ])
}

function eventOf(event: { readonly type: string; readonly [member: string]: unknown }): Buffer {
  return Buffer.from(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
}

/**
 * The error that an event says: in an object of its own or, as documented, in the event itself. `response.failed` has it
 * in the response.
 */
export function errorInEvent(value: unknown): WireError {
  const event = objectOf(value)
  const found = errorIn(event) ?? errorOf(objectOf(event['response'])['error'])
  if (found !== null) return found
  return errorOf({ ...event, type: null }) ?? { type: 'unknown', message: cleanText(JSON.stringify(value) ?? '', 1024) }
}
