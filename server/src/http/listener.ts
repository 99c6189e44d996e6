import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, Socket } from 'node:net'
import type { Secret } from '@reeve/base'

/** The one listener of the server, with limits that keep slow and greedy clients from taking it away from others. */
export interface Listener {
  /** As bound: the port is the real one even when 0 was asked for. */
  readonly host: string
  readonly port: number
  /**
   * Stops accepting, lets open requests finish for `graceMs`, then cuts them off. Aborting `now` cuts them off at once.
   * Resolves when no connection is left.
   */
  close(graceMs: number, now: AbortSignal): Promise<void>
}

export interface ListenerOptions {
  readonly address: { readonly host: string; readonly port: number }
  /** Other processes listen on the same address, and the kernel decides who gets a connection. */
  readonly isShared?: boolean
  readonly tls: { readonly cert: string; readonly key: Secret } | null
  readonly handle: (req: IncomingMessage, res: ServerResponse) => void
  /** Takes a request to go on in another protocol; false when it is none of its. `res` is for saying no. */
  readonly upgrade?: (req: IncomingMessage, res: ServerResponse, socket: Socket, head: Buffer) => boolean
}

const limits = {
  headersTimeout: 10_000,
  // For the whole of a request; the largest bodies come over slow lines. Streams of answers are not counted.
  requestTimeout: 300_000,
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 5_000,
  maxHeaderSize: 32 * 1024,
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: 30_000,
} as const

const clientErrors: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
}

const connectionsMax = 10_000

/** For other processes of this machine, which have looked at connections and requests already. */
export async function openInnerListener(
  path: string,
  { handle, upgrade }: Pick<ListenerOptions, 'handle' | 'upgrade'>,
): Promise<Pick<Listener, 'close'>> {
  const server = createServer({ ...limits, requestTimeout: 0 })
  server.on('request', handle)
  const upgraded = takeUpgrades(server, upgrade)
  server.listen({ path })
  await once(server, 'listening')
  return {
    close: (graceMs, now) =>
      closeServer(server, graceMs, now, () => {
        for (const socket of upgraded) socket.destroy()
      }),
  }
}

/** The sockets that went on in another protocol, as long as they are open. */
function takeUpgrades(server: Server, upgrade: ListenerOptions['upgrade']): ReadonlySet<Socket> {
  const upgraded = new Set<Socket>()
  server.on('upgrade', (req, socket, head) => {
    if (!(socket instanceof Socket)) return socket.destroy()
    upgraded.add(socket)
    // Nobody else listens any more, and an error that nobody hears would end the process.
    socket.on('error', () => {}).on('close', () => upgraded.delete(socket))
    const res = new ServerResponse(req)
    res.shouldKeepAlive = false
    res.assignSocket(socket)
    res.once('finish', () => socket.destroySoon())
    if (upgrade?.(req, res, socket, head) === true) return
    // Told so with a 426, Codex goes on over HTTP at once; after any other status it tries again for seconds.
    res.writeHead(426, { Upgrade: 'HTTP/1.1', Connection: 'upgrade, close', 'Content-Length': '0' }).end()
  })
  return upgraded
}

/** Rejects with the error of `listen`, such as EADDRINUSE. */
export async function openListener(options: ListenerOptions): Promise<Listener> {
  const { address, isShared = false, tls, handle, upgrade } = options
  const server: Server =
    tls === null
      ? createServer(limits)
      : createTlsServer({ ...limits, cert: tls.cert, key: tls.key.reveal(), minVersion: 'TLSv1.2' })
  server.maxHeadersCount = 100
  server.maxConnections = connectionsMax
  server.on('request', handle)
  // Who waits to be told to go on is told by whoever reads the body, after the credential has been looked at.
  server.on('checkContinue', handle)
  const upgraded = takeUpgrades(server, upgrade)
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // An answer is out already: whatever follows it would be taken for the answer to something else.
    const hasAnswered = 'bytesWritten' in socket && socket.bytesWritten !== 0
    if (error.code === 'ECONNRESET' || !socket.writable || hasAnswered) return void socket.destroy()
    const status = clientErrors[error.code ?? ''] ?? '400 Bad Request'
    socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
  })
  server.listen({ host: address.host, port: address.port, ...(isShared ? { reusePort: true } : {}) })
  await once(server, 'listening')
  // SAFETY: a server that listens on host and port has an address of that kind.
  const bound = server.address() as AddressInfo

  return {
    host: bound.address,
    port: bound.port,
    close: (graceMs, now) =>
      closeServer(server, graceMs, now, () => {
        for (const socket of upgraded) socket.destroy()
      }),
  }
}

async function closeServer(server: Server, graceMs: number, now: AbortSignal, cutMore: () => void): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  server.closeIdleConnections()
  const cut = () => {
    server.closeAllConnections()
    cutMore()
  }
  const timer = setTimeout(cut, graceMs)
  // Connections that become idle after the call are not closed by Node itself.
  const sweep = setInterval(() => server.closeIdleConnections(), 100)
  now.addEventListener('abort', cut, { once: true })
  if (now.aborted) cut()
  await closed
  clearTimeout(timer)
  clearInterval(sweep)
  now.removeEventListener('abort', cut)
}
