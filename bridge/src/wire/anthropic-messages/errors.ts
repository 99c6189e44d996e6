import { cleanText, objectOf, parseJson, stringOf } from '../json.ts'
import type { Refusal, RefusalReason, WireAnswer, WireError } from '../wire-format.ts'

/**
 * Refusals in the shape of the Messages API (docs.anthropic.com, "Errors"). The statuses are those that Claude Code and
 * the SDKs give up on at once where asking again is of no use: they obey `x-should-retry: false`, except on 400.
 */
const shapes: Readonly<Record<RefusalReason, { status: number; type: string; retry: boolean }>> = {
  unauthenticated: { status: 401, type: 'authentication_error', retry: false },
  forbidden: { status: 403, type: 'permission_error', retry: false },
  denied: { status: 403, type: 'permission_error', retry: false },
  not_found: { status: 404, type: 'not_found_error', retry: false },
  invalid: { status: 400, type: 'invalid_request_error', retry: false },
  too_large: { status: 413, type: 'request_too_large', retry: false },
  unsupported_media_type: { status: 415, type: 'invalid_request_error', retry: false },
  too_slow: { status: 408, type: 'timeout_error', retry: true },
  limited: { status: 429, type: 'rate_limit_error', retry: true },
  throttled: { status: 429, type: 'rate_limit_error', retry: true },
  unavailable: { status: 503, type: 'api_error', retry: true },
  upstream_failed: { status: 502, type: 'api_error', retry: true },
  upstream_silent: { status: 504, type: 'timeout_error', retry: true },
  internal: { status: 500, type: 'api_error', retry: true },
}

export function errorType(reason: RefusalReason): string {
  return shapes[reason].type
}

/** A whole answer. `requestId` is the interception's: clients show it and put it in their telemetry. */
export function errorAnswer(refusal: Refusal, requestId: string | null): WireAnswer {
  const shape = shapes[refusal.reason]
  const error = { type: shape.type, message: refusal.message }
  const body = Buffer.from(
    JSON.stringify({ type: 'error', error, ...(requestId !== null && { request_id: requestId }) }),
  )
  const headers = ['content-type', 'application/json', 'content-length', String(body.length)]
  if (!shape.retry) headers.push('x-should-retry', 'false')
  if (refusal.retryAfterSeconds !== undefined) headers.push('retry-after', String(refusal.retryAfterSeconds))
  if (requestId !== null) headers.push('request-id', requestId)
  return { status: shape.status, headers, body }
}

/** The event that ends a stream which has begun. */
export function errorEvent(refusal: Refusal): Buffer {
  const error = { type: shapes[refusal.reason].type, message: refusal.message }
  return Buffer.from(`event: error\ndata: ${JSON.stringify({ type: 'error', error })}\n\n`)
}

/** The error in a body of an error status; also in OpenAI's shape, which some gateways in between use. */
export function readError(body: Buffer): WireError {
  const text = body.toString('utf8')
  return errorOf(parseJson(text)) ?? { type: 'unknown', message: cleanText(text, messageCharsMax) }
}

const messageCharsMax = 1024

/** The error that a parsed body or event carries; null when it carries none. */
export function errorOf(value: unknown): WireError | null {
  const error = objectOf(value)['error']
  if (typeof error === 'string') return { type: 'unknown', message: cleanText(error, messageCharsMax) }
  const { type, message } = objectOf(error)
  if (typeof type !== 'string' && typeof message !== 'string') return null
  return {
    type: cleanText(stringOf(type) ?? 'unknown', 64),
    message: cleanText(stringOf(message) ?? '', messageCharsMax),
  }
}
