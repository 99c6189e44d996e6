import type { ServerResponse } from 'node:http'
import { type Allowed, denyAddress, denyTooLarge, fail, isSealed, netFacts, outgoing, withOutcome } from './exchange.ts'
import { netFact } from './facts.ts'
import { responseHeaders } from './headers.ts'
import { staysAllowed } from './held.ts'
import type { Call, UpstreamAnswer } from './outgoing.ts'
import { pump } from './splice.ts'
import { requestFailure, UpstreamFailure } from './upstream-failure.ts'

/** What there is to say at the end of a request. */
interface Ending {
  status: number | null
  address: string | null
  failure: string | null
  /** It was denied on the way, and that has a line of its own. */
  denied: boolean
  /** It was cut off because the policy changed. */
  withdrawn: boolean
}

/**
 * Carries a request that was allowed: the body goes up and the answer comes down at the same time, each at the pace of the
 * slower end, so that streams stay streams and nothing is held in memory. One line is written, at the end; where the session
 * is told, it is written first, because its number goes along.
 */
export async function forward(exchange: Allowed): Promise<void> {
  const { services, origin, verdict, req, res } = exchange
  const ending: Ending = { status: null, address: null, failure: null, denied: false, withdrawn: false }
  const sealed = isSealed(exchange)
  const sequence = sealed ? writeLine(exchange, ending, null) : null
  let call: Call | null = null
  const give = (): void => {
    call?.abort()
    res.destroy()
  }
  const off = services.open.add({
    stillAllowed: () => staysAllowed(exchange.asked, services.judge.request(exchange.request)),
    close() {
      ending.withdrawn = true
      give()
    },
  })
  res.on('error', () => {})
  req.on('error', () => {})
  res.once('close', () => {
    if (!res.writableFinished) call?.abort()
  })
  try {
    call = await services.upstreams.call(outgoing(exchange, sequence))
    if (res.destroyed) return void call.abort()
    const uploading = upload(exchange, call, ending)
    const answer = await call.answer
    if (ending.denied) return void call.abort()
    // It took the connection for another protocol, which nobody had asked for.
    if (answer.upgraded !== null) {
      answer.upgraded.destroy()
      throw new UpstreamFailure('bad-answer')
    }
    ending.status = answer.status
    ending.address = answer.address
    await download(exchange, answer, ending)
    // The server answered before it had read everything: nobody wants the rest.
    if (!req.readableEnded) call.abort()
    await uploading
  } catch (error) {
    if (!ending.denied && !ending.withdrawn) failed(exchange, error, ending)
    call?.abort()
  } finally {
    off()
    if (!sealed && !ending.denied) writeLine(exchange, ending, services.clock.monotonicMs() - exchange.startedMs)
    services.log.debug({ host: exchange.host, rule: verdict.decision.rule, pid: origin.caller?.pid }, 'request ended')
  }
}

/** Its number. */
function writeLine(exchange: Allowed, ending: Ending, durationMs: number | null): number {
  const { services, origin, verdict } = exchange
  const { status, address, failure, withdrawn } = ending
  const duration = durationMs === null ? null : Math.round(durationMs)
  return services.recorder.record(
    netFact({
      verdict,
      caller: origin.caller,
      net: { ...netFacts(exchange), status, address, duration_ms: duration },
      facts: withOutcome(
        exchange.asked,
        withdrawn ? { ended: 'policy-changed' } : failure === null ? null : { failure },
      ),
    }),
  ).seq
}

function failed(exchange: Allowed, error: unknown, ending: Ending): void {
  const failure = requestFailure(error)
  if (failure.classes !== null) {
    ending.denied = true
    return denyAddress(exchange, failure.classes)
  }
  ending.failure = failure.reason
  if (exchange.res.headersSent) return void exchange.res.destroy()
  ending.status = 502
  fail(exchange, failure.reason)
}

async function upload(exchange: Allowed, call: Call, ending: Ending): Promise<void> {
  const { req, traffic, verdict } = exchange
  if (call.body.writableEnded) return
  const most = verdict.decision.requestBytesMax ?? Number.POSITIVE_INFINITY
  const end = await pump(req, call.body, (length) => {
    if (traffic.up + length > most) return false
    traffic.up += length
    return true
  })
  if (end === 'ended') call.body.end()
  else if (end === 'stopped') {
    ending.denied = true
    denyTooLarge(exchange)
    call.abort()
  } else if (end === 'source-broke') call.abort()
  else req.resume()
}

async function download(exchange: Allowed, answer: UpstreamAnswer, ending: Ending): Promise<void> {
  const { res, traffic } = exchange
  res.sendDate = false
  const headers = responseHeaders(answer.headers)
  let gather = (): void => {}
  if ('stream' in res) res.writeHead(answer.status, headers)
  else {
    gather = gatherTurns(res.writeHead(answer.status, headers))
    gather()
    // The first bytes of a stream may come much later than its head.
    res.flushHeaders()
  }
  const end = await pump(answer.body, res, (length) => {
    gather()
    traffic.down += length
    return true
  })
  if (end === 'ended') {
    const trailers = answer.trailers()
    if (Object.keys(trailers).length > 0) res.addTrailers(flat(trailers))
    res.end()
    return
  }
  if (end === 'source-broke') ending.failure = 'connection-lost'
  res.destroy()
}

/**
 * What comes within one turn of the loop goes out in one piece: TLS hands out 16 KiB at a time, and each write has its
 * price. The socket is held and not the response, whose own way to hold chunks may forget to say that it goes on.
 */
function gatherTurns({ socket }: ServerResponse): () => void {
  let gathering = false
  const send = (): void => {
    gathering = false
    socket?.uncork()
  }
  return () => {
    if (gathering) return
    gathering = true
    socket?.cork()
    setImmediate(send)
  }
}

const flat = (trailers: Record<string, string | string[]>): Record<string, string> =>
  Object.fromEntries(Object.entries(trailers).map(([name, value]) => [name, String(value)]))
