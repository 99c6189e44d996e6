import type { AddressClass } from '@reeve/policy'
import type { DialFailure } from '../dial/dial.ts'

/** Why a server could not be asked: its address is of a denied class, or a token that says what went wrong. */
export class UpstreamFailure extends Error {
  override readonly name = 'UpstreamFailure'
  readonly classes: readonly AddressClass[] | null
  readonly reason: DialFailure | CertificateFailure | 'tls-failed' | 'connection-lost' | 'bad-answer'

  constructor(reason: UpstreamFailure['reason'], options: { classes?: readonly AddressClass[]; cause?: unknown } = {}) {
    super(`the upstream failed: ${reason}`, { cause: options.cause })
    this.reason = reason
    this.classes = options.classes ?? null
  }
}

export type CertificateFailure =
  | 'certificate-expired'
  | 'certificate-not-yet-valid'
  | 'certificate-for-another-name'
  | 'certificate-untrusted'
  | 'certificate-revoked'

const certificateCodes: Readonly<Record<string, CertificateFailure>> = {
  CERT_HAS_EXPIRED: 'certificate-expired',
  CERT_NOT_YET_VALID: 'certificate-not-yet-valid',
  ERR_TLS_CERT_ALTNAME_INVALID: 'certificate-for-another-name',
  HOSTNAME_MISMATCH: 'certificate-for-another-name',
  CERT_REVOKED: 'certificate-revoked',
  CERT_UNTRUSTED: 'certificate-untrusted',
  CERT_REJECTED: 'certificate-untrusted',
  CERT_SIGNATURE_FAILURE: 'certificate-untrusted',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'certificate-untrusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'certificate-untrusted',
  UNABLE_TO_GET_ISSUER_CERT: 'certificate-untrusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'certificate-untrusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'certificate-untrusted',
  INVALID_CA: 'certificate-untrusted',
  INVALID_PURPOSE: 'certificate-untrusted',
  CERT_CHAIN_TOO_LONG: 'certificate-untrusted',
}

/** What an error of a handshake says, as a token. */
export function handshakeFailure(error: unknown): UpstreamFailure {
  const code = codeOf(error)
  return new UpstreamFailure(certificateCodes[code] ?? (code === 'ECONNRESET' ? 'connection-lost' : 'tls-failed'), {
    cause: error,
  })
}

/** What an error of a request says, as a token. */
export function requestFailure(error: unknown): UpstreamFailure {
  if (error instanceof UpstreamFailure) return error
  return new UpstreamFailure(codeOf(error).startsWith('HPE_') ? 'bad-answer' : 'connection-lost', { cause: error })
}

/** The connection was given up by the server while it lay idle: the same can be asked on a new one. */
export const isLost = (error: unknown): boolean => ['ECONNRESET', 'EPIPE'].includes(codeOf(error))

function codeOf(error: unknown): string {
  return error !== null && typeof error === 'object' && 'code' in error ? String(error.code) : ''
}
