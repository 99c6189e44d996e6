import { Readable } from 'node:stream'
import type { Clock, Log } from '@reeve/base'
import { Agent } from 'undici'
import type { Exchange } from './exchange.ts'
import { upstreamHeaders } from './headers.ts'
import type { Limits } from './limits.ts'
import { type Mask, maskFor } from './mask.ts'
import type { Provider } from './providers/provider.ts'
import type { Recording } from './recorder.ts'
import { Relay } from './relay.ts'
import type { Routed } from './routes.ts'

export interface Upstreams {
  /** Sends the request on and gives back the relay that its answer comes through. */
  ask(question: Question): Relay
  close(): Promise<void>
}

export interface Question {
  readonly exchange: Exchange
  readonly routed: Routed
  /** Null when there is none. */
  readonly body: Buffer | null
  readonly recording: Recording
  readonly interceptionId: string | null
  readonly cameMs: number
  readonly readyMs: number
}

/** A larger body is not held until its answer is complete. */
const heldBytesMax = 16 * 1024

/** undici holds on to a buffer for as long as the answer takes; this lets go of it once it was read. */
function sentOnce(body: Buffer): Readable {
  let left: Buffer | null = body
  const stream = new Readable({
    highWaterMark: 0,
    read() {
      const bytes = left
      left = null
      this.push(bytes)
    },
  })
  // When the connection fails the relay hears of it; that the body was not sent is no news.
  return stream.on('error', () => {})
}

/** The connections to all providers. */
export function createUpstreams({ limits, clock, log }: { limits: Limits; clock: Clock; log: Log }): Upstreams {
  // A bound on connections would queue requests without a word. The watchdogs over answers are the relay's.
  const agent = new Agent({
    pipelining: 1,
    keepAliveTimeout: 60_000,
    headersTimeout: 0,
    bodyTimeout: 0,
    maxHeaderSize: 64 * 1024,
    connect: { timeout: limits.connectMs },
  })
  const masks = new Map<Provider, Mask>()
  const maskOf = (provider: Provider): Mask => {
    const known = masks.get(provider)
    if (known !== undefined) return known
    const mask = maskFor(provider.key)
    masks.set(provider, mask)
    return mask
  }

  return {
    ask({ exchange, routed, body, recording, interceptionId, cameMs, readyMs }) {
      const { req, res, token, ownHeaders } = exchange
      const { provider, route, pathAndQuery } = routed
      // A route that needs nobody behind it gets no credential either.
      const credential = route.kind === null ? [] : provider.credential()
      const headers = upstreamHeaders(req.rawHeaders, token, credential)
      const relay = new Relay({
        req,
        res,
        ownHeaders,
        recording,
        wire: route.wire,
        mask: maskOf(provider),
        limits,
        clock,
        log,
        interceptionId,
        cameMs,
        readyMs,
      })
      const sent = body === null || body.length < heldBytesMax ? body : sentOnce(body)
      if (sent !== body && body !== null) headers.push('content-length', String(body.length))
      agent.dispatch({ origin: provider.origin, path: pathAndQuery, method: route.method, headers, body: sent }, relay)
      return relay
    },
    close: () => agent.destroy(),
  }
}
