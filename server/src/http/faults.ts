import { Fault, type FaultCode } from '@reeve/base'
import type { ApiError } from '@reeve/sdk'
import { isOutage } from '../db/failures.ts'

/** The only place where the codes of the product become statuses of the management API, and faults become bodies. */

const statuses: Readonly<Record<FaultCode, number>> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  too_large: 413,
  limited: 429,
  internal: 500,
  upstream: 502,
  unavailable: 503,
  timeout: 504,
}

export const statusOf = (code: FaultCode): number => statuses[code]

/** What a request is turned away with, where HTTP knows a better status than the code's own. */
export interface Refusal {
  readonly status: number
  readonly fault: Fault
  readonly headers?: Readonly<Record<string, string>>
}

export function refusal(status: number, fault: Fault, headers: Readonly<Record<string, string>> = {}): Refusal {
  return { status, fault, headers }
}

/** Anything that is not a `Fault` is our mistake: its words are for the log and never for the client. */
export function asFault(thrown: unknown): Fault {
  if (thrown instanceof Fault) return thrown
  if (isOutage(thrown)) {
    return new Fault('unavailable', 'the database does not answer', { fix: 'try again in a moment', cause: thrown })
  }
  return new Fault('internal', 'something went wrong in the server', {
    fix: 'try again; if it stays, the server log has the details under this request id',
    cause: thrown,
  })
}

export function errorBody(fault: Fault, requestId: string): ApiError {
  return {
    message: fault.message,
    ...(fault.fix === undefined ? {} : { detail: fault.fix }),
    ...(fault.problems.length === 0 ? {} : { validations: [...fault.problems] }),
    code: fault.code,
    request_id: requestId,
  }
}
