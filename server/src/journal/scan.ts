/**
 * Walks the frames of one segment and tells apart what can be found where a frame should be:
 *
 * - zeros to the end of the file: room that was prepared and never used; the segment ends here.
 * - a frame whose end was never written: a torn tail, which a crash leaves behind an unfinished write. Nothing in it was
 *   acknowledged. The segment ends here.
 * - a frame that is all there and does not match its checksum, or a header that holds nothing: damage. The walk goes on
 *   behind it: at the frame's end when its header holds, otherwise at the next place where a header and a payload do.
 * - a sound frame that does not follow from the one before: a break in the chain. It is reported and the frame is shown;
 *   unless its number was seen already.
 *
 * Between damage in the very last frame and a torn one the difference is what follows the last byte that is not zero: a
 * write is torn where its bytes stop coming.
 */
import { crc32 } from 'node:zlib'
import {
  type ChainHead,
  chainHash,
  frameHeaderBytes,
  type FrameHeader,
  payloadBytesMax,
  readFrameHeader,
  readSeq,
} from './frame.ts'
import type { SegmentBytes } from './segment-bytes.ts'

export interface Frame {
  readonly kind: number
  readonly seq: number
  /** A view into memory that belongs to the reader of the frame alone. */
  readonly payload: Buffer
  readonly hash: Buffer
  readonly segment: number
  /** Offset of the frame's first byte. */
  readonly start: number
  /** Offset just after the frame. */
  readonly end: number
}

export interface Damage {
  readonly segment: number
  readonly start: number
  readonly end: number
  /** `chain`: the bytes are sound, and not what was written after what precedes them. */
  readonly reason: 'segment_header' | 'frame' | 'chain' | 'missing'
  readonly detail: string
}

export interface ScanOptions {
  readonly segment: number
  readonly bytes: SegmentBytes
  readonly salt: number
  readonly from: number
  /** What the first frame must follow; null when that is not known. */
  readonly after: ChainHead | null
  /** Frames beyond this number were overruled by the next segment. */
  readonly lastSeq: number
}

export interface ScanEnd {
  /** Just after the last frame. */
  readonly offset: number
  /** Bytes behind it that are an unfinished write. */
  readonly tornBytes: number
  /** Where the chain stands; null when no frame was seen and nothing was known before. */
  readonly head: ChainHead | null
  /** How many numbers damage at the end may have used, so that none is ever given out twice. */
  readonly seqsLost: number
}

export async function* scan(options: ScanOptions): AsyncGenerator<Frame | Damage, ScanEnd> {
  const { segment, bytes, salt, lastSeq } = options
  let at = options.from
  let head = options.after
  // After damage the next frame has nothing to be chained to until one was accepted.
  let chained = head !== null
  let seqsLost = 0
  for (;;) {
    const found = await frameAt(bytes, at, salt)
    if (found.type === 'frame') {
      const { header, frame, end } = found
      if (header.seq > lastSeq) return { offset: at, tornBytes: 0, head, seqsLost }
      const repeated = head !== null && header.seq <= head.seq
      const problem = chained && head !== null ? breakBetween(head, header, frame) : null
      if (problem !== null || repeated) {
        const detail = problem ?? `frame ${header.seq} comes again`
        yield { segment, start: at, end, reason: 'chain', detail }
      }
      if (!repeated) {
        head = { seq: header.seq, hash: header.hash }
        chained = true
        seqsLost = 0
        const payload = frame.subarray(frameHeaderBytes)
        yield { kind: header.kind, seq: header.seq, payload, hash: header.hash, segment, start: at, end }
      }
      at = end
      continue
    }
    if (found.header !== null && found.header.seq > lastSeq) return { offset: at, tornBytes: 0, head, seqsLost }
    const gap = await lookBehind(bytes, at, salt, found.header, head?.seq ?? null)
    if (gap.type === 'end') return { offset: at, tornBytes: gap.tornBytes, head, seqsLost }
    yield { segment, start: at, end: gap.resume, reason: 'frame', detail: gap.detail }
    if (found.header !== null) {
      head = { seq: found.header.seq, hash: found.header.hash }
      chained = true
    } else {
      chained = false
      seqsLost += Math.ceil((gap.resume - at) / frameHeaderBytes)
    }
    at = gap.resume
  }
}

type FrameReading =
  | { readonly type: 'frame'; readonly header: FrameHeader; readonly frame: Buffer; readonly end: number }
  | { readonly type: 'none'; readonly header: FrameHeader | null }

async function frameAt(bytes: SegmentBytes, at: number, salt: number): Promise<FrameReading> {
  const window = bytes.cached(at, frameHeaderBytes) ?? (await bytes.read(at, frameHeaderBytes))
  const header = readFrameHeader(window, 0, salt)
  if (header === null || header.length > payloadBytesMax) return { type: 'none', header: null }
  const size = frameHeaderBytes + header.length
  const frame = bytes.cached(at, size) ?? (await bytes.read(at, size))
  if (frame.length < size) return { type: 'none', header }
  if (crc32(frame.subarray(frameHeaderBytes)) !== header.payloadCrc) return { type: 'none', header }
  return { type: 'frame', header, frame, end: at + size }
}

function breakBetween(head: ChainHead, header: FrameHeader, frame: Buffer): string | null {
  if (header.seq !== head.seq + 1) return `frame ${header.seq} follows frame ${head.seq}`
  return chainHash(frame, head.hash).equals(header.hash) ? null : `frame ${header.seq} does not continue the chain`
}

type Gap =
  | { readonly type: 'end'; readonly tornBytes: number }
  | { readonly type: 'damage'; readonly resume: number; readonly detail: string }

/** What it means that there is no sound frame at `at`. `header` is its header when that holds. */
async function lookBehind(
  bytes: SegmentBytes,
  at: number,
  salt: number,
  header: FrameHeader | null,
  seq: number | null,
): Promise<Gap> {
  const last = await bytes.lastNonZero(at)
  const written = last - at
  if (written <= 0) return { type: 'end', tornBytes: 0 }
  if (header !== null) {
    const end = at + frameHeaderBytes + header.length
    if (last < end) return { type: 'end', tornBytes: written }
    return { type: 'damage', resume: end, detail: `the payload of frame ${header.seq} does not match its checksum` }
  }
  const next = await nextFrame(bytes, at + 1, last, salt, seq)
  if (next !== null) return { type: 'damage', resume: next, detail: 'no frame header holds here' }
  if (written < frameHeaderBytes) return { type: 'end', tornBytes: written }
  return { type: 'damage', resume: last, detail: 'no frame header holds here, nor behind it' }
}

/** The next place where a whole frame stands whose number can follow `seq`. */
async function nextFrame(
  bytes: SegmentBytes,
  from: number,
  last: number,
  salt: number,
  seq: number | null,
): Promise<number | null> {
  const step = 64 * 1024
  for (let base = from; base < last; base += step) {
    const window = await bytes.read(base, step + frameHeaderBytes)
    for (let i = 0; i < step && i + frameHeaderBytes <= window.length; i++) {
      const candidate = readSeq(window, i)
      if (seq !== null && (candidate <= seq || candidate > seq + base + i)) continue
      if (readFrameHeader(window, i, salt) === null) continue
      if ((await frameAt(bytes, base + i, salt)).type === 'frame') return base + i
    }
  }
  return null
}
