/**
 * The one error class of the product. A `Fault` says what went wrong in words that are safe to show to whoever asked;
 * what only an operator may see goes into `detail` or `cause`. HTTP statuses are derived from the code in `server/http`
 * and in the wire formats, nowhere else.
 */
export type FaultCode =
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'conflict'
  | 'too_large'
  | 'limited'
  | 'unavailable'
  | 'upstream'
  | 'timeout'
  | 'internal'

/** One problem with one named input: a field of a request, a setting, a flag. */
export interface Problem {
  readonly field: string
  readonly detail: string
}

export interface FaultOptions {
  /** What to do about it; shown. */
  readonly fix?: string
  /** Every problem found, by name; shown. */
  readonly problems?: readonly Problem[]
  /** For operators' logs only; never shown to a client. */
  readonly detail?: string
  /** The request at the server that it came back from; shown, and found again in the server's log. */
  readonly requestId?: string
  readonly cause?: unknown
}

export class Fault extends Error {
  override readonly name = 'Fault'
  readonly code: FaultCode
  readonly fix: string | undefined
  readonly problems: readonly Problem[]
  readonly detail: string | undefined
  readonly requestId: string | undefined

  constructor(code: FaultCode, message: string, options: FaultOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.fix = options.fix
    this.problems = options.problems ?? []
    this.detail = options.detail
    this.requestId = options.requestId
  }
}

/** Whatever was thrown, as an `Error`. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}
