import { Duplex, pipeline } from 'node:stream'
import { Fault, multiplexOver, offeredDuplex, type OfferedStream, type StreamHandlers } from '@reeve/base'
import { StreamHeader } from '@reeve/sdk'
import type { ConnectionKind } from './events.ts'
import type { AgentStreams } from './streams.ts'
import type { UserSocket } from './user-sockets.ts'

/** Streams for a program of the user's: commands, terminals and ports, as many as he likes over one WebSocket. */
export function serveStreams(streams: AgentStreams, { socket, agent, signal, note }: UserSocket): void {
  const accept = (bytes: Uint8Array, offered: OfferedStream): StreamHandlers | string => {
    const header = readHeader(bytes)
    if (header === null) return 'this server is older than what is asked of it'
    const [outer, handlers] = offeredDuplex((options) => new Duplex(options), offered)
    outer.on('error', () => {})
    note(kindOf(header))
      .then(() => streams.open(agent.id, header, signal))
      .then(
        (inner) => {
          // Who asked may be gone by now: an offer that is gone is not taken.
          pipeline(outer, inner, outer, () => {})
          offered.take()
        },
        (thrown: unknown) => offered.reset(thrown instanceof Fault ? thrown.message : 'the stream was not opened'),
      )
    return handlers
  }
  const mux = multiplexOver(socket, { accept })
  socket.on('message', (data, isBinary) => {
    try {
      if (!isBinary) throw new Fault('invalid', 'streams are binary')
      // SAFETY: with the default `binaryType` a message is one Buffer.
      mux.take(data as Buffer)
    } catch {
      socket.close(1003, 'not of this protocol')
    }
  })
  socket.once('close', () => mux.close('the connection is closed'))
}

function readHeader(bytes: Uint8Array): StreamHeader | null {
  try {
    return StreamHeader.safeParse(JSON.parse(new TextDecoder().decode(bytes))).data ?? null
  } catch {
    return null
  }
}

const kindOf = (header: StreamHeader): ConnectionKind =>
  header.kind === 'process' ? (header.terminal === null ? 'command' : 'terminal') : 'port'
