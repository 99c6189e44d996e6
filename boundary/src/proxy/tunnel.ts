import { type IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { canonicalAuthority, type Decision } from '@reeve/policy'
import { deny } from './exchange.ts'
import { heldConnection } from './held-connection.ts'
import { deniedFor } from './facts.ts'
import type { Inbound } from './connection.ts'
import type { Answered } from './held.ts'
import type { Verdict } from './judge.ts'
import type { Origin, Services } from './services.ts'

/**
 * CONNECT, by clients that were told of a proxy. The tunnel is decided before it opens, and what comes through it is looked
 * at like any connection to the same host and port. Null where it was refused: that was recorded and answered.
 *
 * Clients show the number of a refusal and nothing that it says. So a tunnel to where the web is opens although a rule
 * denies the host: it leads nowhere but to the boundary itself, where each request is denied, and told why, inside TLS.
 */
export async function decideTunnel(
  services: Services,
  req: IncomingMessage,
  socket: Socket,
  head: Buffer,
  origin: Origin,
): Promise<Inbound | null> {
  origin.used()
  socket.on('error', () => socket.destroy())
  const hosts = req.rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === 'host')
  const target = /:\d{1,5}$/.test(req.url ?? '') && hosts.length <= 1 ? canonicalAuthority(req.url!, 'https') : null
  const { host, port } = target ?? { host: origin.host ?? 'unknown', port: origin.port }
  const decideIt = () => verdictOn(services, origin, target)
  const waiting = { socket, host, port, caller: origin.caller, speaksLater: true }
  const { verdict, asked } = gated(services, host, await heldConnection(services, waiting, decideIt))
  if (verdict.passes || (asked === null && isToldInside(verdict, port))) {
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
    if (head.length > 0) socket.unshift(head)
    return { socket, host, named: true, port, inner: true, caller: origin.caller }
  }
  const res = new ServerResponse(req)
  res.shouldKeepAlive = false
  res.assignSocket(socket)
  res.once('finish', () => socket.end())
  const traffic = { up: 0, down: 0 }
  deny({ services, origin, req, res, host, port, url: null, verdict, startedMs: 0, traffic, asked })
  return null
}

const webPort = 443

const isToldInside = ({ decision: { reason } }: Verdict, port: number): boolean =>
  port === webPort && (reason === 'rule' || reason === 'no-matching-rule')

function verdictOn(
  { judge }: Services,
  { inner, host, caller }: Origin,
  target: { readonly host: string; readonly port: number } | null,
): Verdict {
  if (target === null) return deniedFor('not-canonical', judge.name(host ?? 'unknown').decision)
  const verdict = judge.connection({ ...target, exes: caller?.exes ?? [] })
  // A tunnel inside a tunnel, or by way of a server that is no proxy, would only hide who is asked.
  if (inner || (host !== null && host !== target.host)) return deniedFor('protocol', verdict.decision)
  return verdict
}

const gated = ({ gate }: Services, host: string, answer: Answered<Decision>): Answered<Decision> =>
  answer.verdict.passes && !gate(host) ? { ...answer, verdict: deniedFor('protocol', answer.verdict.decision) } : answer
