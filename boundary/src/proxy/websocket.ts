import { type IncomingMessage, type OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { isDoor } from '../door/door-judge.ts'
import { decide } from './decide.ts'
import { type Allowed, deny, denyAddress, fail, isSealed, netFacts, outgoing, withOutcome } from './exchange.ts'
import { deniedFor, netFact } from './facts.ts'
import { responseHeaders } from './headers.ts'
import { staysAllowed } from './held.ts'
import type { Origin, Services } from './services.ts'
import { pump, splice } from './splice.ts'
import { requestFailure } from './upstream-failure.ts'

/** Only WebSockets: any other protocol that a connection would become is one that nobody here can look into. */
export const isWebSocket = ({ headers, method, httpVersion }: IncomingMessage): boolean =>
  method === 'GET' &&
  httpVersion === '1.1' &&
  headers.upgrade?.toLowerCase() === 'websocket' &&
  headers['transfer-encoding'] === undefined &&
  (headers['content-length'] ?? '0') === '0'

/** A request for a WebSocket is decided like any other; then its frames are carried and counted. */
export async function carryWebSocket(
  services: Services,
  origin: Origin,
  req: IncomingMessage,
  socket: Socket,
  head: Buffer,
): Promise<void> {
  socket.on('error', () => socket.destroy())
  const res = new ServerResponse(req)
  res.shouldKeepAlive = false
  res.assignSocket(socket)
  res.once('finish', () => socket.end())
  const exchange = await decide(services, origin, req, res)
  if (exchange === null) return
  // Nothing at the door becomes another protocol, and nothing of it leaves this process.
  if (isDoor(exchange.host, exchange.port)) {
    return deny({ ...exchange, verdict: deniedFor('protocol', exchange.verdict.decision) })
  }
  const { recorder, clock } = services
  let status: number | null = null
  let address: string | null = null
  let failure: string | null = null
  const line = (durationMs: number | null): number =>
    recorder.record(
      netFact({
        verdict: exchange.verdict,
        caller: origin.caller,
        net: { ...netFacts(exchange), protocol: 'websocket', status, address, duration_ms: durationMs },
        facts: withOutcome(exchange.asked, failure === null ? null : { failure }),
      }),
    ).seq
  const sealed = isSealed(exchange)
  try {
    const call = await services.upstreams.call(outgoing(exchange, sealed ? line(null) : null, true))
    socket.once('close', () => call.abort())
    const answer = await call.answer
    ;({ status, address } = answer)
    if (answer.upgraded === null) {
      res.writeHead(answer.status, responseHeaders(answer.headers))
      await pump(answer.body, res, (length) => ((exchange.traffic.down += length), true))
      res.end()
    } else {
      res.detachSocket(socket)
      if (head.length > 0) socket.unshift(head)
      socket.write(switching(answer.headers))
      await carryFrames(exchange, socket, answer.upgraded)
    }
  } catch (error) {
    const reached = requestFailure(error)
    if (reached.classes !== null) return denyAddress(exchange, reached.classes)
    failure = reached.reason
    status = 502
    fail(exchange, reached.reason)
  }
  if (!sealed) line(Math.round(clock.monotonicMs() - exchange.startedMs))
}

async function carryFrames(
  { services, request, traffic, asked }: Allowed,
  client: Socket,
  server: Socket,
): Promise<void> {
  const off = services.open.add({
    stillAllowed: () => staysAllowed(asked, services.judge.request(request)),
    close() {
      client.destroy()
      server.destroy()
    },
  })
  await splice(client, server, traffic)
  off()
}

function switching(headers: OutgoingHttpHeaders & Parameters<typeof responseHeaders>[0]): string {
  const fields = Object.entries(responseHeaders(headers)).flatMap(([name, value]) =>
    [value].flat().map((one) => `${name}: ${one}\r\n`),
  )
  return `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${fields.join('')}\r\n`
}
