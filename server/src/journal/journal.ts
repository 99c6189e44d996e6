/**
 * The write-ahead journal: what must never be lost is here, on local disk, before anyone acts on it. `frame.ts` and
 * `segment-header.ts` have the bytes, `group-commit.ts` the way of an append, `segment-writer.ts` the failures of a disk,
 * `recover.ts` what opening does, `read.ts` the way back.
 */
import { join } from 'node:path'
import { type Clock, Fault, type Log, type Uuid } from '@reeve/base'
import { cannotUse, prepareDirectory, unlinkIfThere } from './directory.ts'
import { type FrameKind, frameHeaderBytes, layFrame, payloadBytesMax } from './frame.ts'
import { GroupCommit, type Waiting } from './group-commit.ts'
import type { JournalFs } from './journal-fs.ts'
import { nodeFs } from './node-fs.ts'
import { keepAside, recover } from './recover.ts'
import type { Damage } from './scan.ts'
import { segmentName } from './segment-header.ts'
import { type Position, SegmentWriter } from './segment-writer.ts'
import { Reserve, Spare } from './space.ts'
import { listSegments } from './walk.ts'

export type { FrameKind } from './frame.ts'
export type { Position } from './segment-writer.ts'

export interface JournalOptions {
  readonly dir: string
  readonly fs?: JournalFs
  readonly clock: Clock
  readonly log: Log
  /** A segment is left when the next batch would make it larger. */
  readonly segmentBytes?: number
  /** Bound of what waits in memory to become durable. */
  readonly pendingBytesMax?: number
  /** Room kept on the disk for closing frames. */
  readonly reserveBytes?: number
}

export interface JournalStatus {
  /** False while appends fail. */
  readonly healthy: boolean
  /** What is wrong, for an operator, damage found on opening included; empty when nothing is. */
  readonly detail: string
  /** Written to segments that are still there. */
  readonly bytes: number
  readonly segments: number
  readonly pendingBytes: number
  /** Frames that were refused or lost since the journal was opened. */
  readonly failedAppends: number
  readonly damage: readonly Damage[]
}

export interface AppendOptions {
  /**
   * The frame ends something that is already in the journal: it is written even when the disk is full, from the reserve.
   */
  readonly closing?: boolean
}

export interface Journal extends AsyncDisposable {
  readonly dir: string
  readonly replicaId: Uuid
  /**
   * Resolves when the frame and everything before it is durable. Rejects with `Fault('unavailable')` when it cannot be
   * made so: then the frame is not part of the journal. The payload is copied before this returns.
   */
  append(kind: FrameKind, payload: readonly Uint8Array[], options?: AppendOptions): Promise<Position>
  /**
   * Takes the frame in order and returns without waiting: a kill of the process does not lose what was written, a power
   * cut may lose the last second. What was taken is in front of whatever is appended after it, or that is rejected. False
   * says that the frame was not taken and never will be in the journal, for the caller to say so in what ends it.
   */
  appendSoon(kind: FrameKind, payload: readonly Uint8Array[]): boolean
  /** The end of what is durable: as far as a reader may go. */
  durable(): Position
  status(): JournalStatus
  /** How much of what is durable lies behind a position. */
  bytesAfter(position: Pick<Position, 'segment' | 'offset'>): number
  /** Deletes the segments before this one; never the newest, nor one found damaged that has no second name. */
  retire(belowSegment: number): Promise<void>
}

/** Throws `Fault` when the directory is in use, not safe, not writable, or written by a newer version. */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  const { dir, fs = nodeFs, clock, log, segmentBytes = 16 * 1024 * 1024, reserveBytes = 8 * 1024 * 1024 } = options
  await prepareDirectory(fs, dir)
  const lock = await fs.lock(dir)
  try {
    const found = await recover({ fs, dir, clock, log })
    const spare = new Spare({ fs, dir, log }, segmentBytes)
    const reserve = new Reserve({ fs, dir, log }, reserveBytes)
    const full = !(await reserve.take())
    await spare.prepare()
    const writer = new SegmentWriter<Waiting>({ fs, dir, clock, log, segmentBytes, spare, ...found })
    const commits = new GroupCommit({ clock, log, writer, reserve, full })
    return new OpenJournal({ ...options, fs, lock, spare, writer, commits, ...found })
  } catch (error) {
    await lock[Symbol.asyncDispose]()
    throw error instanceof Fault ? error : cannotUse(dir, error)
  }
}

interface OpenParts extends JournalOptions {
  readonly fs: JournalFs
  readonly lock: AsyncDisposable
  readonly spare: Spare
  readonly writer: SegmentWriter<Waiting>
  readonly commits: GroupCommit
  readonly replicaId: Uuid
  readonly damage: readonly Damage[]
}

class OpenJournal implements Journal {
  readonly dir: string
  readonly replicaId: Uuid
  readonly #with: OpenParts
  readonly #pendingBytesMax: number
  #closed = false
  #refused = 0

  constructor(parts: OpenParts) {
    this.#with = parts
    this.dir = parts.dir
    this.replicaId = parts.replicaId
    this.#pendingBytesMax = parts.pendingBytesMax ?? 64 * 1024 * 1024
  }

  append(kind: FrameKind, payload: readonly Uint8Array[], options?: AppendOptions): Promise<Position> {
    const closing = options?.closing === true
    const refusal = this.#refusal(payload, this.#pendingBytesMax)
    if (refusal !== null) {
      this.#refused++
      return Promise.reject(refusal)
    }
    return new Promise((resolve, reject) => {
      this.#with.commits.add({ frame: layFrame(kind, payload), closing, waiter: { resolve, reject }, position: null })
    })
  }

  appendSoon(kind: FrameKind, payload: readonly Uint8Array[]): boolean {
    // A full disk keeps its last room for what ends things. And only half of the memory is for frames that stay there
    // while nothing can be written: an append, which tries again, must always find room.
    if (this.#with.commits.full || this.#refusal(payload, this.#pendingBytesMax / 2) !== null) {
      this.#refused++
      return false
    }
    this.#with.commits.add({ frame: layFrame(kind, payload), closing: false, waiter: null, position: null })
    return true
  }

  durable(): Position {
    return this.#with.writer.durable
  }

  status(): JournalStatus {
    const { writer, commits, damage } = this.#with
    const first = damage[0]
    const found = first === undefined ? null : `damage found: ${damage.length}, the first in ${placeOf(first)}`
    let bytes = 0
    for (const size of writer.sizes.values()) bytes += size
    return {
      healthy: commits.trouble === null && !this.#closed,
      detail: [this.#closed ? 'closed' : null, commits.trouble, found].filter((text) => text !== null).join('; '),
      bytes,
      segments: writer.sizes.size,
      pendingBytes: commits.pendingBytes,
      failedAppends: this.#refused + commits.failed,
      damage,
    }
  }

  bytesAfter({ segment, offset }: Pick<Position, 'segment' | 'offset'>): number {
    const { sizes, durable } = this.#with.writer
    let bytes = 0
    for (const [number, size] of sizes) {
      if (number > durable.segment) continue
      const written = number === durable.segment ? durable.offset : size
      if (number > segment) bytes += written
      else if (number === segment) bytes += Math.max(written - offset, 0)
    }
    return bytes
  }

  async retire(belowSegment: number): Promise<void> {
    const { fs, writer, damage, log } = this.#with
    const damaged = new Set(damage.filter(({ reason }) => reason !== 'missing').map(({ segment }) => segment))
    // The segment in which the durable end lies carries the chain, be it the open one or the last of an earlier process.
    const below = Math.min(belowSegment, writer.durable.segment)
    const retired = (await listSegments(fs, this.dir)).filter((segment) => segment < below)
    for (const segment of retired) {
      if (damaged.has(segment) && !(await keepAside({ fs, dir: this.dir, segment, log }))) continue
      await unlinkIfThere(fs, join(this.dir, segmentName(segment)))
      writer.sizes.delete(segment)
    }
    if (retired.length > 0) await fs.syncDirectory(this.dir)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#with.commits.finish()
    await this.#with.writer.close()
    await this.#with.spare.close()
    await this.#with.lock[Symbol.asyncDispose]()
  }

  #refusal(payload: readonly Uint8Array[], waitingBytesMax: number): Fault | null {
    if (this.#closed) return new Fault('unavailable', 'The journal is closed.')
    let bytes = 0
    for (const part of payload) bytes += part.length
    if (bytes > payloadBytesMax)
      return new Fault('too_large', `A record of ${bytes} bytes is too large for the journal.`)
    const { pendingBytes } = this.#with.commits
    // One frame is always let in, or those larger than the bound never could be.
    if (pendingBytes === 0 || pendingBytes + frameHeaderBytes + bytes <= waitingBytesMax) return null
    return new Fault('unavailable', 'The journal has too much waiting to be written.')
  }
}

function placeOf(damage: Damage): string {
  return `segment ${damage.segment} at offset ${damage.start}`
}
