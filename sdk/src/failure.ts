import { Fault, type FaultCode } from '@reeve/base'
import { ApiError } from './problem.ts'

/** How the client turns answers that are no answers into a `Fault`. Statuses are a wire format here, read not written. */

const codeOfStatus: Readonly<Record<number, FaultCode>> = {
  400: 'invalid',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not_found',
  405: 'not_found',
  408: 'timeout',
  409: 'conflict',
  413: 'too_large',
  422: 'invalid',
  429: 'limited',
  502: 'upstream',
  503: 'unavailable',
  504: 'timeout',
}

const codes = new Set<string>([...Object.values(codeOfStatus), 'internal'])
const isFaultCode = (code: string | undefined): code is FaultCode => code !== undefined && codes.has(code)

/** Error bodies are sentences; more than this is something else. */
const errorCharsMax = 256 * 1024

export async function faultFromAnswer(response: Response, base: string): Promise<Fault> {
  // A redirect that was not followed has no readable status in a browser.
  if (response.type === 'opaqueredirect' || (response.status >= 300 && response.status < 400)) {
    const to = response.headers.get('Location')
    return new Fault('upstream', `${place(base)} redirects${to === null ? '' : ` to ${to}`} instead of answering`, {
      fix: 'use the address that it redirects to, or sign in to the proxy in front of it',
    })
  }
  const text = (await response.text().catch(() => '')).slice(0, errorCharsMax)
  const problem = readProblem(text)
  if (problem === null) return notReeve(response, base, text)
  return new Fault(isFaultCode(problem.code) ? problem.code : codeFor(response.status), problem.message, {
    ...(problem.detail === undefined ? {} : { fix: problem.detail }),
    ...(problem.validations === undefined ? {} : { problems: problem.validations }),
    ...(problem.request_id === undefined ? {} : { requestId: problem.request_id }),
  })
}

/** Somebody answered, but not Reeve: a proxy, a sign-in page, another product on that port. */
export function notReeve(response: Response, base: string, text: string): Fault {
  const what = /^\s*<(?:!doctype|html|\?xml)/i.test(text) ? 'HTML' : text.trim() === '' ? 'nothing' : 'something else'
  const status = response.ok ? '' : ` (HTTP ${response.status})`
  const code = response.status === 503 || response.status === 504 ? 'unavailable' : 'upstream'
  return new Fault(code, `${place(base)} answered ${what}, not Reeve's JSON${status}`, {
    fix: `check that the address is Reeve's own; a proxy or a sign-in page may stand in front of it`,
  })
}

const networkCauses: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was reset',
  UND_ERR_SOCKET: 'the connection was closed',
  ENOTFOUND: 'the host name is not known',
  EAI_AGAIN: 'the host name cannot be looked up now',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no route to it',
  ETIMEDOUT: 'it did not answer in time',
  UND_ERR_CONNECT_TIMEOUT: 'it did not answer in time',
  UND_ERR_HEADERS_TIMEOUT: 'it did not answer in time',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed; name its authority with NODE_EXTRA_CA_CERTS',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate authority is not known here; name it with NODE_EXTRA_CA_CERTS',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate authority is not known here; name it with NODE_EXTRA_CA_CERTS',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate authority is not known here; name it with NODE_EXTRA_CA_CERTS',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS; is the address http:// ?',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it does not speak TLS; is the address http:// ?',
}

export function faultFromNetwork(error: Error, base: string): Fault {
  return new Fault('unavailable', `cannot reach ${place(base)}: ${why(error)}`, { cause: error })
}

/** The system's own code is somewhere down the chain of causes, beside siblings when several addresses were tried. */
function why(error: Error): string {
  let at: unknown = error
  let words = error.message
  for (let depth = 0; at instanceof Error && depth < 8; depth++) {
    if ('code' in at && typeof at.code === 'string') {
      return networkCauses[at.code] ?? (at.code.startsWith('HPE_') ? 'it does not speak HTTP' : at.code)
    }
    words = at.message === '' ? words : at.message
    at = at instanceof AggregateError ? at.errors[0] : at.cause
  }
  return words
}

function readProblem(text: string): ApiError | null {
  try {
    const parsed = ApiError.safeParse(JSON.parse(text))
    return parsed.success ? parsed.data : null
  } catch {
    return null
  }
}

const codeFor = (status: number): FaultCode => codeOfStatus[status] ?? (status < 500 ? 'invalid' : 'internal')
const place = (base: string): string => (base === '' ? 'the server' : base)
