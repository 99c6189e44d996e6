import { type ClientRequest, readAsked } from './asked.ts'
import { type Allowed, announcedBytes, type ClientResponse, deny, denyTooLarge, netFacts } from './exchange.ts'
import { deniedFor } from './facts.ts'
import { answered, isAsked } from './held.ts'
import { authorityOf } from './outgoing.ts'
import type { Origin, Services } from './services.ts'

/**
 * Decides a request, and waits for a person where a rule asks one. What is denied was recorded and answered when this
 * gives null: at once, where nobody had to be waited for.
 */
export async function decide(
  services: Services,
  origin: Origin,
  req: ClientRequest,
  res: ClientResponse,
): Promise<Allowed | null> {
  origin.used()
  const read = readAsked(req, origin)
  const traffic = { up: 0, down: 0 }
  const begun = { services, origin, req, res, startedMs: services.clock.monotonicMs(), traffic, asked: null }
  if (read.kind !== 'request') {
    const about = services.judge.name(read.host).decision
    const verdict = deniedFor(read.kind === 'mismatch' ? 'name-mismatch' : 'not-canonical', about)
    deny({ ...begun, host: read.host, port: read.port, url: null, verdict })
    return null
  }
  const { request } = read
  const url = `${request.scheme}://${authorityOf(request)}${request.path}${request.query}`
  const verdict = services.judge.request(request)
  const first: Allowed = { ...begun, host: request.host, port: request.port, url, verdict, request }
  const exchange = isAsked(services, verdict) ? await heldRequest(first) : first
  const { decision, passes } = exchange.verdict
  if (!passes) deny(exchange)
  else if (!services.gate(request.host)) deny({ ...exchange, verdict: deniedFor('protocol', decision) })
  else if (announcedBytes(req) > (decision.requestBytesMax ?? Number.POSITIVE_INFINITY)) denyTooLarge(exchange)
  else return exchange
  return null
}

/** Nothing of the body is asked for meanwhile: it fills the buffers of the connection, and no more. */
async function heldRequest(exchange: Allowed): Promise<Allowed> {
  const { services, origin, req, res, request, startedMs } = exchange
  const gone = new AbortController()
  const leave = () => gone.abort()
  const ignore = () => {}
  res.once('close', leave)
  for (const side of [req, res]) side.on('error', ignore)
  const answer = await answered(services, {
    text: `${request.method} ${request.scheme}://${authorityOf(request)}${request.path}`,
    judge: () => services.judge.request(request),
    net: netFacts(exchange),
    caller: origin.caller,
    gone: gone.signal,
    startedMs,
  })
  res.off('close', leave)
  return { ...exchange, ...answer }
}
