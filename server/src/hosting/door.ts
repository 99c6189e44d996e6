import { chmod, mkdir, rm } from 'node:fs/promises'
import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { Fault } from '@reeve/base'

/** Where a server is that only its own machine reaches: workspaces with a network of their own find it there too. */
export interface LoopbackPlace {
  readonly addresses: readonly string[]
  readonly port: number
}

/** Null where others reach the server as well, as then workspaces reach it by the network. */
export async function loopbackPlace(url: string): Promise<LoopbackPlace | null> {
  const { hostname, port, protocol } = new URL(url)
  const found = await lookup(hostname.replace(/^\[|\]$/g, ''), { all: true }).catch(() => [])
  const addresses = found.map(({ address }) => address).filter((one) => one.startsWith('127.') || one === '::1')
  if (addresses.length === 0) return null
  return { addresses, port: Number(port || (protocol === 'https:' ? 443 : 80)) }
}

export const doorSocket = 'socket'

/**
 * A local socket in a folder that jails are shown: whoever connects to it gets to the server, and to nothing else of this
 * machine. The folder stays when the server ends, so that the next one's socket is where the last one's was.
 */
export async function openDoor(folder: string, { addresses, port }: LoopbackPlace): Promise<AsyncDisposable> {
  await mkdir(folder, { recursive: true })
  await chmod(folder, 0o755)
  const path = join(folder, doorSocket)
  await rm(path, { force: true })
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ host: addresses[0]!, port, allowHalfOpen: true, noDelay: true })
    const cut = (): void => {
      near.destroy()
      far.destroy()
    }
    sockets.add(near)
    near.on('close', () => {
      sockets.delete(near)
      far.destroy()
    })
    for (const socket of [near, far]) socket.on('error', cut)
    near.pipe(far)
    far.pipe(near)
  })
  server.listen(path)
  await once(server, 'listening').catch((thrown: unknown) => {
    throw new Fault('unavailable', `workspaces on this machine do not reach the server by ${path}`, { cause: thrown })
  })
  await chmod(path, 0o666)
  return {
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
