import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { canonicalHost, type ConnectionDecision } from '@reeve/policy'
import type { NetFacts } from '../audit/event.ts'
import type { Authority } from '../tls/authority.ts'
import type { ClientHello } from '../tls/client-hello.ts'
import type { Caller } from '../jail/jail.ts'
import { baseFacts, deniedAddress, deniedFor, netFact } from './facts.ts'
import type { HoldEnd } from './asks.ts'
import { withOutcome } from './exchange.ts'
import { lookFirst } from './first-look.ts'
import { type Answered, staysAllowed } from './held.ts'
import { heldConnection } from './held-connection.ts'
import type { Verdict } from './judge.ts'
import type { Services } from './services.ts'
import { splice } from './splice.ts'
import type { Web } from './web.ts'

/** A connection from inside, and what is known of it before its first byte. */
export interface Inbound {
  readonly socket: Socket
  /** The name or address that it was made to; null where only the client can say. */
  readonly host: string | null
  /** The host is a name that was looked up, or the target of a tunnel: a server name must be the same. */
  readonly named: boolean
  readonly port: number
  readonly inner: boolean
  readonly caller: Caller | null
}

const firstByteMs = 5_000
const handshakeMs = 20_000

/**
 * One connection, from its first look to its end:
 *
 *   1. a rule that lets it pass unseen (`tcp`) joins it with its destination at once: servers of such protocols speak first;
 *   2. otherwise the client must speak. TLS is passed through where a rule says so and the name is in the open, and ended
 *      here in all other cases, denied ones too: who is denied reads why inside;
 *   3. plain HTTP is read; HTTP/2 without TLS and everything else is closed with a reset.
 */
export async function carryConnection(
  services: Services,
  web: Web,
  authority: Authority,
  inbound: Inbound,
): Promise<void> {
  const { socket, host } = inbound
  const early = host === null ? null : judged(services, inbound, host)
  if (host !== null && early?.decision.carry === 'tcp' && early.decision.effect !== 'deny') {
    const answer = await wholeConnection(services, inbound, host)
    if (answer.asked !== null && !answer.verdict.passes)
      return refuse(services, inbound, host, answer.verdict, { protocol: 'tcp' }, outcome(answer))
    if (answer.verdict.passes && answer.verdict.decision.carry === 'tcp')
      return await joinServer(services, inbound, host, answer, null)
  }
  const look = await lookFirst(socket, firstByteMs)
  if (look.kind === 'tls') return await carryTls(services, web, authority, inbound, look.hello)
  if (look.kind === 'http') {
    const { port, inner, caller } = inbound
    const named = inbound.named ? host : null
    const origin = { scheme: 'http', host: named, port, mismatched: false, inner, caller, used: () => {} } as const
    return web.serve(socket, origin, 'http/1.1')
  }
  // Where the policy only observes, what nobody can read goes through like everything else.
  if (look.kind !== 'gone' && host !== null && early?.passes === true && early.decision.effect !== 'allow') {
    return await joinServer(services, inbound, host, { verdict: early, asked: null }, null)
  }
  // Programs open connections ahead of need and close them again.
  if (look.kind === 'gone' || (look.kind === 'silent' && early?.passes === true)) return void socket.destroy()
  const verdict = early === null || early.passes ? deniedFor('protocol', about(services, inbound)) : early
  refuse(services, inbound, host ?? 'unknown', verdict, { protocol: 'tcp' })
}

async function carryTls(
  services: Services,
  web: Web,
  authority: Authority,
  inbound: Inbound,
  hello: ClientHello,
): Promise<void> {
  const { socket, named } = inbound
  const serverName = hello.serverName === null ? null : canonicalHost(hello.serverName)
  const host = named ? inbound.host : (serverName ?? inbound.host)
  if (host === null || (hello.serverName !== null && serverName === null)) {
    const reason = host === null ? 'no-matching-rule' : 'not-canonical'
    return refuse(services, inbound, host ?? 'unknown', deniedFor(reason, about(services, inbound)), {
      protocol: 'tls',
    })
  }
  const mismatched = serverName !== null && serverName !== host
  const answer = await wholeConnection(services, inbound, host)
  const { verdict } = answer
  if (verdict.passes && verdict.decision.carry === 'tcp') {
    return await joinServer(services, inbound, host, answer, serverName)
  }
  // What may not be looked into cannot be told inside that it waits for a person.
  if (answer.asked !== null && !verdict.passes) {
    return refuse(services, inbound, host, verdict, { protocol: 'tls' }, outcome(answer))
  }
  if (verdict.passes && verdict.decision.carry === 'passthrough') {
    if (mismatched) {
      return refuse(services, inbound, host, deniedFor('name-mismatch', verdict.decision), { protocol: 'tls' })
    }
    // The name in the open must be the only name: behind an encrypted hello may be another.
    if (hello.encrypted || serverName === null) {
      return refuse(services, inbound, host, deniedFor('protocol', verdict.decision), { protocol: 'tls' })
    }
    return await joinServer(services, inbound, host, answer, serverName)
  }
  endTls(services, web, authority, inbound, { host, shown: serverName ?? host, mismatched, hello, verdict, socket })
}

interface Ended {
  readonly host: string
  /** Whose certificate is shown: the name that the client asked for. */
  readonly shown: string
  readonly mismatched: boolean
  readonly hello: ClientHello
  readonly verdict: Verdict<ConnectionDecision>
  readonly socket: Socket
}

function endTls(services: Services, web: Web, authority: Authority, inbound: Inbound, ended: Ended): void {
  const { host, shown, mismatched, hello, verdict, socket } = ended
  const { port, caller } = inbound
  let requests = 0
  socket.allowHalfOpen = false
  const tls = new TLSSocket(socket, {
    isServer: true,
    secureContext: authority.contextFor(shown),
    ALPNProtocols: hello.protocols.includes('h2') ? ['h2', 'http/1.1'] : ['http/1.1'],
  })
  const timer = setTimeout(() => tls.destroy(), handshakeMs)
  let secured = false
  tls.on('error', () => tls.destroy())
  tls.once('secure', () => {
    clearTimeout(timer)
    secured = true
    // Node's own TLS server says so of its sockets; HTTP/2 does not begin before.
    Object.assign(tls, { secureConnecting: false })
    const used = (): void => void (requests += 1)
    const origin = { scheme: 'https', host, port, mismatched, inner: true, caller, used } as const
    web.serve(tls, origin, tls.alpnProtocol === 'h2' ? 'h2' : 'http/1.1')
  })
  // `close` of the socket below: one that was reset in the handshake closes without a word above it.
  services.open.track(new Promise<void>((resolve) => socket.once('close', () => resolve())))
  socket.once('close', () => {
    clearTimeout(timer)
    if (!tls.destroyed) tls.destroy()
    if (requests > 0 || (secured && verdict.passes)) return
    // A client that does not trust the certificate never asks for anything; what it wanted is on record all the same.
    const facts = secured ? null : { failure: 'client-ended-handshake' }
    services.recorder.record(
      netFact({ verdict, caller, net: { ...baseFacts(host, port), protocol: 'tls', inspected: true }, facts }),
    )
  })
}

/** Joins a connection with its destination, for as long as the policy has it so. */
async function joinServer(
  services: Services,
  inbound: Inbound,
  host: string,
  { verdict, asked }: Answered<ConnectionDecision>,
  serverName: string | null,
): Promise<void> {
  const { socket, port, caller } = inbound
  const { recorder, clock, dial, open, gate } = services
  const { carry, deniedClasses } = verdict.decision
  const protocol = carry === 'passthrough' ? 'tls' : 'tcp'
  const startedMs = clock.monotonicMs()
  if (!gate(host)) return refuse(services, inbound, host, deniedFor('protocol', verdict.decision), { protocol })
  const leaving = new AbortController()
  socket.once('close', () => leaving.abort())
  const dialled = await dial({ host, port, deniedClasses }, leaving.signal)
  if ('refused' in dialled) {
    const { verdict: denied, facts } = deniedAddress(verdict.decision, dialled.classes)
    return refuse(services, inbound, host, denied, { protocol }, facts)
  }
  const net = { ...baseFacts(host, port), protocol } as const
  if ('failed' in dialled) {
    recorder.record(netFact({ verdict, caller, net, facts: withOutcome(asked, { failure: dialled.failed }) }))
    return reset(socket)
  }
  const server = dialled.socket
  const traffic = { up: 0, down: 0 }
  let withdrawn = false
  const off = open.add({
    stillAllowed() {
      const now = judged(services, inbound, host)
      return staysAllowed(asked, now) && isAsOpen(now.decision.carry, carry)
    },
    close() {
      withdrawn = true
      reset(socket)
      server.destroy()
    },
  })
  await splice(socket, server, traffic)
  off()
  const facts = {
    ...(serverName === null ? {} : { server_name: serverName }),
    ...(withdrawn ? { ended: 'policy-changed' } : {}),
    ...withOutcome(asked, null),
  }
  recorder.record(
    netFact({
      verdict,
      caller,
      net: {
        ...net,
        address: dialled.address,
        bytes_up: traffic.up,
        bytes_down: traffic.down,
        duration_ms: Math.round(clock.monotonicMs() - startedMs),
      },
      facts: Object.keys(facts).length === 0 ? null : facts,
    }),
  )
}

/** A person is asked about what is carried without being read; requests are asked about one by one. */
const wholeConnection = (services: Services, inbound: Inbound, host: string): Promise<Answered<ConnectionDecision>> =>
  heldConnection(services, { ...inbound, host, speaksLater: false }, () => judged(services, inbound, host))

const outcome = ({ asked }: { readonly asked: HoldEnd | null }) => withOutcome(asked, null)

/** Whatever was carried less openly may be carried more openly now, as an approved connection is. */
const isAsOpen = (now: ConnectionDecision['carry'], carried: ConnectionDecision['carry']): boolean =>
  now === carried || (now === 'tcp' && carried === 'passthrough')

const judged = (services: Services, { port, caller }: Inbound, host: string): Verdict<ConnectionDecision> =>
  services.judge.connection({ host, port, exes: caller?.exes ?? [] })

const about = (services: Services, { host }: Inbound) => services.judge.name(host ?? 'unknown').decision

/** Raw connections cannot be told why: the record is, and the reset ends them at once. */
export function refuse(
  { recorder }: Services,
  { socket, port, caller }: Inbound,
  host: string,
  verdict: Verdict,
  net: Pick<NetFacts, 'protocol'>,
  facts: Record<string, string> | null = null,
): void {
  recorder.record(netFact({ verdict, caller, net: { ...baseFacts(host, port), ...net }, facts }))
  reset(socket)
}

function reset(socket: Socket): void {
  if (socket.destroyed) return
  socket.resetAndDestroy()
}
