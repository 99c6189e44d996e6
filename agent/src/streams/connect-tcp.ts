import { connect, type LookupFunction } from 'node:net'
import { pipeline } from 'node:stream'
import type { OfferedStream, StreamHandlers } from '@reeve/base'
import { duplexOf } from './duplex-of.ts'

/** Programs listen on either address of the machine itself, and `localhost` may be neither in a container. */
const loopback: LookupFunction = (_, __, done) =>
  done(null, [
    { address: '127.0.0.1', family: 4 },
    { address: '::1', family: 6 },
  ])

export function connectTcp(port: number, offered: OfferedStream): StreamHandlers {
  const [duplex, handlers] = duplexOf(offered)
  const socket = connect({
    host: 'localhost',
    port,
    lookup: loopback,
    autoSelectFamily: true,
    allowHalfOpen: true,
    noDelay: true,
  })
  socket.once('connect', () => {
    offered.take()
    // Each ends with the other, however that came about.
    pipeline(socket, duplex, socket, () => {})
  })
  socket.once('error', () => offered.reset(`nothing listens on port ${port} of the workspace`))
  duplex.once('close', () => socket.destroy())
  socket.once('close', () => duplex.destroy())
  return handlers
}
