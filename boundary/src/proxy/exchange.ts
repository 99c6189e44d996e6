import type { ServerResponse } from 'node:http'
import { constants, type Http2ServerResponse } from 'node:http2'
import { endAnswer } from '@reeve/base'
import type { CanonicalRequest, RequestDecision } from '@reeve/policy'
import type { NetFacts } from '../audit/event.ts'
import { type Answer, denialAnswer, failureAnswer } from '../denial/envelope.ts'
import type { ClientRequest } from './asked.ts'
import type { HoldEnd } from './asks.ts'
import { deniedAddress, deniedFor, netFact } from './facts.ts'
import { requestHeaders } from './headers.ts'
import type { Verdict } from './judge.ts'
import type { Outgoing } from './outgoing.ts'
import { isInjectTarget, sealHeaders } from './seal.ts'
import type { Origin, Services } from './services.ts'
import type { Traffic } from './splice.ts'

export type ClientResponse = ServerResponse | Http2ServerResponse

/** A request that was decided, or everything that is known of one that was refused before that. */
export interface Exchange {
  readonly services: Services
  readonly origin: Origin
  readonly req: ClientRequest
  readonly res: ClientResponse
  readonly host: string
  readonly port: number
  readonly url: string | null
  readonly verdict: Verdict
  readonly startedMs: number
  readonly traffic: Traffic
  /** How a wait for a person's answer ended; null where nobody was asked. */
  readonly asked: HoldEnd | null
}

export interface Allowed extends Exchange {
  readonly request: CanonicalRequest
  readonly verdict: Verdict<RequestDecision>
}

export const announcedBytes = (req: ClientRequest): number => Number(req.headers['content-length'] ?? 0)

export const denyTooLarge = (exchange: Exchange): void =>
  deny({ ...exchange, verdict: { ...deniedFor('too-large', exchange.verdict.decision) } })

export function denyAddress(exchange: Exchange, classes: Parameters<typeof deniedAddress>[1]): void {
  const { verdict, facts } = deniedAddress(exchange.verdict.decision, classes)
  deny({ ...exchange, verdict }, facts)
}

/**
 * Records a denial and tells it, in this order: whoever was told its id finds its line, even where this process is killed
 * at once. What could be read in two ways is closed without waiting, so that nothing behind it is read.
 */
export function deny(exchange: Exchange, facts: Record<string, string> | null = null): void {
  const { services, origin, req, host, verdict, asked } = exchange
  const { decision } = verdict
  const pending = asked === 'pending'
  const canRequest = services.canRequest && !pending && isRequestable(verdict)
  const answer = (denial: string): Answer =>
    denialAnswer({ method: methodOf(req), host, denial, ...decision, canRequest, pending }, acceptOf(req))
  const net = { ...netFacts(exchange), status: answer('').status, duration_ms: null }
  const { denial } = services.recorder.record(
    netFact({ verdict, caller: origin.caller, net, facts: withOutcome(asked, facts) }),
  )
  const told = answer(denial ?? 'none')
  if (told.status === 400 || exchange.res.headersSent) return send(exchange, told)
  void services.recorder.kept().then(() => send(exchange, told))
}

/** What a line says of the question beside what else there is to say. */
export const withOutcome = (
  asked: HoldEnd | null,
  facts: Record<string, string> | null,
): Record<string, string> | null => (asked === null ? facts : { ...facts, outcome: asked })

const isRequestable = ({ decision: { reason } }: Verdict): boolean =>
  reason === 'rule' || reason === 'no-matching-rule' || reason === 'too-large'

/** Tells that the server could not be asked. The line is written at the end, as for every request that was allowed. */
export function fail(exchange: Exchange, reason: string): void {
  const { req, host } = exchange
  send(exchange, failureAnswer({ method: methodOf(req), host, reason }, acceptOf(req)))
}

export function netFacts({ origin, req, host, port, url, traffic }: Exchange): NetFacts {
  return {
    protocol: req.httpVersionMajor >= 2 ? 'h2' : 'http/1.1',
    method: methodOf(req),
    url,
    host,
    port,
    address: null,
    inspected: origin.scheme === 'https',
    status: null,
    bytes_up: traffic.up,
    bytes_down: traffic.down,
    duration_ms: null,
  }
}

/** Only what is a method's word: anything else of a client's would be text of its own in a line. */
const methodOf = ({ method }: ClientRequest): string | null =>
  method !== undefined && /^[A-Za-z-]{1,32}$/.test(method) ? method : null
const acceptOf = ({ headers }: ClientRequest): string | undefined => headers.accept

/** An answer of the boundary's own. What the client still sends of its body is not waited for. */
function send({ req, res }: Exchange, { status, headers, body }: Answer): void {
  if (res.headersSent || res.destroyed) return void res.destroy()
  res.sendDate = false
  if ('stream' in res) {
    res.writeHead(status, headers)
    res.end(req.method === 'HEAD' ? '' : body, () => {
      if (res.stream !== undefined && !res.stream.closed) res.stream.close(constants.NGHTTP2_NO_ERROR)
    })
    return
  }
  // What could be read in two ways is not read any further, and what is left of a body is no way to go on from.
  const isLast = status === 400 || (!req.complete && hasBody(req))
  const bytes = Buffer.from(body)
  const length = { 'content-length': bytes.length }
  res.writeHead(status, isLast ? { ...headers, ...length, connection: 'close' } : { ...headers, ...length })
  endAnswer(res.req, res, bytes)
}

/** Whether a body is announced, or may still come. */
export function hasBody(req: ClientRequest): boolean {
  if ('stream' in req && req.httpVersionMajor >= 2) return !req.stream.endAfterHeaders
  return req.headers['transfer-encoding'] !== undefined || announcedBytes(req) > 0
}

/** The request as it goes out, with the session's signature where it belongs; `sequence` is the number of its line. */
export function outgoing(exchange: Allowed, sequence: number | null, upgrade = false): Outgoing {
  const { services, req, request, verdict } = exchange
  const { scheme, host, port, method, path, query } = request
  const { seal, clock } = services
  const headers = requestHeaders(req.headers)
  if (seal !== null && sequence !== null) Object.assign(headers, sealHeaders(seal, request, sequence, clock.now()))
  return {
    scheme,
    host,
    port,
    deniedClasses: verdict.decision.deniedClasses,
    method,
    target: path + query,
    headers,
    hasBody: !upgrade && hasBody(req),
    upgrade,
  }
}

export const isSealed = ({ services, verdict, request }: Allowed): boolean =>
  services.seal !== null && (verdict.decision.injectSession || isInjectTarget(services.injects(), request))
