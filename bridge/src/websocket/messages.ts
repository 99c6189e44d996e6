import { WebSocket } from 'ws'

/** A message as it came. */
export interface Message {
  readonly bytes: Buffer
  readonly isBinary: boolean
}

/** What is left to be written before a sender has to wait. */
const waitingBytesMax = 256 * 1024

/** Whoever does not answer the closing of a connection is cut off after this. */
const closingMs = 2_000

/**
 * Takes the messages of a socket one after the other, and has it wait while one of them is being dealt with. `closed` is
 * called after the last of them.
 */
export function receive(
  socket: WebSocket,
  take: (message: Message) => Promise<void> | void,
  closed: (code: number, reason: string) => void,
): void {
  const waiting: (() => Promise<void> | void)[] = []
  let busy = false
  const next = async (): Promise<void> => {
    busy = true
    for (let work = waiting.shift(); work !== undefined; work = waiting.shift()) {
      const done = work()
      if (done === undefined) continue
      socket.pause()
      await done
      if (waiting.length === 0) socket.resume()
    }
    busy = false
  }
  const enter = (work: () => Promise<void> | void): void => {
    waiting.push(work)
    if (!busy) void next()
  }
  socket.on('message', (data, isBinary) => {
    const bytes = Buffer.isBuffer(data) ? data : Buffer.concat(Array.isArray(data) ? data : [Buffer.from(data)])
    enter(() => take({ bytes, isBinary }))
  })
  socket.on('close', (code, reason) => enter(() => closed(code, reason.toString('utf8'))))
  // A close follows, which is what counts.
  socket.on('error', () => {})
}

/** Sends a text message. What comes back resolves when more may be sent; a socket that takes nothing for long is cut. */
export function send(socket: WebSocket, bytes: Buffer, patienceMs: number): Promise<void> | undefined {
  if (socket.readyState !== WebSocket.OPEN) return undefined
  if (socket.bufferedAmount <= waitingBytesMax) {
    socket.send(bytes, { binary: false }, () => {})
    return undefined
  }
  return new Promise((resolve) => {
    const timer = setTimeout(() => socket.terminate(), patienceMs)
    socket.send(bytes, { binary: false }, () => {
      clearTimeout(timer)
      resolve()
    })
  })
}

/** Ends a connection politely, and for certain. */
export function leave(socket: WebSocket, code: number, reason: string): void {
  if (socket.readyState === WebSocket.CLOSED) return
  socket.resume()
  socket.close(
    mayBeSaid(code) ? code : 1011,
    Buffer.from(reason)
      .subarray(0, 120)
      .toString('utf8')
      .replace(/\uFFFD$/, ''),
  )
  const timer = setTimeout(() => socket.terminate(), closingMs)
  socket.once('close', () => clearTimeout(timer))
}

/** Some codes are only for telling oneself how a connection ended. */
function mayBeSaid(code: number): boolean {
  return (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) || (code >= 3000 && code <= 4999)
}
