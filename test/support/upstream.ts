import { createServer, type Server, type Socket } from 'node:net'
import { once } from 'node:events'
import { readRequests, type SeenRequest } from './http-requests.ts'

export type { SeenRequest } from './http-requests.ts'

/**
 * One thing that the scripted provider does on the wire, in the order of the script. It writes bytes and not messages:
 * a test decides where a packet ends, what the length says, and how the connection dies.
 */
export type Step =
  | { readonly do: 'send'; readonly bytes: Uint8Array }
  | { readonly do: 'wait'; readonly ms: number }
  /** Goes on when the promise is settled: for tests that decide the moment themselves. */
  | { readonly do: 'until'; readonly settled: Promise<unknown> }
  /** For tests that note how far the script has come. */
  | { readonly do: 'note'; readonly run: () => void }
  /** Nothing more, ever, with the connection open. */
  | { readonly do: 'stall' }
  | { readonly do: 'reset' }
  | { readonly do: 'fin' }
  /** The same bytes again and again, as fast as the other side takes them, or one every `everyMs`. */
  | { readonly do: 'forever'; readonly bytes: Uint8Array; readonly everyMs?: number }

/** Decides what to answer; `index` counts the requests of this upstream from 0. */
export type Script = (request: SeenRequest, index: number) => readonly Step[]

export interface Upstream extends AsyncDisposable {
  readonly url: string
  readonly port: number
  /** Every request that arrived complete, with its exact bytes. */
  readonly seen: readonly SeenRequest[]
  /** Connections that the other side opened, and those that are open now. */
  readonly connections: { opened: number; open: number }
  /** Bytes that the scripts handed to the kernel. */
  readonly sentBytes: () => number
  answer(script: Script): void
  /** Resolves when `count` requests have arrived in all. */
  arrived(count: number): Promise<SeenRequest>
  /** Resolves when no answer is on its way. Connections that are kept for the next request may stay. */
  quiet(): Promise<void>
}

/** A scripted Anthropic upstream on a free loopback port. Without a script it resets every connection. */
export async function startUpstream(script: Script = () => [{ do: 'reset' }]): Promise<Upstream> {
  const sockets = new Set<Socket>()
  const seen: SeenRequest[] = []
  const connections = { opened: 0, open: 0 }
  const changed = new Set<() => void>()
  let answer = script
  let sent = 0
  let answering = 0
  const tell = (): void => {
    for (const look of changed) look()
  }

  const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    sockets.add(socket)
    connections.opened++
    connections.open++
    socket.on('error', () => {})
    socket.on('close', () => {
      sockets.delete(socket)
      connections.open--
      tell()
    })
    // Requests on one connection are answered in order, one at a time, as HTTP/1.1 demands.
    let turn = Promise.resolve()
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
    readRequests(socket, (request) => {
      const index = seen.push(request) - 1
      const steps = answer(request, index)
      answering++
      turn = turn
        .then(() => play(socket, closed, steps, (bytes) => (sent += bytes)))
        .then(() => {
          answering--
          tell()
        })
      tell()
    })
    // A client that half-closes before its answer is complete has gone away for good, as with real providers.
    socket.on('end', () => socket.destroy())
  })
  await listening(server)
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the upstream has no port')

  const when = (ready: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!ready()) return
        changed.delete(look)
        resolve()
      }
      changed.add(look)
      look()
    })

  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    seen,
    connections,
    sentBytes: () => sent,
    answer: (next) => {
      answer = next
    },
    async arrived(count) {
      await when(() => seen.length >= count)
      return seen[count - 1]!
    },
    quiet: () => when(() => answering === 0),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

async function listening(server: Server): Promise<void> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
}

async function play(
  socket: Socket,
  closed: Promise<void>,
  steps: readonly Step[],
  count: (bytes: number) => void,
): Promise<void> {
  for (const step of steps) {
    if (socket.destroyed) return
    switch (step.do) {
      case 'send':
        await write(socket, step.bytes)
        count(step.bytes.length)
        break
      case 'wait':
        await Promise.race([pause(step.ms), closed])
        break
      case 'until':
        await Promise.race([step.settled, closed])
        break
      case 'note':
        step.run()
        break
      case 'stall':
        await closed
        return
      case 'reset':
        socket.resetAndDestroy()
        return
      case 'fin':
        socket.end()
        return
      case 'forever':
        while (!socket.destroyed) {
          await write(socket, step.bytes)
          count(step.bytes.length)
          if (step.everyMs !== undefined) await Promise.race([pause(step.everyMs), closed])
        }
    }
  }
}

/**
 * Resolves when the kernel has taken the bytes, so that one step is at least one packet and a slow reader is felt, or
 * when the connection has ended meanwhile.
 */
function write(socket: Socket, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => socket.write(bytes, () => resolve()))
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
