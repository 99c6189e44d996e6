/** Walks the segments of a directory in order, joins their chains, and says where they end. */
import { join } from 'node:path'
import { Fault, type Uuid } from '@reeve/base'
import { errorCode, type JournalFile, type JournalFs } from './journal-fs.ts'
import { type ChainHead, frameHeaderBytes } from './frame.ts'
import { type Damage, type Frame, scan, type ScanEnd } from './scan.ts'
import { SegmentBytes } from './segment-bytes.ts'
import {
  formatVersion,
  readSegmentHeader,
  type SegmentHeader,
  segmentHeaderBytes,
  segmentName,
  segmentNumber,
} from './segment-header.ts'

export interface WalkOptions {
  readonly fs: JournalFs
  readonly dir: string
  readonly from: { readonly segment: number; readonly offset: number }
  readonly to: { readonly segment: number; readonly offset: number } | null
}

export interface WalkEnd extends ScanEnd {
  /** The last segment with anything in it; 0 when there was none. */
  readonly segment: number
  /** Files that were made to be segments and never became any: nothing in them was acknowledged. */
  readonly unused: readonly number[]
  readonly replicaId: Uuid | null
}

const nothing: ScanEnd = { offset: 0, tornBytes: 0, head: null, seqsLost: 0 }

export async function* walk(options: WalkOptions): AsyncGenerator<Frame | Damage, WalkEnd> {
  const { fs, dir, from, to } = options
  const segments = await listSegments(fs, dir)
  let end: ScanEnd = nothing
  let last = 0
  const unused: number[] = []
  let replicaId: Uuid | null = null
  for (const [index, segment] of segments.entries()) {
    if (segment < from.segment || (to !== null && segment > to.segment)) continue
    await using opened = await openSegment(fs, dir, segment, segment === to?.segment ? to.offset : null)
    const later = segment === to?.segment ? [] : segments.slice(index + 1)
    const lastSeq = await lastSeqBefore(fs, dir, later)
    const taken = lastSeq === null ? null : lastSeq - (end.head?.seq ?? opened.header?.previous.seq ?? 0)
    if (isUnused(opened, taken)) {
      unused.push(segment)
      continue
    }
    last = segment
    const problem = problemWith(opened, replicaId)
    if (problem !== null) {
      yield { segment, start: 0, end: opened.size, reason: 'segment_header', detail: problem }
    }
    if (opened.header === null || (replicaId !== null && opened.header.replicaId !== replicaId)) {
      // How many frames it holds is not known; no more than fit.
      end = {
        ...end,
        offset: opened.size,
        tornBytes: 0,
        seqsLost: end.seqsLost + Math.ceil(opened.written / frameHeaderBytes),
      }
      continue
    }
    replicaId = opened.header.replicaId
    const { previous } = opened.header
    if (end.head !== null && !continues(end.head, previous)) {
      yield { segment, start: 0, end: segmentHeaderBytes, reason: 'missing', detail: missing(end.head, previous) }
    }
    const midway = segment === from.segment && from.offset > segmentHeaderBytes
    end = yield* scan({
      segment,
      bytes: opened.bytes,
      salt: opened.header.salt,
      from: midway ? from.offset : segmentHeaderBytes,
      after: midway ? null : previous,
      lastSeq: lastSeq ?? Number.MAX_SAFE_INTEGER,
    })
  }
  return { ...end, segment: last, unused, replicaId }
}

export async function listSegments(fs: JournalFs, dir: string): Promise<number[]> {
  const names = await fs.list(dir)
  return names
    .map(segmentNumber)
    .filter((number) => number !== null)
    .toSorted((a, b) => a - b)
}

export interface OpenedSegment extends AsyncDisposable {
  readonly bytes: SegmentBytes
  /** Null when it cannot be read. */
  readonly header: SegmentHeader | null
  readonly damagedCopy: boolean
  readonly size: number
  /** Up to here the file holds something other than zeros; the size where the header leaves no doubt. */
  readonly written: number
}

/** Throws `Fault('not_found')` when there is no such segment, `Fault('conflict')` when a newer version wrote it. */
export async function openSegment(
  fs: JournalFs,
  dir: string,
  segment: number,
  limit: number | null,
): Promise<OpenedSegment> {
  const file = await openFile(fs, dir, segment)
  try {
    const size = limit ?? (await file.size())
    const bytes = new SegmentBytes(file, size)
    const reading = readSegmentHeader(await bytes.read(0, segmentHeaderBytes))
    if (reading.kind === 'other_version') {
      throw new Fault(
        'conflict',
        `Segment ${segmentName(segment)} in ${dir} has format ${reading.version}; this version reads format ${formatVersion}.`,
      )
    }
    // The number in the header must be that of the file: a copied or renamed segment is not this one.
    const header = reading.kind === 'whole' && reading.header.segment === segment ? reading.header : null
    const damagedCopy = reading.kind === 'whole' && reading.damagedCopy
    const written = header === null || damagedCopy ? await bytes.lastNonZero(0) : size
    return { bytes, header, damagedCopy, size, written, [Symbol.asyncDispose]: () => file.close() }
  } catch (error) {
    await file.close()
    throw error
  }
}

async function openFile(fs: JournalFs, dir: string, segment: number): Promise<JournalFile> {
  try {
    return await fs.open(join(dir, segmentName(segment)), 'read')
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error
    throw new Fault('not_found', `Segment ${segmentName(segment)} is not in ${dir}.`, { cause: error })
  }
}

/** Where the chain stood when the first of these segments was begun that says so; null when none does. */
async function lastSeqBefore(fs: JournalFs, dir: string, segments: readonly number[]): Promise<number | null> {
  for (const segment of segments) {
    await using opened = await openSegment(fs, dir, segment, segmentHeaderBytes)
    if (opened.header !== null) return opened.header.previous.seq
  }
  return null
}

/** `taken` is how many frames the next segment counts in this one; null when there is none that says. */
function isUnused(opened: OpenedSegment, taken: number | null): boolean {
  if (opened.written === 0) return true
  return taken === null ? opened.written < segmentHeaderBytes : taken <= 0
}

function problemWith(opened: OpenedSegment, replicaId: Uuid | null): string | null {
  if (opened.header === null) return 'the segment header does not hold'
  if (replicaId !== null && opened.header.replicaId !== replicaId) {
    return `the segment belongs to replica ${opened.header.replicaId}`
  }
  return opened.damagedCopy ? 'one of the two copies of the segment header does not hold' : null
}

function continues(head: ChainHead, previous: ChainHead): boolean {
  return head.seq === previous.seq && head.hash.equals(previous.hash)
}

function missing(head: ChainHead, previous: ChainHead): string {
  return head.seq < previous.seq
    ? `frames ${head.seq + 1} to ${previous.seq} are not there`
    : `the segment does not continue frame ${head.seq}`
}
