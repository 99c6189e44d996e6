import { isIPv4 } from 'node:net'
import type { Duplex } from 'node:stream'
import { addressBytes } from '../dial/address-bytes.ts'
import type { Destination } from './jail.ts'

/**
 * Which socket a connection of the sandbox is: `boundary/native/sockets.c` asks the kernel, in the sandbox's network. The
 * number is the one that `/proc` shows; 0 where there is no such socket any more, or no such index in this kernel.
 */
export type SocketNumbers = (source: Destination, destination: Destination) => Promise<number>

const answerBytes = 4

export function socketNumbers(pipe: Duplex): SocketNumbers {
  const waiting: ((number: number) => void)[] = []
  let rest = Buffer.alloc(0)
  let open = true
  const end = (): void => {
    open = false
    for (const answer of waiting.splice(0)) answer(0)
  }
  pipe.on('error', end).on('close', end)
  pipe.on('data', (piece: Buffer) => {
    rest = Buffer.concat([rest, piece])
    for (; rest.length >= answerBytes; rest = rest.subarray(answerBytes)) waiting.shift()?.(rest.readUInt32LE())
  })
  return (source, destination) =>
    new Promise((resolve) => {
      if (!open) return resolve(0)
      waiting.push(resolve)
      pipe.write(question(source, destination))
    })
}

/** `struct question`: the family in the order of the machine (both kinds have the same), the others in the network's. */
function question(source: Destination, destination: Destination): Buffer {
  const bytes = Buffer.alloc(40)
  bytes.writeUInt32LE(isIPv4(destination.address) ? 4 : 6)
  bytes.writeUInt16BE(source.port, 4)
  bytes.writeUInt16BE(destination.port, 6)
  addressBytes(source.address).copy(bytes, 8)
  addressBytes(destination.address).copy(bytes, 24)
  return bytes
}
