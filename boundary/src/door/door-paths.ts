import { canonicalAuthority } from '@reeve/policy'

/**
 * What can be asked at the door, and nothing else:
 *
 *     POST /app-status                       how the task of the workspace goes
 *     GET  /git-credentials/<host[:port]>    what git is to say there; `?listen=true` waits until an account is linked
 */
export const reportPath = '/app-status'
const credentialsPath = '/git-credentials/'

export const reportBytesMax = 8_192

interface Asked {
  readonly method: string
  readonly path: string
}

export const isDoorRequest = ({ method, path }: Asked): boolean =>
  method === 'POST' ? path === reportPath : method === 'GET' && credentialHost(path) !== null

export interface GitHost {
  readonly host: string
  readonly port: number
}

/** The host, in its one form, that credentials are asked for; null where the path names none. It is asked for by TLS. */
export function credentialHost(path: string): GitHost | null {
  if (!path.startsWith(credentialsPath)) return null
  const found = canonicalAuthority(path.slice(credentialsPath.length), 'https')
  return found === null ? null : { host: found.host, port: found.port }
}

/** As an address. */
export function addressOf({ host, port }: GitHost): string {
  const name = host.includes(':') ? `[${host}]` : host
  return port === 443 ? `https://${name}` : `https://${name}:${port}`
}
