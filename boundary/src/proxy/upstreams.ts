import { Agent } from 'node:http'
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2'
import { isIP, type Socket } from 'node:net'
import { connect as connectTls, createSecureContext, type SecureContext } from 'node:tls'
import { toError } from '@reeve/base'
import type { Dial } from '../dial/dial.ts'
import { callHttp1 } from './call-http1.ts'
import { callHttp2 } from './call-http2.ts'
import { authorityOf, type Call, type Outgoing } from './outgoing.ts'
import { handshakeFailure, UpstreamFailure } from './upstream-failure.ts'

/**
 * Connections to servers, kept for the session and shared by requests that are for the same host and may go to the same
 * kinds of addresses. What a server speaks is asked once, by TLS's own negotiation.
 */
export interface Upstreams extends Disposable {
  call(outgoing: Outgoing): Call | Promise<Call>
}

export interface UpstreamOptions {
  readonly dial: Dial
  /** Certificates that a server's must lead to, as PEM; undefined for those that Node brings. */
  readonly roots: readonly string[] | undefined
}

/** One server, as one set of denied classes may reach it. */
export interface Server {
  readonly key: string
  readonly agent: Agent
  speaks: 'unknown' | 'http/1.1' | 'h2'
  session: ClientHttp2Session | null
  /** The first connection, which was made to ask. */
  finding: Promise<void> | null
  spare: Socket | null
}

const serversMax = 256
const idleMs = 4_000

export function createUpstreams({ dial, roots }: UpstreamOptions): Upstreams {
  const servers = new Map<string, Server>()
  const closing = new AbortController()
  let trusted: SecureContext | null = null

  async function connectTo(outgoing: Outgoing, protocols: readonly string[]): Promise<Socket> {
    const dialled = await dial(outgoing, closing.signal)
    if ('refused' in dialled) throw new UpstreamFailure('unreachable', { classes: dialled.classes })
    if ('failed' in dialled) throw new UpstreamFailure(dialled.failed)
    if (outgoing.scheme === 'http') return dialled.socket
    // Reading a hundred certificates takes its time: once, and only where one is needed.
    trusted ??= createSecureContext(roots === undefined ? {} : { ca: [...roots] })
    return await secured(dialled.socket, outgoing.host, protocols, trusted)
  }

  function serverFor(outgoing: Outgoing): Server {
    const { scheme, host, port, deniedClasses } = outgoing
    const key = [scheme, host, port, ...deniedClasses.toSorted()].join(' ')
    const known = servers.get(key)
    if (known !== undefined) return known
    const agent = new Agent({ keepAlive: true, timeout: idleMs, maxFreeSockets: 16 })
    const server: Server = {
      key,
      agent,
      speaks: scheme === 'http' ? 'http/1.1' : 'unknown',
      session: null,
      finding: null,
      spare: null,
    }
    agent.createConnection = (_, done) => {
      void supply(server, outgoing, (error, socket) => done?.(error, socket))
      return undefined
    }
    servers.set(key, server)
    for (const oldest of servers.values()) {
      if (servers.size <= serversMax) break
      forget(oldest)
    }
    return server
  }

  /** A connection for a request over HTTP/1.1: the one that asked what the server speaks, or a new one. */
  async function supply(
    server: Server,
    outgoing: Outgoing,
    done: (error: Error | null, socket: Socket) => void,
  ): Promise<void> {
    const { spare } = server
    server.spare = null
    let socket: Socket
    try {
      socket = spare !== null && !spare.destroyed ? spare : await connectTo(outgoing, ['http/1.1'])
    } catch (error) {
      // SAFETY: the callback's type wants a socket beside an error, which Node never looks at.
      return done(toError(error), undefined as never)
    }
    done(null, socket)
  }

  function forget(server: Server): void {
    servers.delete(server.key)
    server.agent.destroy()
    server.session?.close()
    server.spare?.destroy()
  }

  /** Makes the connection that tells what the server speaks, and keeps it. */
  async function find(server: Server, outgoing: Outgoing): Promise<void> {
    const socket = await connectTo(outgoing, ['h2', 'http/1.1'])
    if (!('alpnProtocol' in socket) || socket.alpnProtocol !== 'h2') {
      server.speaks = 'http/1.1'
      server.spare = socket
      socket.on('error', () => socket.destroy())
      return
    }
    server.speaks = 'h2'
    const session = connectHttp2(`https://${authorityOf(outgoing)}`, {
      createConnection: () => socket,
      settings: { enablePush: false, initialWindowSize: windowBytes },
    })
    session.once('connect', () => session.setLocalWindowSize(4 * windowBytes))
    server.session = session
    const gone = (): void => {
      if (server.session === session) server.session = null
    }
    session.on('error', gone).on('close', gone).on('goaway', gone)
    session.setTimeout(60_000, () => session.close())
  }

  return {
    async call(outgoing) {
      if (outgoing.upgrade) return callHttp1(outgoing, await connectTo(outgoing, ['http/1.1']))
      const server = serverFor(outgoing)
      if (server.speaks === 'http/1.1') return callHttp1(outgoing, server.agent)
      const live = (): boolean => server.session !== null && !server.session.closed && !server.session.destroyed
      if (!live()) {
        server.finding ??= find(server, outgoing).finally(() => (server.finding = null))
        await server.finding
      }
      return server.session !== null && live() ? callHttp2(outgoing, server.session) : callHttp1(outgoing, server.agent)
    },
    [Symbol.dispose]() {
      closing.abort()
      for (const server of servers.values()) {
        server.session?.destroy()
        forget(server)
      }
    },
  }
}
/** More than the protocol's 64 KiB, which would be a few megabytes a second over a long way. */
const windowBytes = 1_048_576

async function secured(
  socket: Socket,
  host: string,
  protocols: readonly string[],
  secureContext: SecureContext,
): Promise<Socket> {
  return await new Promise((resolve, reject) => {
    const named = isIP(host) === 0 ? { servername: host } : { host }
    const tls = connectTls({ socket, secureContext, ALPNProtocols: [...protocols], ...named })
    const timer = setTimeout(() => tls.destroy(new Error('the handshake took too long')), handshakeMs)
    const failed = (error?: Error): void => {
      clearTimeout(timer)
      tls.on('error', () => {}).destroy()
      reject(handshakeFailure(error))
    }
    tls.once('error', failed).once('close', failed)
    tls.once('secureConnect', () => {
      clearTimeout(timer)
      tls.off('error', failed).off('close', failed)
      resolve(tls)
    })
  })
}
const handshakeMs = 15_000
