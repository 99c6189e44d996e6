/**
 * A segment is one file of the journal: a header, then frames. The header repeats where the chain stood when the segment
 * was begun, so that the chain survives the deletion of older segments, and so that it can overrule them: a segment ends
 * where the header of the next one says that it ended. What lies behind that point was never acknowledged, or was
 * written again (a failed fdatasync leaves such a tail), and no reader shows it.
 *
 *      0  8 bytes   "reevewal"
 *      8  u32       format version
 *     12  u32       number of the segment, as in its file name
 *     16  u32       salt of the frames' header checksums
 *     20  16 bytes  replica id
 *     36  u64       sequence number of the last frame before this segment
 *     44  32 bytes  chain hash of that frame
 *     76  u64       when the segment was begun, Unix milliseconds
 *     84  u32       crc32 of bytes 0..84
 *
 * It stands there twice: without its salt no frame of the segment could be read, so one flipped bit must not hit it.
 */
import { hash } from 'node:crypto'
import { type Uuid } from '@reeve/base'
import { crc32 } from 'node:zlib'
import { type ChainHead, readU64, writeU64 } from './frame.ts'

export const formatVersion = 1
const copyBytes = 88
export const segmentHeaderBytes = 2 * copyBytes

const magic = Buffer.from('reevewal', 'latin1')

export interface SegmentHeader {
  readonly segment: number
  readonly salt: number
  readonly replicaId: Uuid
  readonly previous: ChainHead
  readonly begunAt: Date
}

export type SegmentHeaderReading =
  | { readonly kind: 'whole'; readonly header: SegmentHeader; readonly damagedCopy: boolean }
  | { readonly kind: 'other_version'; readonly version: number }
  | { readonly kind: 'unreadable' }

export function writeSegmentHeader(header: SegmentHeader): Buffer {
  const bytes = Buffer.alloc(segmentHeaderBytes)
  bytes.set(magic, 0)
  bytes.writeUInt32LE(formatVersion, 8)
  bytes.writeUInt32LE(header.segment, 12)
  bytes.writeUInt32LE(header.salt, 16)
  bytes.set(uuidBytes(header.replicaId), 20)
  writeU64(bytes, header.previous.seq, 36)
  bytes.set(header.previous.hash, 44)
  writeU64(bytes, header.begunAt.getTime(), 76)
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 84)), 84)
  bytes.copyWithin(copyBytes, 0, copyBytes)
  return bytes
}

export function readSegmentHeader(bytes: Buffer): SegmentHeaderReading {
  const copies = [bytes.subarray(0, copyBytes), bytes.subarray(copyBytes, segmentHeaderBytes)]
  const whole = copies.filter(
    (copy) => copy.length === copyBytes && crc32(copy.subarray(0, 84)) === copy.readUInt32LE(84),
  )
  const copy = whole.find((candidate) => candidate.subarray(0, 8).equals(magic))
  if (copy === undefined) return { kind: 'unreadable' }
  const version = copy.readUInt32LE(8)
  if (version !== formatVersion) return { kind: 'other_version', version }
  const header: SegmentHeader = {
    segment: copy.readUInt32LE(12),
    salt: copy.readUInt32LE(16),
    replicaId: uuidText(copy.subarray(20, 36)),
    previous: { seq: readU64(copy, 36), hash: Buffer.from(copy.subarray(44, 76)) },
    begunAt: new Date(readU64(copy, 76)),
  }
  return { kind: 'whole', header, damagedCopy: whole.length < 2 }
}

/** Where the chain of a replica begins: bound to its id, so that frames of another replica never fit. */
export function chainOrigin(replicaId: Uuid): ChainHead {
  return { seq: 0, hash: hash('sha256', uuidBytes(replicaId), 'buffer') }
}

export function segmentName(segment: number): string {
  return `${String(segment).padStart(10, '0')}.wal`
}

/** The number in a segment's file name, or null when the name is not that of a segment. */
export function segmentNumber(name: string): number | null {
  const found = /^(\d{10})\.wal$/.exec(name)
  return found === null ? null : Number(found[1])
}

function uuidBytes(id: Uuid): Buffer {
  return Buffer.from(id.replaceAll('-', ''), 'hex')
}

function uuidText(bytes: Buffer): Uuid {
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
