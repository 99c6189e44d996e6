import type { IncomingHttpHeaders } from 'node:http'
import type { Limits } from '../../limits.ts'
import type { AnswerTaker } from '../../translation.ts'
import type { WireFormat } from '../../wire/wire-format.ts'
import { errorBody } from './errors.ts'

/** What becomes of the bytes of one answer, once its head is known. */
export interface BodyTranslation {
  /** What it is then; null where it stays what it was. */
  readonly contentType: string | null
  push(chunk: Buffer): Buffer | null
  /** What is left when the provider has sent everything. */
  finish(): Buffer | null
}

/** What is said in another way there than at Anthropic. */
export interface Said {
  /** What becomes of an answer that is no error. */
  body(headers: IncomingHttpHeaders, limits: Limits): BodyTranslation
  status(status: number): number
  requestId(headers: IncomingHttpHeaders): string | null
  readonly readError: WireFormat['readError']
}

/** Gives the answer on as Anthropic's clients expect it: errors in their shape, and whatever else as it is said to be. */
export function translatedAnswer(to: AnswerTaker, limits: Limits, said: Said): AnswerTaker {
  let body = untouched
  return {
    onRequestStart: (controller, context) => to.onRequestStart(controller, context),
    onResponseStart(controller, status, headers, statusMessage) {
      if (status < 200) return to.onResponseStart(controller, status, headers, statusMessage)
      const requestId = said.requestId(headers)
      const given = said.status(status)
      const error = (bytes: Buffer): Buffer => errorBody(bytes, given, requestId, said.readError)
      body = status >= 400 ? wholeBody(limits, error) : said.body(headers, limits)
      to.onResponseStart(controller, given, headersFor(headers, body, requestId), statusMessage)
    },
    onResponseData(controller, chunk) {
      const bytes = body.push(chunk)
      if (bytes !== null) to.onResponseData(controller, bytes)
    },
    onResponseEnd(controller, trailers) {
      const bytes = body.finish()
      if (bytes !== null) to.onResponseData(controller, bytes)
      to.onResponseEnd(controller, trailers)
    },
    onResponseError: (controller, error) => to.onResponseError(controller, error),
  }
}

/** Clients show and log `request-id`. A body that is translated has another length and type than was said. */
function headersFor(
  headers: IncomingHttpHeaders,
  { contentType }: BodyTranslation,
  requestId: string | null,
): IncomingHttpHeaders {
  const named: IncomingHttpHeaders = { ...headers, ...(requestId !== null && { 'request-id': requestId }) }
  if (contentType === null) return named
  const { 'content-length': _length, 'content-encoding': _encoding, ...others } = named
  return { ...others, 'content-type': contentType }
}

export const untouched: BodyTranslation = { contentType: null, push: (chunk) => chunk, finish: () => null }

/** A body that is understood when it is all there. One that is too long goes on as it is, and is refused there. */
export function wholeBody(limits: Limits, understand: (body: Buffer) => Buffer): BodyTranslation {
  let held: Buffer[] = []
  let size = 0
  return {
    contentType: 'application/json',
    push(chunk) {
      held.push(chunk)
      size += chunk.length
      if (size <= limits.errorBytes) return null
      const bytes = Buffer.concat(held)
      held = []
      return bytes
    },
    finish: () => (held.length === 0 ? null : understand(Buffer.concat(held))),
  }
}
