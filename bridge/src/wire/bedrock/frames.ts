import { crc32 } from 'node:zlib'

/**
 * Amazon's framing of streams (application/vnd.amazon.eventstream). A frame is: its length, the length of its headers, a
 * checksum of both; the headers; the payload; a checksum of everything before.
 */
export interface Frame {
  /** Those whose value is text. */
  readonly headers: ReadonlyMap<string, string>
  readonly payload: Buffer
}

const preludeBytes = 12
const checksumBytes = 4
const leastBytes = preludeBytes + checksumBytes
const textType = 7

/** How long the frame is that begins here; null when its beginning is not all there, `broken` when it begins none. */
export function frameLength(bytes: Buffer, from: number): number | 'broken' | null {
  if (bytes.length - from < preludeBytes) return null
  const length = bytes.readUInt32BE(from)
  const headersLength = bytes.readUInt32BE(from + 4)
  const checked = crc32(bytes.subarray(from, from + 8)) === bytes.readUInt32BE(from + 8)
  return checked && headersLength <= length - leastBytes ? length : 'broken'
}

/** Reads one whole frame, of the length that it says; null when it is broken. */
export function readFrame(bytes: Buffer): Frame | null {
  const end = bytes.length - checksumBytes
  if (crc32(bytes.subarray(0, end)) !== bytes.readUInt32BE(end)) return null
  const payloadFrom = preludeBytes + bytes.readUInt32BE(4)
  const headers = readHeaders(bytes.subarray(preludeBytes, payloadFrom))
  return headers === null ? null : { headers, payload: bytes.subarray(payloadFrom, end) }
}

/** The whole frames in the bytes, in order. What is broken is null, and nothing is read behind it. */
export function* wholeFrames(bytes: Buffer): Generator<{ readonly from: number; readonly frame: Frame | null }> {
  for (let from = 0; ;) {
    const length = frameLength(bytes, from)
    if (length === null) return
    if (length !== 'broken' && from + length > bytes.length) return
    const frame = length === 'broken' ? null : readFrame(bytes.subarray(from, from + length))
    yield { from, frame }
    if (frame === null || length === 'broken') return
    from += length
  }
}

/** Bytes of a value by its type, where the type says it. */
const fixedBytes: Readonly<Record<number, number>> = { 0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16 }

/** Null when they do not end where they should. */
function readHeaders(bytes: Buffer): ReadonlyMap<string, string> | null {
  const headers = new Map<string, string>()
  for (let at = 0; at < bytes.length;) {
    const typeAt = at + 1 + bytes[at]!
    const type = bytes[typeAt]
    if (type === undefined) return null
    const fixed = fixedBytes[type]
    const valueAt = fixed === undefined ? typeAt + 3 : typeAt + 1
    if (valueAt > bytes.length || (fixed === undefined && type !== 6 && type !== textType)) return null
    const next = valueAt + (fixed ?? bytes.readUInt16BE(typeAt + 1))
    if (next > bytes.length) return null
    if (type === textType) headers.set(bytes.toString('utf8', at + 1, typeAt), bytes.toString('utf8', valueAt, next))
    at = next
  }
  return headers
}

export function writeFrame(headers: Readonly<Record<string, string>>, payload: Buffer): Buffer {
  const written = Buffer.concat(
    Object.entries(headers).flatMap(([name, value]) => {
      const [nameBytes, valueBytes] = [Buffer.from(name), Buffer.from(value)]
      const size = Buffer.alloc(3)
      size[0] = textType
      size.writeUInt16BE(valueBytes.length, 1)
      return [Buffer.from([nameBytes.length]), nameBytes, size, valueBytes]
    }),
  )
  const bytes = Buffer.alloc(leastBytes + written.length + payload.length)
  bytes.writeUInt32BE(bytes.length, 0)
  bytes.writeUInt32BE(written.length, 4)
  bytes.writeUInt32BE(crc32(bytes.subarray(0, 8)), 8)
  written.copy(bytes, preludeBytes)
  payload.copy(bytes, preludeBytes + written.length)
  bytes.writeUInt32BE(crc32(bytes.subarray(0, -checksumBytes)), bytes.length - checksumBytes)
  return bytes
}
