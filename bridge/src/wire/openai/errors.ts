import { cleanText, objectOf, parseJson, stringOf } from '../json.ts'
import type { Refusal, RefusalReason, WireAnswer, WireError } from '../wire-format.ts'

/**
 * Refusals in the shape of OpenAI's APIs. The statuses are those that clients give up on at once where asking again is
 * of no use: Codex asks six times more after any 4xx but 400, so whatever is wrong with the request itself is a 400.
 * It hides what a 429 says and shows what a 503 does, and asks again after both, so a bound that is over in a moment is a 503.
 * Who has no credential still gets a 401, because clients then fetch another one.
 */
const shapes: Readonly<Record<RefusalReason, { status: number; type: string; code: string; retry: boolean }>> = {
  unauthenticated: { status: 401, type: 'invalid_request_error', code: 'invalid_api_key', retry: false },
  forbidden: { status: 400, type: 'invalid_request_error', code: 'permission_denied', retry: false },
  denied: { status: 400, type: 'invalid_request_error', code: 'policy_denied', retry: false },
  not_found: { status: 404, type: 'invalid_request_error', code: 'not_found', retry: false },
  invalid: { status: 400, type: 'invalid_request_error', code: 'invalid_request', retry: false },
  too_large: { status: 400, type: 'invalid_request_error', code: 'request_too_large', retry: false },
  unsupported_media_type: { status: 400, type: 'invalid_request_error', code: 'unsupported_media_type', retry: false },
  too_slow: { status: 408, type: 'server_error', code: 'request_timeout', retry: true },
  limited: { status: 429, type: 'requests', code: 'rate_limit_exceeded', retry: true },
  throttled: { status: 503, type: 'requests', code: 'rate_limit_exceeded', retry: true },
  unavailable: { status: 503, type: 'server_error', code: 'service_unavailable', retry: true },
  upstream_failed: { status: 502, type: 'server_error', code: 'upstream_failed', retry: true },
  upstream_silent: { status: 504, type: 'server_error', code: 'upstream_timeout', retry: true },
  internal: { status: 500, type: 'server_error', code: 'server_error', retry: true },
}

/** The error object of a refusal, as it stands in bodies and in events alike. */
export function errorObject(refusal: Refusal): { message: string; type: string; param: null; code: string } {
  const { type, code } = shapes[refusal.reason]
  return { message: refusal.message, type, param: null, code }
}

/** Whether asking again may help. */
export function mayRetry(refusal: Refusal): boolean {
  return shapes[refusal.reason].retry
}

/** A whole answer. `requestId` is the interception's: clients show it and put it in their telemetry. */
export function errorAnswer(refusal: Refusal, requestId: string | null): WireAnswer {
  const { status, retry } = shapes[refusal.reason]
  const body = Buffer.from(JSON.stringify({ error: errorObject(refusal) }))
  const headers = ['content-type', 'application/json', 'content-length', String(body.length)]
  if (!retry) headers.push('x-should-retry', 'false')
  if (refusal.retryAfterSeconds !== undefined) headers.push('retry-after', String(refusal.retryAfterSeconds))
  if (requestId !== null) headers.push('x-request-id', requestId)
  return { status, headers, body }
}

/** The error in a body of an error status. */
export function readError(body: Buffer): WireError {
  const text = body.toString('utf8')
  const value = parseJson(text)
  // Servers that are not OpenAI's also write `detail`, or the members of the error with nothing around them.
  const { detail } = objectOf(value)
  const message = typeof detail === 'string' ? detail : text
  return errorIn(value) ?? errorOf(value) ?? { type: 'unknown', message: cleanText(message, messageCharsMax) }
}

const messageCharsMax = 1024

/** The error that a parsed body or event carries, as an object or as plain text; null when it carries none. */
export function errorIn(value: unknown): WireError | null {
  const { error } = objectOf(value)
  if (typeof error !== 'string') return errorOf(error)
  return error === '' ? null : { type: 'unknown', message: cleanText(error, messageCharsMax) }
}

/** Reads an error object. Where it has a code, that says more than its type. */
export function errorOf(error: unknown): WireError | null {
  const { type, code, message } = objectOf(error)
  const named = [code, type].find((name) => (typeof name === 'string' && name !== '') || typeof name === 'number')
  if (named === undefined && typeof message !== 'string') return null
  return {
    type: cleanText(String(named ?? 'unknown'), 64),
    message: cleanText(stringOf(message) ?? '', messageCharsMax),
  }
}
