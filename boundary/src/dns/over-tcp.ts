import type { Socket } from 'node:net'
import type { Resolver } from './resolver.ts'

const idleMs = 10_000

/** Questions over a connection, each with its length in front (RFC 1035 4.2.2), answered in turn. */
export function answerOverTcp(socket: Socket, resolve: Resolver): void {
  let pending = Buffer.alloc(0)
  // Who asks many at once waits for each answer to be acknowledged otherwise.
  socket.setNoDelay(true)
  socket.setTimeout(idleMs, () => socket.destroy())
  socket.on('error', () => socket.destroy())
  socket.on('end', () => socket.end())
  socket.on('data', (piece: Buffer) => {
    pending = Buffer.concat([pending, piece])
    while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE()) {
      const end = 2 + pending.readUInt16BE()
      const answer = resolve(pending.subarray(2, end))
      pending = pending.subarray(end)
      if (answer === null) return void socket.destroy()
      const length = Buffer.alloc(2)
      length.writeUInt16BE(answer.length)
      // Who asks and does not read the answers is not heard any further.
      if (!socket.write(Buffer.concat([length, answer]))) {
        socket.pause()
        socket.once('drain', () => socket.resume())
      }
    }
  })
}
