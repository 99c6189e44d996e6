/**
 * Writes frames into segments, in order, and knows how far they are on the disk.
 *
 * One batch at a time: `write` puts frames behind each other, `sync` makes all of them durable. Where nothing else of the
 * segment waits for the disk, one call does both: each call costs a turn of the event loop, and where a thousand answers
 * stream by a turn takes longer than a good disk. What can go wrong:
 *
 * - A write fails, or ends short. The segment is cut back to where the batch began, and the batch is the caller's again.
 *   Nothing was chained to it: frames get their place in the chain when they are written. A write that should also have
 *   been durable counts as a sync that failed, unless the disk is full: which of the two it was nobody says.
 * - The cut fails too, or a directory sync does. The segment is abandoned.
 * - A sync fails. The kernel may have thrown the pages away and will say "fine" the next time, so it is never
 *   asked again about this file: the segment is abandoned, and what was not yet durable is written once more, into a
 *   new segment, from memory.
 *
 * To abandon a segment is to close it, and to begin the next one where the last successful sync left the chain. The
 * header of the next one says so, which overrules whatever the abandoned one still contains.
 */
import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import { type Clock, type Log, toError, type Uuid } from '@reeve/base'
import { type ChainHead, sealFrame } from './frame.ts'
import { isNoSpace, type JournalFile, type JournalFs, writeAll } from './journal-fs.ts'
import { segmentHeaderBytes, segmentName, writeSegmentHeader } from './segment-header.ts'
import type { Spare } from './space.ts'

/** `offset` is just after the frame. */
export interface Position {
  readonly segment: number
  readonly offset: number
  readonly seq: number
}

export interface Entry {
  readonly frame: Buffer
  /** Where the frame was written; null before. May change until it is durable. */
  position: Position | null
}

export interface DurableEnd {
  readonly position: Position
  readonly hash: Buffer
}

export interface SegmentWriterOptions {
  readonly fs: JournalFs
  readonly dir: string
  readonly clock: Clock
  readonly log: Log
  readonly replicaId: Uuid
  readonly segmentBytes: number
  readonly spare: Spare
  /** Where the chain stands, on disk. */
  readonly end: DurableEnd
  /** The highest number that a segment has had. */
  readonly lastSegment: number
  /** Sizes of the segments that are there. */
  readonly sizes: ReadonlyMap<number, number>
}

interface OpenSegment {
  readonly number: number
  readonly file: JournalFile
  readonly salt: number
  readonly header: Buffer
  /** Up to here the segment is written; 0 while not even the header is. */
  offset: number
  /** Whether anything was done to it that only a sync brings to the disk. */
  dirty: boolean
  /** Of a write that should have been durable: it may be on the disk or not, as after a sync that failed. */
  failed: unknown
}

export class SegmentWriter<E extends Entry> {
  readonly sizes: Map<number, number>
  readonly #with: SegmentWriterOptions
  #open: OpenSegment | null = null
  #lastSegment: number
  #head: ChainHead
  #durable: DurableEnd
  /** Written, not yet synced. */
  #unsynced: E[] = []
  /** Written and lost with their segment: go first into the next one. */
  #again: E[] = []
  /** Made durable by leaving a segment, and not yet handed out by `sync`. */
  #durableEarly: readonly E[] = []

  constructor(options: SegmentWriterOptions) {
    this.#with = options
    this.#lastSegment = options.lastSegment
    this.#durable = options.end
    this.#head = { seq: options.end.position.seq, hash: options.end.hash }
    this.sizes = new Map(options.sizes)
  }

  get durable(): Position {
    return this.#durable.position
  }

  get hasUnsynced(): boolean {
    return this.#unsynced.length > 0
  }

  /** The highest segment there is. */
  get newestSegment(): number {
    return this.#open?.number ?? Math.max(0, ...this.sizes.keys())
  }

  /** On failure none of the entries is in the journal. `syncFollows` has this write bring to the disk what it can. */
  async write(entries: readonly E[], syncFollows = false): Promise<void> {
    await this.#roll(entries)
    const segment = (this.#open ??= await this.#begin())
    const all = this.#again.length === 0 ? entries : [...this.#again, ...entries]
    const buffers: Buffer[] = []
    let offset = segment.offset
    if (offset === 0) {
      buffers.push(segment.header)
      offset = segmentHeaderBytes
    }
    let head = this.#head
    for (const entry of all) {
      head = sealFrame(entry.frame, head, segment.salt)
      offset += entry.frame.length
      entry.position = { segment: segment.number, offset, seq: head.seq }
      buffers.push(entry.frame)
    }
    const how = syncFollows && !segment.dirty ? 'writevDurably' : 'writev'
    segment.dirty ||= how === 'writev'
    try {
      await writeAll(segment.file, joinSmall(buffers), segment.offset, how)
    } catch (error) {
      if (how === 'writev' || isNoSpace(error)) {
        await this.#cutBack(segment)
        throw error
      }
      segment.failed = error
    }
    segment.offset = offset
    this.sizes.set(segment.number, offset)
    this.#head = head
    this.#unsynced.push(...all)
    this.#again = []
  }

  /** Makes everything written durable, and resolves with it. On failure what was not made so is in `takeBack`. */
  async sync(): Promise<readonly E[]> {
    if (this.#open === null) return []
    try {
      await syncFile(this.#open)
    } catch (error) {
      this.#with.log.error({ segment: this.#open.number, err: toError(error) }, 'journal segment failed to sync')
      await this.#abandon(this.#open)
      await this.write([])
      await this.#syncOnce()
    }
    const last = this.#unsynced.at(-1)
    if (last?.position) this.#durable = { position: last.position, hash: this.#head.hash }
    const durable = this.#durableEarly.length === 0 ? this.#unsynced : [...this.#durableEarly, ...this.#unsynced]
    this.#durableEarly = []
    this.#unsynced = []
    return durable
  }

  /** Hands over the entries that were written and got lost with their segment. */
  takeBack(): E[] {
    const lost = this.#again
    this.#again = []
    return lost
  }

  async close(): Promise<void> {
    if (this.#open !== null) await this.#finish(this.#open)
  }

  async #roll(entries: readonly E[]): Promise<void> {
    const segment = this.#open
    if (segment === null || segment.offset <= segmentHeaderBytes) return
    let bytes = 0
    for (const entry of entries) bytes += entry.frame.length
    if (segment.offset + bytes <= this.#with.segmentBytes) return
    if (this.hasUnsynced) this.#durableEarly = await this.sync()
    if (this.#open !== null) await this.#finish(this.#open)
  }

  /** A finished segment ends with its last frame: the zeros behind it are given back. */
  async #finish(segment: OpenSegment): Promise<void> {
    this.#open = null
    try {
      await segment.file.truncate(segment.offset)
      await segment.file.close()
    } catch (error) {
      this.#with.log.warn({ segment: segment.number, err: toError(error) }, 'journal segment was not closed cleanly')
    }
  }

  async #begin(): Promise<OpenSegment> {
    const { fs, dir, spare, clock, replicaId } = this.#with
    const number = this.#lastSegment + 1
    const path = join(dir, segmentName(number))
    const file = (await spare.take(path)) ?? (await fs.create(path))
    this.#lastSegment = number
    const salt = randomInt(0x1_0000_0000)
    const header = { segment: number, salt, replicaId, previous: this.#head, begunAt: clock.now() }
    const begun = { offset: 0, dirty: false, failed: null }
    const segment: OpenSegment = { number, file, salt, header: writeSegmentHeader(header), ...begun }
    try {
      await fs.syncDirectory(dir)
    } catch (error) {
      await this.#abandon(segment)
      throw error
    }
    void spare.prepare()
    return segment
  }

  async #cutBack(segment: OpenSegment): Promise<void> {
    segment.dirty = true
    try {
      await segment.file.truncate(segment.offset)
    } catch (error) {
      this.#with.log.error({ segment: segment.number, err: toError(error) }, 'journal segment could not be cut back')
      await this.#abandon(segment)
    }
  }

  async #syncOnce(): Promise<void> {
    const segment = this.#open
    if (segment === null) return
    try {
      await syncFile(segment)
    } catch (error) {
      await this.#abandon(segment)
      throw error
    }
  }

  async #abandon(segment: OpenSegment): Promise<void> {
    const { fs, dir, log } = this.#with
    const end = this.#durable.position
    const keeps = end.segment === segment.number
    this.#open = null
    this.#head = { seq: end.seq, hash: this.#durable.hash }
    this.#again.unshift(...this.#unsynced)
    this.#unsynced = []
    this.sizes.delete(segment.number)
    if (keeps) this.sizes.set(segment.number, end.offset)
    try {
      if (keeps) await segment.file.truncate(end.offset)
    } catch (error) {
      log.warn({ segment: segment.number, err: toError(error) }, 'abandoned journal segment keeps its tail')
    }
    await segment.file.close().catch(() => {})
    if (keeps) return
    // A disk that stays broken must not leave a file behind for every attempt.
    await fs.unlink(join(dir, segmentName(segment.number))).then(
      () => (this.#lastSegment = segment.number - 1),
      () => {},
    )
  }
}

async function syncFile(segment: OpenSegment): Promise<void> {
  if (segment.failed !== null) throw segment.failed
  if (segment.dirty) await segment.file.datasync()
  segment.dirty = false
}

const smallBytes = 4 * 1024

/** Puts small neighbours into one piece: to write a piece costs more than to copy so little. */
function joinSmall(buffers: readonly Buffer[]): Buffer[] {
  const joined: Buffer[] = []
  let run: Buffer[] = []
  const endRun = (): void => {
    if (run.length > 0) joined.push(run.length === 1 ? run[0]! : Buffer.concat(run))
    run = []
  }
  for (const buffer of buffers) {
    if (buffer.length <= smallBytes) run.push(buffer)
    else {
      endRun()
      joined.push(buffer)
    }
  }
  endRun()
  return joined
}
