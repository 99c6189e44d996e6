import { Fault } from '../fault.ts'

/** What passes between two multiplexers: one byte of kind, four of the stream's number, and the rest. */
export type Frame =
  | { readonly kind: 'open'; readonly id: number; readonly header: Uint8Array }
  | { readonly kind: 'data'; readonly id: number; readonly bytes: Uint8Array }
  | { readonly kind: 'end'; readonly id: number }
  | { readonly kind: 'reset'; readonly id: number; readonly reason: string }
  | { readonly kind: 'window'; readonly id: number; readonly bytes: number }

const kinds = ['open', 'data', 'end', 'reset', 'window'] as const
const headBytes = 5
const headerBytesMax = 64 * 1024

export function frameOf(frame: Frame): Uint8Array {
  const rest = restOf(frame)
  const bytes = new Uint8Array(headBytes + rest.length)
  bytes[0] = kinds.indexOf(frame.kind)
  new DataView(bytes.buffer).setUint32(1, frame.id)
  bytes.set(rest, headBytes)
  return bytes
}

function restOf(frame: Frame): Uint8Array {
  if (frame.kind === 'open') return frame.header
  if (frame.kind === 'data') return frame.bytes
  if (frame.kind === 'reset') return new TextEncoder().encode(frame.reason)
  if (frame.kind === 'end') return new Uint8Array(0)
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, frame.bytes)
  return bytes
}

/** Throws a `Fault` for what is none. */
export function readFrame(message: Uint8Array): Frame {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength)
  const kind = kinds[message[0] ?? -1]
  if (kind === undefined || message.length < headBytes) throw nonsense()
  const id = view.getUint32(1)
  const rest = message.subarray(headBytes)
  if (kind === 'open') {
    if (rest.length > headerBytesMax) throw nonsense()
    return { kind, id, header: rest }
  }
  if (kind === 'data') return { kind, id, bytes: rest }
  if (kind === 'reset') return { kind, id, reason: new TextDecoder().decode(rest.subarray(0, 1_000)) }
  if (rest.length !== (kind === 'window' ? 4 : 0)) throw nonsense()
  return kind === 'window' ? { kind, id, bytes: view.getUint32(headBytes) } : { kind, id }
}

const nonsense = (): Fault => new Fault('invalid', 'this is no frame of a stream')
