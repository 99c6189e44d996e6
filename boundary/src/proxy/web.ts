import { createServer as createHttp1, type IncomingMessage } from 'node:http'
import { createServer as createHttp2 } from 'node:http2'
import type { Socket } from 'node:net'
import { denialAnswer } from '../denial/envelope.ts'
import { isDoor } from '../door/door-judge.ts'
import type { Door } from '../door/door.ts'
import type { ClientRequest } from './asked.ts'
import { decide } from './decide.ts'
import { type ClientResponse, deny } from './exchange.ts'
import { deniedFor, netFact } from './facts.ts'
import { forward } from './forward.ts'
import type { Origin, Services } from './services.ts'
import { carryWebSocket, isWebSocket } from './websocket.ts'

/** A tunnel that a client asked for by CONNECT, to be decided by its target. */
export type OpenTunnel = (req: IncomingMessage, socket: Socket, head: Buffer, origin: Origin) => Promise<void>

export interface Web extends Disposable {
  /** Requests on a connection, each decided by itself. `h2` is what TLS agreed on. */
  serve(socket: Socket, origin: Origin, protocol: 'http/1.1' | 'h2'): void
}

const headerBytesMax = 65_536

/**
 * Node's own parsers read the requests, in their strict form: two lengths, a length beside chunks, folded lines, bare line
 * feeds and methods in small letters are refused there. What they refuse is recorded like any other denial.
 */
export function createWeb(services: Services, door: Door | null, openTunnel: OpenTunnel): Web {
  const origins = new WeakMap<object, Origin>()
  const originOf = (req: ClientRequest): Origin => {
    const origin = origins.get('stream' in req && req.httpVersionMajor >= 2 ? req.stream.session! : req.socket)
    if (origin === undefined) throw new Error('a request on a connection that nobody handed over')
    return origin
  }
  const carry = async (req: ClientRequest, res: ClientResponse, isWaiting: boolean): Promise<void> => {
    const exchange = await decide(services, originOf(req), req, res)
    if (exchange === null) return
    if (isWaiting) res.writeContinue()
    if (door !== null && isDoor(exchange.host, exchange.port)) await door.answer(exchange)
    else await forward(exchange)
  }
  const handle = (req: ClientRequest, res: ClientResponse): void => services.open.track(carry(req, res, false))
  const proceed = (req: ClientRequest, res: ClientResponse): void => services.open.track(carry(req, res, true))

  const http1 = createHttp1({
    insecureHTTPParser: false,
    requireHostHeader: false,
    maxHeaderSize: headerBytesMax,
    requestTimeout: 0,
    headersTimeout: 60_000,
    keepAliveTimeout: 75_000,
    highWaterMark: 262_144,
    noDelay: true,
    shouldUpgradeCallback: isWebSocket,
  })
  http1.on('request', handle)
  http1.on('checkContinue', proceed)
  http1.on('checkExpectation', handle)
  http1.on('upgrade', (req, socket: Socket, head) => {
    services.open.track(carryWebSocket(services, originOf(req), req, socket, head))
  })
  http1.on('connect', (req, socket: Socket, head) => {
    services.open.track(openTunnel(req, socket, head, originOf(req)))
  })
  http1.on('clientError', (error: Error & { code?: string }, socket: Socket) => {
    const origin = origins.get(socket)
    if (origin === undefined || !socket.writable || error.code?.startsWith('HPE_') !== true)
      return void socket.destroy()
    refuseUnread(services, origin, socket)
  })

  const http2 = createHttp2({
    settings: { initialWindowSize: 1_048_576, maxConcurrentStreams: 256, enablePush: false },
    maxSessionMemory: 64,
    strictSingleValueFields: true,
  })
  http2.on('session', (session) => {
    const origin = origins.get(accepting!)
    if (origin !== undefined) origins.set(session, origin)
    session.once('connect', () => session.setLocalWindowSize(4_194_304))
    session.on('error', () => session.destroy())
  })
  // What listens to requests keeps Node from answering these by itself.
  http2.on('request', handle)
  http2.on('checkContinue', proceed)
  http2.on('connect', (req, res) => {
    const about = services.judge.name(originOf(req).host ?? 'unknown').decision
    const origin = originOf(req)
    origin.used()
    const traffic = { up: 0, down: 0 }
    const { host, port } = { host: origin.host ?? 'unknown', port: origin.port }
    const begun = { services, origin, req, res, host, port, url: null, traffic, startedMs: 0, asked: null }
    deny({ ...begun, verdict: deniedFor('protocol', about) })
  })
  http2.on('sessionError', () => {})
  let accepting: Socket | null = null

  return {
    serve(socket, origin, protocol) {
      origins.set(socket, origin)
      if (protocol === 'http/1.1') {
        http1.emit('connection', socket)
        return
      }
      // The session is told of while this runs, and does not say whose socket it is.
      accepting = socket
      http2.emit('connection', socket)
      accepting = null
    },
    [Symbol.dispose]() {
      http1.closeAllConnections()
      http1.close()
      http2.close()
    },
  }
}

/** What the parser could not read has no method and no host that anybody could trust. */
function refuseUnread(services: Services, origin: Origin, socket: Socket): void {
  origin.used()
  const host = origin.host ?? 'unknown'
  const verdict = deniedFor('not-canonical', services.judge.name(host).decision)
  const { denial } = services.recorder.record(
    netFact({
      verdict,
      caller: origin.caller,
      net: {
        protocol: 'http/1.1',
        method: null,
        url: null,
        host,
        port: origin.port,
        address: null,
        inspected: origin.scheme === 'https',
        status: 400,
        bytes_up: 0,
        bytes_down: 0,
        duration_ms: null,
      },
    }),
  )
  const facts = { method: null, host, denial: denial ?? 'none', ...verdict.decision, canRequest: false }
  const { status, headers, body } = denialAnswer(facts, undefined)
  const fields = Object.entries({ ...headers, connection: 'close' }).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 ${status} Bad Request\r\n${fields.join('')}\r\n${body}`)
}
