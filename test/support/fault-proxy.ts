import { connect, createServer, type Socket } from 'node:net'
import { once } from 'node:events'

/** `up` is towards the server, `down` towards the client. */
export type Direction = 'up' | 'down'

export type Fault =
  | { readonly mode: 'pass' }
  /** Delays every packet; the order of bytes never changes, whatever the jitter. */
  | { readonly mode: 'latency'; readonly ms: number; readonly jitterMs?: number }
  | { readonly mode: 'throttle'; readonly bytesPerSecond: number }
  /** Cuts the stream into packets of this size. */
  | { readonly mode: 'slice'; readonly bytes: number }
  | { readonly mode: 'reset' | 'fin' | 'stall'; readonly afterBytes: number }
  /** Swallows everything and never closes. */
  | { readonly mode: 'black-hole' }
  /** Flips one bit of the byte at this place in the stream. */
  | { readonly mode: 'corrupt'; readonly atByte: number }
  /** Resets new connections. */
  | { readonly mode: 'refuse' }

export interface FaultProxy extends AsyncDisposable {
  readonly port: number
  readonly open: () => number
  /** Applies to bytes from now on, in one direction or in both. */
  set(fault: Fault, direction?: Direction): void
  resetAll(): void
}

/** A loopback TCP proxy that misbehaves on command. */
export async function startFaultProxy(target: {
  readonly host?: string
  readonly port: number
  /** Sees every packet as it arrives at the proxy. */
  readonly watch?: (direction: Direction, packet: Buffer) => void
}): Promise<FaultProxy> {
  const faults: Record<Direction, Fault> = { up: { mode: 'pass' }, down: { mode: 'pass' } }
  const live = new Set<Socket>()

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    if (faults.up.mode === 'refuse' || faults.down.mode === 'refuse') {
      client.resetAndDestroy()
      return
    }
    const upstream = connect({
      host: target.host ?? '127.0.0.1',
      port: target.port,
      allowHalfOpen: true,
      noDelay: true,
    })
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      live.add(socket)
      socket.on('error', () => other.destroy())
      // A clean end was passed on, or held back on purpose, by the pump.
      socket.on('close', (failed) => {
        live.delete(socket)
        if (failed) other.destroy()
      })
    }
    pump(client, upstream, () => faults.up)
    pump(upstream, client, () => faults.down)
    if (target.watch !== undefined) {
      client.on('data', (packet: Buffer) => target.watch?.('up', packet))
      upstream.on('data', (packet: Buffer) => target.watch?.('down', packet))
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port')

  return {
    port: address.port,
    open: () => live.size,
    set(fault, direction) {
      if (direction !== 'down') faults.up = fault
      if (direction !== 'up') faults.down = fault
    },
    resetAll() {
      for (const socket of live) socket.resetAndDestroy()
    },
    async [Symbol.asyncDispose]() {
      for (const socket of live) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Moves bytes one packet after the other: a packet is finished, delays and all, before the next is looked at. */
function pump(from: Socket, to: Socket, fault: () => Fault): void {
  let passed = 0
  let chain = Promise.resolve()
  from.on('data', (packet: Buffer) => {
    from.pause()
    chain = chain.then(async () => {
      await forward(packet, passed, from, to, fault())
      passed += packet.length
      from.resume()
    })
  })
  from.on('end', () => {
    chain = chain.then(() => {
      if (fault().mode !== 'black-hole' && fault().mode !== 'stall') to.end()
    })
  })
}

async function forward(packet: Buffer, passed: number, from: Socket, to: Socket, fault: Fault): Promise<void> {
  switch (fault.mode) {
    case 'latency':
      await pause(fault.ms + Math.random() * (fault.jitterMs ?? 0))
      return write(to, packet)
    case 'throttle': {
      const step = Math.max(1, Math.floor(fault.bytesPerSecond / 20))
      for (let at = 0; at < packet.length && !to.destroyed; at += step) {
        await write(to, packet.subarray(at, at + step))
        await pause(50)
      }
      return
    }
    case 'slice':
      for (let at = 0; at < packet.length && !to.destroyed; at += fault.bytes) {
        await write(to, packet.subarray(at, at + fault.bytes))
        await new Promise((resolve) => setImmediate(resolve))
      }
      return
    case 'reset':
    case 'fin':
    case 'stall': {
      const left = fault.afterBytes - passed
      if (left > 0) await write(to, packet.subarray(0, left))
      if (packet.length < left) return
      if (fault.mode === 'reset') {
        from.resetAndDestroy()
        to.resetAndDestroy()
      } else if (fault.mode === 'fin') {
        to.end()
        from.destroy()
      }
      return
    }
    case 'corrupt': {
      const at = fault.atByte - passed
      if (at < 0 || at >= packet.length) return write(to, packet)
      const copy = Buffer.from(packet)
      copy[at] = copy[at]! ^ 1
      return write(to, copy)
    }
    case 'black-hole':
      return
    case 'pass':
    case 'refuse':
      return write(to, packet)
  }
}

async function write(to: Socket, bytes: Buffer): Promise<void> {
  if (bytes.length === 0 || to.destroyed) return
  await new Promise<void>((resolve) => {
    const done = (): void => {
      to.off('close', done)
      resolve()
    }
    to.once('close', done)
    to.write(bytes, done)
  })
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
