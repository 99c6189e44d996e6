import { errorOf } from '../anthropic-messages/errors.ts'
import { cleanText, objectOf, parseJson, stringOf } from '../json.ts'
import type { Refusal, RefusalReason, WireAnswer, WireError } from '../wire-format.ts'
import { type Frame, writeFrame } from './frames.ts'

/** Refusals as Bedrock makes them: the type stands in a header, the message alone in the body. */
const shapes: Readonly<Record<RefusalReason, { status: number; type: string; retry: boolean }>> = {
  unauthenticated: { status: 401, type: 'UnrecognizedClientException', retry: false },
  forbidden: { status: 403, type: 'AccessDeniedException', retry: false },
  denied: { status: 403, type: 'AccessDeniedException', retry: false },
  not_found: { status: 404, type: 'ResourceNotFoundException', retry: false },
  invalid: { status: 400, type: 'ValidationException', retry: false },
  too_large: { status: 413, type: 'ValidationException', retry: false },
  unsupported_media_type: { status: 415, type: 'ValidationException', retry: false },
  too_slow: { status: 408, type: 'ModelTimeoutException', retry: true },
  limited: { status: 429, type: 'ThrottlingException', retry: true },
  throttled: { status: 429, type: 'ThrottlingException', retry: true },
  unavailable: { status: 503, type: 'ServiceUnavailableException', retry: true },
  upstream_failed: { status: 502, type: 'ModelErrorException', retry: true },
  upstream_silent: { status: 504, type: 'ModelTimeoutException', retry: true },
  internal: { status: 500, type: 'InternalServerException', retry: true },
}

export function errorAnswer(refusal: Refusal, requestId: string | null): WireAnswer {
  const { status, type, retry } = shapes[refusal.reason]
  const body = Buffer.from(JSON.stringify({ message: refusal.message }))
  const headers = ['content-type', 'application/json', 'content-length', String(body.length), 'x-amzn-errortype', type]
  if (!retry) headers.push('x-should-retry', 'false')
  if (refusal.retryAfterSeconds !== undefined) headers.push('retry-after', String(refusal.retryAfterSeconds))
  if (requestId !== null) headers.push('x-amzn-requestid', requestId)
  return { status, headers, body }
}

/** The few exceptions that may come in a stream. */
const inStream: Partial<Record<RefusalReason, string>> = {
  denied: 'validationException',
  limited: 'throttlingException',
  throttled: 'throttlingException',
  unavailable: 'serviceUnavailableException',
  upstream_silent: 'modelTimeoutException',
}

/** The frame that ends a stream which has begun. */
export function errorFrame({ reason, message }: Refusal): Buffer {
  const headers = {
    ':exception-type': inStream[reason] ?? 'internalServerException',
    ':content-type': 'application/json',
    ':message-type': 'exception',
  }
  return writeFrame(headers, Buffer.from(JSON.stringify({ message })))
}

const messageCharsMax = 1024

/** The error in a body of an error status; gateways in between may use the shape of the Messages API. */
export function readError(body: Buffer): WireError {
  const text = body.toString('utf8')
  const value = parseJson(text)
  const { __type, message, Message } = objectOf(value)
  const said = stringOf(message) ?? stringOf(Message)
  if (said === null) return errorOf(value) ?? { type: 'unknown', message: cleanText(text, messageCharsMax) }
  const type = stringOf(__type)?.split('#').at(-1) ?? 'unknown'
  return { type: cleanText(type, 64), message: cleanText(said, messageCharsMax) }
}

/** The error that a frame of a stream says; null when it says none. */
export function frameError({ headers, payload }: Frame): WireError | null {
  const kind = headers.get(':message-type')
  if (kind !== 'exception' && kind !== 'error') return null
  const type = headers.get(':exception-type') ?? headers.get(':error-code') ?? 'unknown'
  const message = headers.get(':error-message') ?? readError(payload).message
  return { type: cleanText(type, 64), message: cleanText(message, messageCharsMax) }
}

export const brokenFrame: WireError = {
  type: 'broken_frame',
  message: 'The provider sent a frame whose lengths or checksums are wrong.',
}
