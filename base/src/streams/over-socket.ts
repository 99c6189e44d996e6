import { type Multiplex, multiplex, type MultiplexOptions } from './multiplex.ts'

/** As much of a WebSocket of `ws` as streams need. */
export interface MessageSocket {
  send(data: Uint8Array, options: { readonly binary: true }, done: () => void): void
}

/** What may wait in the connection itself: enough to keep it busy, and little to wait behind. */
const congestedBytes = 256 * 1024

/** Streams over a WebSocket. Whoever holds it hands `take` its binary messages, and calls `close` when it is closed. */
export function multiplexOver(
  socket: MessageSocket,
  { accept, onSent = () => {} }: Pick<MultiplexOptions, 'accept'> & { readonly onSent?: (bytes: number) => void },
): Multiplex {
  let waiting = 0
  const mux = multiplex({
    accept,
    isCongested: () => waiting >= congestedBytes,
    send(frame) {
      waiting += frame.length
      onSent(frame.length)
      socket.send(frame, { binary: true }, () => {
        const was = waiting
        waiting -= frame.length
        if (was >= congestedBytes && waiting < congestedBytes) mux.drained()
      })
    },
  })
  return mux
}
