import { cleanText } from './wire/json.ts'
import type { Refusal } from './wire/wire-format.ts'

export interface UpstreamFailure {
  readonly refusal: Refusal
  /** For the record and the log. */
  readonly errorType: string
}

const unreachable: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'it refused the connection',
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'its name could not be looked up',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no way to it',
  ECONNRESET: 'it reset the connection',
  EPIPE: 'it closed the connection',
  UND_ERR_SOCKET: 'it closed the connection',
  UND_ERR_CONNECT_TIMEOUT: 'it did not take the connection in time',
  UND_ERR_HEADERS_OVERFLOW: 'its answer has too many headers',
}

/**
 * What is said of a connection that failed. The words are ours: an error from below can hold the upstream's address and
 * whatever credentials somebody put into it.
 */
export function upstreamFailure(error: Error): UpstreamFailure {
  if (error instanceof NoCredential)
    return failure('upstream_failed', 'credential_failed', 'nothing could be had to ask it with')
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (code === 'UND_ERR_CONNECT_TIMEOUT') return failure('upstream_silent', 'connect_timeout', unreachable[code]!)
  if (code.startsWith('HPE_')) return failure('upstream_failed', 'bad_response', 'its answer is not HTTP')
  if (/CERT|SSL|TLS|SELF_SIGNED|UNABLE_TO/.test(code)) {
    return failure('upstream_failed', 'tls_failed', `its certificate was not accepted (${cleanText(code, 60)})`)
  }
  const known = unreachable[code]
  return failure('upstream_failed', 'upstream_unreachable', known ?? 'the connection to it failed')
}

/** The provider is asked with what has to be had from somewhere first, and it could not be had. */
export class NoCredential extends Error {}

const beforeSending = [
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]

/** Whether it failed before the provider can have seen anything of the request. */
export function connectFailed(error: Error): boolean {
  return 'code' in error && beforeSending.some((code) => code === error.code)
}

function failure(reason: Refusal['reason'], errorType: string, what: string): UpstreamFailure {
  return { refusal: { reason, message: `The provider could not be asked: ${what}.` }, errorType }
}
