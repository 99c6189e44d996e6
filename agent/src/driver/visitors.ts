import type { IncomingMessage, ServerResponse } from 'node:http'
import { Fault } from '@reeve/base'

/** Which names this server answers to and which pages may call it; `*` is any. */
export interface Visitors {
  readonly allowedHosts: readonly string[]
  readonly allowedOrigins: readonly string[]
}

/**
 * A page in a browser of the workspace can call what listens on its loopback: by a name of its own that it points here,
 * which the Host header tells, or across origins, which the Origin header does. A request that no preflight guards, as
 * an upload is, is refused here and not only kept from being read.
 */
export function admit(request: IncomingMessage, response: ServerResponse, visitors: Visitors): void {
  const host = request.headers.host ?? ''
  const hosts = visitors.allowedHosts
  if (!hosts.includes('*') && !hosts.includes(hostNameOf(host))) {
    throw new Fault('forbidden', `This server does not answer to that Host header. It answers to ${hosts.join(', ')}.`)
  }
  response.setHeader('vary', 'Origin')
  response.setHeader('x-content-type-options', 'nosniff')
  const { origin } = request.headers
  if (origin === undefined || isSameOrigin(origin, host)) return
  const origins = visitors.allowedOrigins
  if (!origins.includes('*') && !origins.includes(origin)) {
    throw new Fault('forbidden', 'Pages of this origin may not call this server.')
  }
  response.setHeader('access-control-allow-origin', origin)
  response.setHeader('access-control-allow-methods', 'GET, POST, OPTIONS')
  response.setHeader('access-control-allow-headers', 'Accept, Content-Type, Last-Event-ID')
  response.setHeader('access-control-max-age', '300')
}

/** The name without its port; that of an IPv6 address with its brackets. */
function hostNameOf(host: string): string {
  return /^(\[[^\]]*\]|[^:]*)(?::\d*)?$/.exec(host)?.[1]?.toLowerCase() ?? ''
}

function isSameOrigin(origin: string, host: string): boolean {
  return URL.canParse(origin) && new URL(origin).host === host.toLowerCase()
}
