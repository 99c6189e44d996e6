import { objectOf, parseJson, stringOf } from '../../wire/json.ts'
import type { WireFormat } from '../../wire/wire-format.ts'

/** What Anthropic's API calls an error with this status (docs.anthropic.com, "Errors"). */
const typeOfStatus: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  408: 'timeout_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  503: 'overloaded_error',
  504: 'timeout_error',
}

/** The body of an error as Anthropic's clients read it. One that is in their shape already stays as it is. */
export function errorBody(
  body: Buffer,
  status: number,
  requestId: string | null,
  readError: WireFormat['readError'],
): Buffer {
  const value = objectOf(parseJson(body.toString('utf8')))
  if (value['type'] === 'error' && stringOf(objectOf(value['error'])['message']) !== null) return body
  const { message } = readError(body)
  const error = { type: typeOfStatus[status] ?? 'api_error', message }
  return Buffer.from(JSON.stringify({ type: 'error', error, ...(requestId !== null && { request_id: requestId }) }))
}
