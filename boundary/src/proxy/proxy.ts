import { once } from 'node:events'
import type { Socket } from 'node:net'
import { canonicalHost } from '@reeve/policy'
import type { Approvals } from '../commands/approvals.ts'
import type { Door } from '../door/door.ts'
import type { Names } from '../dns/names.ts'
import { answerOverTcp } from '../dns/over-tcp.ts'
import type { Resolver } from '../dns/resolver.ts'
import type { Timers } from '../timers.ts'
import type { Authority } from '../tls/authority.ts'
import type { Caller, Destination } from '../jail/jail.ts'
import { createAsks } from './asks.ts'
import { carryConnection, type Inbound } from './connection.ts'
import { createOpenWays } from './open-ways.ts'
import type { Services } from './services.ts'
import { decideTunnel } from './tunnel.ts'
import { createWeb } from './web.ts'

export interface ProxyOptions extends Omit<Services, 'open' | 'asks'> {
  readonly approvals: Approvals
  readonly timers: Timers
  readonly authority: Authority
  readonly names: Names
  readonly resolver: Resolver
  /** To the agent of the workspace; null where there is none. */
  readonly door: Door | null
}

/** Takes every connection that is made inside, wherever it was meant to go. */
export interface Proxy extends AsyncDisposable {
  accept(socket: Socket, destination: Destination, who: () => Promise<Caller | null>): void
}

/** What was said on a connection before its program ended is read to its end. */
const lastWordsMs = 250

/** A program that opens more at once is not heard: each costs the supervisor memory. */
const connectionsMax = 4_096
const dnsPort = 53

export function createProxy(options: ProxyOptions): Proxy {
  const { authority, names, resolver, door, judge, log, approvals, timers } = options
  const open = createOpenWays()
  const asks = createAsks({ approvals, timers, open })
  const services: Services = { ...options, open, asks }
  const sockets = new Set<Socket>()
  judge.onChange(() => services.open.recheck())
  const web = createWeb(services, door, async (req, socket, head, origin) => {
    const inbound = await decideTunnel(services, req, socket, head, origin)
    if (inbound !== null) carry(inbound)
  })
  const carry = (inbound: Inbound): void => {
    const carried = carryConnection(services, web, authority, inbound).catch((error) => {
      log.error({ error, host: inbound.host, port: inbound.port }, 'a connection could not be carried')
      inbound.socket.destroy()
    })
    services.open.track(carried)
  }
  const who = async (ask: () => Promise<Caller | null>): Promise<Caller | null> => {
    try {
      return await ask()
    } catch (error) {
      log.warn({ error }, 'the caller of a connection could not be found')
      return null
    }
  }
  return {
    accept(socket, { address, port }, ask) {
      socket.on('error', () => socket.destroy())
      if (sockets.size >= connectionsMax) return void socket.resetAndDestroy()
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
      socket.setNoDelay(true)
      socket.allowHalfOpen = true
      if (port === dnsPort) return answerOverTcp(socket, resolver)
      const name = names.nameOf(address)
      const place = { named: name !== null && name !== 'denied', port, inner: false }
      const host = name === 'denied' ? null : (name ?? canonicalHost(address))
      services.open.track(who(ask).then((caller) => carry({ socket, host, ...place, caller })))
    },
    async [Symbol.asyncDispose]() {
      await closed(sockets)
      asks[Symbol.dispose]()
      for (const socket of sockets) socket.destroy()
      services.upstreams[Symbol.dispose]()
      await services.open.closeAll()
      web[Symbol.dispose]()
    },
  }
}

/** Resolves when all are closed, or soon. */
async function closed(sockets: ReadonlySet<Socket>): Promise<void> {
  const signal = AbortSignal.timeout(lastWordsMs)
  const each = [...sockets].map((socket) => once(socket, 'close', { signal }))
  await Promise.allSettled(each)
}
