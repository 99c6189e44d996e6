import { lookup } from 'node:dns/promises'
import { connect, type Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import { addressBytes, addressText } from './address-bytes.ts'
import type { CorporateProxy, DialEffects } from './dial.ts'

/** Dialling with this machine's own resolver and interfaces. */
export function machineDialling(corporateProxy: CorporateProxy | null): DialEffects {
  return {
    corporateProxy,
    async resolve(host) {
      return (await lookup(host, { all: true, order: 'verbatim' })).map(({ address }) => address)
    },
    connect: connectTo,
    ownAddresses: () =>
      new Set(
        Object.values(networkInterfaces()).flatMap((all) =>
          (all ?? []).map(({ address }) => addressText(addressBytes(address))),
        ),
      ),
  }
}

export async function connectTo(address: string, port: number, signal: AbortSignal): Promise<Socket> {
  return await new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, noDelay: true, keepAlive: true, allowHalfOpen: true })
    const settle = (error: Error | null): void => {
      socket.off('error', settle).off('connect', connected)
      signal.removeEventListener('abort', aborted)
      if (error === null) return resolve(socket)
      socket.on('error', () => {}).destroy()
      reject(error)
    }
    const connected = (): void => settle(null)
    const aborted = (): void => settle(Object.assign(new Error('given up'), { code: 'ABORT_ERR' }))
    socket.on('error', settle).on('connect', connected)
    signal.addEventListener('abort', aborted)
    if (signal.aborted) aborted()
  })
}
