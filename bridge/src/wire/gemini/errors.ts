import { arrayOf, cleanText, isObject, objectOf, parseJson, stringOf } from '../json.ts'
import type { Refusal, RefusalReason, WireAnswer, WireError } from '../wire-format.ts'

/** Refusals in the shape of Google's APIs (google.rpc.Status as JSON). Gemini CLI gives up at once on any 4xx but 429. */
const shapes: Readonly<Record<RefusalReason, { code: number; status: string; retry: boolean }>> = {
  unauthenticated: { code: 401, status: 'UNAUTHENTICATED', retry: false },
  forbidden: { code: 403, status: 'PERMISSION_DENIED', retry: false },
  denied: { code: 403, status: 'PERMISSION_DENIED', retry: false },
  not_found: { code: 404, status: 'NOT_FOUND', retry: false },
  invalid: { code: 400, status: 'INVALID_ARGUMENT', retry: false },
  too_large: { code: 413, status: 'INVALID_ARGUMENT', retry: false },
  unsupported_media_type: { code: 415, status: 'INVALID_ARGUMENT', retry: false },
  too_slow: { code: 408, status: 'DEADLINE_EXCEEDED', retry: true },
  limited: { code: 429, status: 'RESOURCE_EXHAUSTED', retry: true },
  throttled: { code: 429, status: 'RESOURCE_EXHAUSTED', retry: true },
  unavailable: { code: 503, status: 'UNAVAILABLE', retry: true },
  upstream_failed: { code: 502, status: 'UNAVAILABLE', retry: true },
  upstream_silent: { code: 504, status: 'DEADLINE_EXCEEDED', retry: true },
  internal: { code: 500, status: 'INTERNAL', retry: true },
}

const errorOfRefusal = ({ reason, message }: Refusal) => ({
  error: { code: shapes[reason].code, message, status: shapes[reason].status },
})

export function errorAnswer(refusal: Refusal, requestId: string | null): WireAnswer {
  const { code, retry } = shapes[refusal.reason]
  const body = Buffer.from(JSON.stringify(errorOfRefusal(refusal)))
  const headers = ['content-type', 'application/json', 'content-length', String(body.length)]
  if (!retry) headers.push('x-should-retry', 'false')
  if (refusal.retryAfterSeconds !== undefined) headers.push('retry-after', String(refusal.retryAfterSeconds))
  if (requestId !== null) headers.push('request-id', requestId)
  return { status: code, headers, body }
}

/**
 * The event that ends a stream which has begun. Gemini CLI passes over an error there and asks again, so what a policy
 * says is said as the end of the answer: shown to the person, and final.
 */
export function errorEvent(refusal: Refusal): Buffer {
  if (refusal.reason === 'denied') {
    const content = { role: 'model', parts: [{ text: refusal.message }] }
    return Buffer.from(`data: ${JSON.stringify({ candidates: [{ index: 0, content, finishReason: 'STOP' }] })}\n\n`)
  }
  return Buffer.from(`data: ${JSON.stringify(errorOfRefusal(refusal))}\n\n`)
}

const messageCharsMax = 1024

/** The error in a body of an error status; a stream without events is a list, and so is its error. */
export function readError(body: Buffer): WireError {
  const text = body.toString('utf8')
  const value = parseJson(text)
  return errorOf(arrayOf(value)[0] ?? value) ?? { type: 'unknown', message: cleanText(text, messageCharsMax) }
}

/** The error that a parsed body or event carries; null when it carries none. */
export function errorOf(value: unknown): WireError | null {
  const error = objectOf(value)['error']
  if (typeof error === 'string') return { type: 'unknown', message: cleanText(error, messageCharsMax) }
  if (!isObject(error)) return null
  return {
    type: cleanText(stringOf(error['status']) ?? 'unknown', 64),
    message: cleanText(stringOf(error['message']) ?? '', messageCharsMax),
  }
}
