import type { IncomingHttpHeaders } from 'node:http'
import type { Dispatcher } from 'undici'
import type { BodyPatch } from './edits.ts'
import type { Limits } from './limits.ts'
import type { Scan } from './scan.ts'
import type { Refusal } from './wire/wire-format.ts'

/**
 * How the provider of a route is asked in another form than its clients ask in. Both ways are pure: equal requests give
 * equal ones, and what stands in the answer is what the provider said. The relay sees an answer in the clients' form and
 * knows nothing of it, so what is on record, held back and cut is the same as for any other provider of that API.
 */
export interface Translation {
  /** The request as the provider is asked, or why it cannot be. */
  request(asked: AskedRequest): SentRequest | Refusal
  /** Takes the provider's answer, and gives it on in the clients' form. */
  answer(to: AnswerTaker, limits: Limits): AnswerTaker
}

export interface AskedRequest {
  readonly body: Buffer
  readonly scan: Scan
  readonly model: string
  readonly streaming: boolean
  readonly headers: IncomingHttpHeaders
}

/** A request in the form in which the provider gets it. */
export interface SentRequest {
  /** Below the base URL, escaped. */
  readonly path: string
  /** Makes its body out of the one that came. */
  readonly patch: BodyPatch
  /** Headers of the client's, in lower case, that mean nothing to this provider. */
  readonly leftOut: readonly string[]
  /** Names and values that take their place. */
  readonly added: readonly string[]
}

/** Whoever takes an answer as undici gives it. */
export type AnswerTaker = Required<
  Pick<
    Dispatcher.DispatchHandler,
    'onRequestStart' | 'onResponseStart' | 'onResponseData' | 'onResponseEnd' | 'onResponseError'
  >
>
