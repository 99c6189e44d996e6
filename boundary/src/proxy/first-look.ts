import type { Socket } from 'node:net'
import { type ClientHello, readClientHello } from '../tls/client-hello.ts'

/**
 * What a client's first bytes say that it speaks. `h2c` is HTTP/2 without TLS; `silent` waits for the server to speak first;
 * `gone` closed before it said anything.
 */
export type FirstLook =
  | { readonly kind: 'tls'; readonly hello: ClientHello }
  | { readonly kind: 'http' | 'h2c' | 'other' | 'silent' | 'gone' }

/** Reads until it is clear, and leaves every byte in the socket. */
export async function lookFirst(socket: Socket, waitMs: number): Promise<FirstLook> {
  let bytes = Buffer.alloc(0)
  const deadline = AbortSignal.timeout(waitMs)
  for (;;) {
    const piece: Buffer | null = socket.read()
    if (piece !== null) {
      bytes = Buffer.concat([bytes, piece])
      const found = kindOf(bytes)
      if (found !== null) return leave(socket, bytes, found)
      continue
    }
    if (socket.readableEnded || socket.destroyed) return { kind: bytes.length === 0 ? 'gone' : 'other' }
    if (!(await readable(socket, deadline)))
      return leave(socket, bytes, { kind: bytes.length === 0 ? 'silent' : 'other' })
  }
}

function leave(socket: Socket, bytes: Buffer, found: FirstLook): FirstLook {
  if (bytes.length > 0) socket.unshift(bytes)
  return found
}

/** False when the time is over. */
async function readable(socket: Socket, deadline: AbortSignal): Promise<boolean> {
  if (deadline.aborted) return false
  return await new Promise((resolve) => {
    const done = (): void => {
      socket.off('readable', done).off('end', done).off('close', done)
      deadline.removeEventListener('abort', done)
      resolve(!deadline.aborted)
    }
    socket.on('readable', done).on('end', done).on('close', done)
    deadline.addEventListener('abort', done)
  })
}

/** Null while it can still be more than one of them. */
function kindOf(bytes: Buffer): FirstLook | null {
  if (bytes[0] === 0x16) {
    const hello = readClientHello(bytes)
    return hello === 'more' ? null : hello === 'broken' ? { kind: 'other' } : { kind: 'tls', hello }
  }
  const text = bytes.toString('latin1', 0, 32)
  if (text.startsWith(preface)) return { kind: 'h2c' }
  if (preface.startsWith(text)) return null
  // The method's word; which words are methods is for the parser to say, and it refuses those in small letters.
  if (/^[A-Za-z][A-Za-z_-]{0,23} /.test(text)) return { kind: 'http' }
  return /^[A-Za-z][A-Za-z_-]{0,23}$/.test(text) && !text.startsWith('SSH-') ? null : { kind: 'other' }
}
const preface = 'PRI * HTTP/2.0\r\n'
