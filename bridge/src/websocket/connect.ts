import type { IncomingMessage } from 'node:http'
import type { createConnection as createSocket, Socket } from 'node:net'
import type { Clock } from '@reeve/base'
import { buildConnector } from 'undici'
import { WebSocket } from 'ws'
import type { Exchange } from '../exchange.ts'
import { upstreamHeaders } from '../headers.ts'
import type { Limits } from '../limits.ts'
import type { ProviderKey } from '../pool/pool.ts'
import type { Routed } from '../routes.ts'
import type { Standing } from '../standing.ts'
import type { HeaderValues } from '../clients.ts'

/** A WebSocket to a provider, and how it came to be. */
export interface UpstreamSocket {
  readonly socket: WebSocket
  readonly key: ProviderKey | null
  /** Of the provider's answer to the upgrade. */
  readonly headers: HeaderValues
}

export interface ConnectParts {
  readonly limits: Limits
  readonly clock: Clock
  readonly standing: Standing
}

/** No model is known before the first message, and the keys are tried for all of them. */
const anyModel = ''

/**
 * Connects to the provider with its keys, one after the other while it refuses them. Null when no WebSocket is to be had
 * there: the client is told to go on over HTTP, where the same trouble is found again, recorded and told in full.
 */
export async function connectUpstream(
  exchange: Exchange,
  routed: Routed,
  { limits, clock, standing }: ConnectParts,
): Promise<UpstreamSocket | null> {
  const { provider } = routed
  const { own } = exchange
  const needsKey = own === null && provider.keys.length > 0
  const tried: string[] = []
  const beganMs = clock.monotonicMs()
  for (let attempt = 0; attempt < limits.attempts && clock.monotonicMs() - beganMs < limits.attemptsMs; attempt++) {
    const key = needsKey ? standing.takeKey(provider, anyModel, tried) : null
    if (needsKey && key === null) return null
    if (key !== null) tried.push(key.id)
    const credential = key === null ? (own?.header ?? []) : provider.authorization(key.secret)
    const answer = await tryOnce(exchange, routed, credential, limits)
    if (answer.kind === 'open') return { socket: answer.socket, key, headers: answer.headers }
    if (key === null || answer.status === null) return null
    standing.noteStatus(provider, anyModel, key, { status: answer.status, retryAfterMs: null })
    if (![401, 403, 429].includes(answer.status)) return null
  }
  return null
}

type Tried =
  | { readonly kind: 'open'; readonly socket: WebSocket; readonly headers: HeaderValues }
  | { readonly kind: 'refused'; readonly status: number | null }

function tryOnce(
  { req, res, token, actorHeaders }: Exchange,
  { provider, pathAndQuery }: Routed,
  credential: readonly string[],
  limits: Limits,
): Promise<Tried> {
  const connect = provider.connect ?? buildConnector({ timeout: limits.connectMs })
  const added = [...credential, ...actorHeaders.pairs]
  const { protocol, hostname, host, port } = new URL(provider.origin)
  // SAFETY: Node calls it with a callback when there is no agent, and then needs nothing back.
  const createConnection = ((_target: object, done: (error: Error | null, made?: Socket) => void): void =>
    connect({ protocol, hostname, host, port }, (...[error, made]) =>
      error === null ? done(null, made) : done(error),
    )) as unknown as typeof createSocket
  const options: WebSocket.ClientOptions = {
    headers: headerObject(upstreamHeaders(req.rawHeaders, token, added, actorHeaders.names)),
    maxPayload: limits.eventBytes,
    perMessageDeflate: false,
    followRedirects: false,
    handshakeTimeout: limits.connectMs * 2,
    createConnection,
  }
  const socket = new WebSocket(`${provider.origin}${pathAndQuery}`, options)
  return new Promise((resolve) => {
    let headers: HeaderValues = {}
    const giveUp = (): void => socket.terminate()
    const settle = (tried: Tried): void => {
      res.off('close', giveUp)
      resolve(tried)
    }
    res.once('close', giveUp)
    socket.once('upgrade', (answer: IncomingMessage) => (headers = answer.headers))
    // What comes with the provider's first bytes waits until somebody listens.
    socket.once('open', () => {
      socket.pause()
      settle({ kind: 'open', socket, headers })
    })
    socket.once('unexpected-response', (request, answer) => {
      answer.resume()
      request.destroy()
      settle({ kind: 'refused', status: answer.statusCode ?? null })
    })
    socket.on('error', () => settle({ kind: 'refused', status: null }))
  })
}

/** Lines of one name are one line, as HTTP allows. What belongs to the client's handshake stays with it. */
function headerObject(pairs: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {}
  for (let i = 0; i + 1 < pairs.length; i += 2) {
    const name = pairs[i]!.toLowerCase()
    if (name.startsWith('sec-websocket-')) continue
    headers[name] = name in headers ? `${headers[name]}, ${pairs[i + 1]}` : pairs[i + 1]!
  }
  return headers
}
