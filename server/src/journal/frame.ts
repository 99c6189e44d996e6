/**
 * A frame is one record of the journal. Its bytes, all integers little-endian:
 *
 *      0  u32       crc32 of bytes 4..53, seeded with the salt of the segment
 *      4  u32       payload length
 *      8  u32       crc32 of the payload
 *     12  32 bytes  chain hash
 *     44  u64       sequence number, from 1, without gaps
 *     52  u8        kind, 1..255, meaning given by the user of the journal
 *     53  …         payload
 *
 * The chain hash is SHA-256(chain hash of the previous frame ‖ sequence number ‖ kind ‖ payload). The hash stands right
 * before what it covers, so that sealing a frame is one call over one piece of memory: the previous hash is put into
 * the slot, everything from there on is hashed, and the result replaces it.
 *
 * The header has a checksum of its own for three reasons: a reader never trusts a damaged length; a torn write can be
 * told from a flipped bit; and after damage the next frame can be found by looking for a header that holds. The salt,
 * random for each segment, keeps a payload from imitating a frame: whoever writes prompts does not know it.
 */
import { hash } from 'node:crypto'
import { crc32 } from 'node:zlib'

export const frameHeaderBytes = 53
/** Larger payloads are refused: a reader has to hold one frame in memory. */
export const payloadBytesMax = 128 * 1024 * 1024

const lengthAt = 4
const payloadCrcAt = 8
const hashAt = 12
const seqAt = 44
const kindAt = 52
const two32 = 0x1_0000_0000

export type FrameKind = number

/** The end of what was written before: what the next frame is chained to. */
export interface ChainHead {
  readonly seq: number
  readonly hash: Buffer
}

export interface FrameHeader {
  readonly length: number
  readonly payloadCrc: number
  readonly hash: Buffer
  readonly seq: number
  readonly kind: FrameKind
}

/** Copies the payload, once, into the memory from which the frame will be written. It still has to be sealed. */
export function layFrame(kind: FrameKind, payload: readonly Uint8Array[]): Buffer {
  let length = 0
  for (const part of payload) length += part.length
  const frame = Buffer.allocUnsafe(frameHeaderBytes + length)
  frame.writeUInt32LE(length, lengthAt)
  frame[kindAt] = kind
  let at = frameHeaderBytes
  for (const part of payload) {
    frame.set(part, at)
    at += part.length
  }
  return frame
}

/** Gives the frame its place in the chain and its checksums. Sealing again, elsewhere in the chain, is fine. */
export function sealFrame(frame: Buffer, previous: ChainHead, salt: number): ChainHead {
  const seq = previous.seq + 1
  writeU64(frame, seq, seqAt)
  frame.set(previous.hash, hashAt)
  const sealed = hash('sha256', frame.subarray(hashAt), 'buffer')
  frame.set(sealed, hashAt)
  frame.writeUInt32LE(crc32(frame.subarray(frameHeaderBytes)), payloadCrcAt)
  frame.writeUInt32LE(crc32(frame.subarray(lengthAt, frameHeaderBytes), salt), 0)
  return { seq, hash: sealed }
}

/** The header at `at`, or null when there is none: too few bytes, or a checksum that does not hold. */
export function readFrameHeader(bytes: Buffer, at: number, salt: number): FrameHeader | null {
  if (at + frameHeaderBytes > bytes.length) return null
  const kind = bytes[at + kindAt]!
  const seq = readSeq(bytes, at)
  if (kind === 0 || seq === 0) return null
  if (crc32(bytes.subarray(at + lengthAt, at + frameHeaderBytes), salt) !== bytes.readUInt32LE(at)) return null
  return {
    length: bytes.readUInt32LE(at + lengthAt),
    payloadCrc: bytes.readUInt32LE(at + payloadCrcAt),
    hash: bytes.subarray(at + hashAt, at + seqAt),
    seq,
    kind,
  }
}

/** The sequence number at the place where a frame at `at` would have it: cheap enough to look for frames with. */
export function readSeq(bytes: Buffer, at: number): number {
  return readU64(bytes, at + seqAt)
}

/** What the chain hash of a frame with these bytes must be. `frame` is the whole frame; it is not changed. */
export function chainHash(frame: Buffer, previousHash: Buffer): Buffer {
  const covered = Buffer.from(frame.subarray(hashAt))
  covered.set(previousHash, 0)
  return hash('sha256', covered, 'buffer')
}

export function writeU64(bytes: Buffer, value: number, at: number): void {
  bytes.writeUInt32LE(value % two32, at)
  bytes.writeUInt32LE(Math.floor(value / two32), at + 4)
}

export function readU64(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * two32
}
