import type { JournalFs } from './journal-fs.ts'
import { Fault } from '@reeve/base'
import { crc32 } from 'node:zlib'
import { frameHeaderBytes, payloadBytesMax, readFrameHeader } from './frame.ts'
import { nodeFs } from './node-fs.ts'
import type { Damage, Frame } from './scan.ts'
import type { Position } from './segment-writer.ts'
import { openSegment, walk } from './walk.ts'

export type { Damage, Frame } from './scan.ts'

export interface ReadFramesOptions {
  readonly dir: string
  readonly fs?: JournalFs
  /** Where a frame ends, as in a `Position`; offset 0 is the beginning of a segment. Retired segments are skipped. */
  readonly from: { readonly segment: number; readonly offset: number }
  /** The end, never read beyond; without it, whatever is there. */
  readonly to?: Position
  /**
   * Called in order with the frames, after which reading goes on behind the damage. Without it damage throws
   * `Fault('internal')`: nobody passes over it unknowingly.
   */
  readonly onDamage?: (damage: Damage) => void
}

/**
 * The frames from one position to another, each checked against its checksum and the chain. Holds a window of a
 * segment, or one frame, in memory. The first frame behind a position inside a segment is not checked against the
 * frame before it.
 */
export async function* readFrames(options: ReadFramesOptions): AsyncGenerator<Frame> {
  const { dir, fs = nodeFs, from, to = null, onDamage = refuse } = options
  for await (const found of walk({ fs, dir, from, to })) {
    if ('reason' in found) onDamage(found)
    else yield found
  }
}

/** One frame again, by where it starts. Throws `Fault('not_found')` without the segment, `internal` for damage. */
export async function readFrameAt(options: {
  readonly dir: string
  readonly fs?: JournalFs
  readonly segment: number
  /** `Frame.start`. */
  readonly offset: number
}): Promise<Frame> {
  const { dir, fs = nodeFs, segment, offset } = options
  await using opened = await openSegment(fs, dir, segment, null)
  const damage = (detail: string) => refuse({ segment, start: offset, end: offset, reason: 'frame', detail })
  if (opened.header === null) return damage('the segment header does not hold')
  const header = readFrameHeader(await opened.bytes.read(offset, frameHeaderBytes), 0, opened.header.salt)
  if (header === null || header.length > payloadBytesMax) return damage('no frame starts here')
  const end = offset + frameHeaderBytes + header.length
  const payload = await opened.bytes.read(offset + frameHeaderBytes, header.length)
  if (payload.length < header.length || crc32(payload) !== header.payloadCrc) {
    return damage('the payload does not match its checksum')
  }
  return { kind: header.kind, seq: header.seq, payload, hash: header.hash, segment, start: offset, end }
}

export interface ChainReport {
  readonly frames: number
  readonly firstSeq: number | null
  readonly lastSeq: number | null
  readonly damage: readonly Damage[]
  /** Bytes of an unfinished write at the end of the last segment. */
  readonly tornBytes: number
}

/** Reads everything that is there and reports what does not hold. A living journal may show a torn end. */
export async function verifyChain(dir: string, fs: JournalFs = nodeFs): Promise<ChainReport> {
  const damage: Damage[] = []
  let frames = 0
  let firstSeq: number | null = null
  let lastSeq: number | null = null
  const steps = walk({ fs, dir, from: { segment: 0, offset: 0 }, to: null })
  for (;;) {
    const step = await steps.next()
    if (step.done) return { frames, firstSeq, lastSeq, damage, tornBytes: step.value.tornBytes }
    if ('reason' in step.value) damage.push(step.value)
    else {
      frames++
      firstSeq ??= step.value.seq
      lastSeq = step.value.seq
    }
  }
}

function refuse(damage: Damage): never {
  throw new Fault('internal', 'The journal is damaged.', {
    detail: `segment ${damage.segment}, offset ${damage.start} to ${damage.end}: ${damage.detail}`,
  })
}
