import type { IncomingHttpHeaders } from 'node:http'
import { isIP, type Socket } from 'node:net'
import type { Readable, Writable } from 'node:stream'
import type { AddressClass } from '@reeve/policy'
import type { Headers } from './headers.ts'

/** A request as it goes out, all of it decided. */
export interface Outgoing {
  readonly scheme: 'http' | 'https'
  readonly host: string
  readonly port: number
  readonly deniedClasses: readonly AddressClass[]
  readonly method: string
  /** Path and query. */
  readonly target: string
  readonly headers: Headers
  readonly hasBody: boolean
  /** A WebSocket: only HTTP/1.1 carries it here, on a connection of its own. */
  readonly upgrade: boolean
}

/** A request that is on its way. */
export interface Call {
  /** For the request's body; ended already where it has none. */
  readonly body: Writable
  /** Rejects with an `UpstreamFailure`. */
  readonly answer: Promise<UpstreamAnswer>
  abort(): void
}

export interface UpstreamAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Readable
  readonly trailers: () => Headers
  /** Null where a proxy made the connection. */
  readonly address: string | null
  /** The connection itself, after it became another protocol's; with what came behind the head already in it. */
  readonly upgraded: Socket | null
}

export const authorityOf = ({ scheme, host, port }: Pick<Outgoing, 'scheme' | 'host' | 'port'>): string => {
  const name = isIP(host) === 6 ? `[${host}]` : host
  return port === (scheme === 'https' ? 443 : 80) ? name : `${name}:${port}`
}
