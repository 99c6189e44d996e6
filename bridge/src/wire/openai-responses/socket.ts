import { scanObject } from '../../scan.ts'
import { memberOf, valueAt } from '../body.ts'
import { objectOf, parseJson, stringOf } from '../json.ts'
import { errorAnswer, errorObject, mayRetry } from '../openai/errors.ts'
import type { ClientMessage, MessageEnd, Refusal, SocketFormat } from '../wire-format.ts'
import { endingOf, mayEnd } from './terminal.ts'

/**
 * The Responses API over a WebSocket: each message is one JSON object. A client asks with `response.create`, whose other
 * members are those of the body of a request; the provider answers with the events that it would stream.
 */
export const responsesSocket: SocketFormat = { readClientMessage, madeIn, endOf, error }

/** Whatever is not known to ask nothing is not passed on: it could be answered without a record. */
function readClientMessage(message: Buffer): ClientMessage {
  const result = scanObject(message, { decisive: ['type'], elementsOf: '' })
  if (!result.ok) return 'unknown'
  const type = valueAt(message, memberOf(result.scan, 'type'), 64)
  if (type === 'response.create') return 'ask'
  return type === 'response.cancel' ? 'control' : 'unknown'
}

function madeIn(message: Buffer): string | null {
  if (!message.includes('response.created') && !mayEnd(message)) return null
  return stringOf(objectOf(objectOf(parseJson(message.toString('utf8')))['response'])['id'])
}

function endOf(message: Buffer): MessageEnd | null {
  if (!mayEnd(message)) return null
  const data = message.toString('utf8')
  const verdict = endingOf({ event: '', data, id: null, retry: null })
  if (verdict === null) return null
  const { status, status_code: code } = objectOf(parseJson(data))
  const said = [status, code].find((value) => Number.isInteger(value) && Number(value) >= 400 && Number(value) < 600)
  return { error: verdict === 'stop' ? null : verdict, status: said === undefined ? null : Number(said) }
}

/** Codex gives up on a 400 at once and shows the sentence; after any other status it asks again. */
function error(refusal: Refusal): Buffer {
  const status = mayRetry(refusal) ? errorAnswer(refusal, null).status : 400
  return Buffer.from(JSON.stringify({ type: 'error', status, error: errorObject(refusal) }))
}
