/**
 * The way of an append. Frames queue up; one loop takes what is queued, writes it durably, with one call to the disk where
 * that can be, then resolves all of it. The loop starts at once for a lone frame. After a batch of several it lets
 * the event loop turn once, so that those who were just answered come back together; after a batch of many it waits for
 * a millisecond, which in such a crowd nobody notices, and makes the next one larger.
 *
 *   writing ──no space──▶ full ──room again──▶ writing
 *   writing ──any other failure──▶ failing ──a batch succeeds──▶ writing
 *
 * There is no timer: every batch is an attempt to leave the worse states. On becoming full the reserve is given up; from
 * then on only closing frames are written. It is writing again when the reserve could be taken back.
 *
 * What becomes of the frames of a failed batch: those with a waiter are rejected and are not in the journal; those that
 * nobody waits for go back to the front of the queue. They are never given up while the process lives: a closing frame
 * behind them, once acknowledged, says that they are there.
 */
import { type Clock, Fault, type Log, toError } from '@reeve/base'
import { errorCode, isNoSpace } from './journal-fs.ts'
import type { Entry, Position, SegmentWriter } from './segment-writer.ts'
import type { Reserve } from './space.ts'

export interface Waiting extends Entry {
  readonly closing: boolean
  /** Null for a frame that nobody waits for. */
  readonly waiter: { resolve(position: Position): void; reject(fault: Fault): void } | null
}

export interface GroupCommitOptions {
  readonly clock: Clock
  readonly log: Log
  readonly writer: SegmentWriter<Waiting>
  readonly reserve: Reserve
  /** Whether the reserve could not be taken. */
  readonly full: boolean
}

/** So many frames at once say that many are waiting all the time. */
const crowd = 4
const batchFramesMax = 1_000
const batchBytesMax = 4 * 1024 * 1024
/** How long, and how many bytes of, frames that nobody waits for stay unsynced. */
const unsyncedMsMax = 1_000
const unsyncedBytesMax = 1024 * 1024

interface Failure {
  readonly error: unknown
  /** What is not in the journal, in order. */
  readonly entries: readonly Waiting[]
}

export class GroupCommit {
  readonly #with: GroupCommitOptions
  #queue: Waiting[] = []
  #running: Promise<void> | null = null
  #full: boolean
  #failing: string | null = null
  #pendingBytes = 0
  #failed = 0
  #unsyncedBytes = 0
  #unsyncedSinceMs = 0

  constructor(options: GroupCommitOptions) {
    this.#with = options
    this.#full = options.full
  }

  get full(): boolean {
    return this.#full
  }

  /** Bytes of frames that are neither durable nor given up. */
  get pendingBytes(): number {
    return this.#pendingBytes
  }

  get failed(): number {
    return this.#failed
  }

  get trouble(): string | null {
    if (this.#full) return 'the disk is full: only records that end something are written'
    return this.#failing === null ? null : `writing failed with ${this.#failing}`
  }

  add(entry: Waiting): void {
    this.#queue.push(entry)
    this.#pendingBytes += entry.frame.length
    this.#running ??= this.#run()
  }

  /** Writes and syncs what is left. Nothing may be added any more. */
  async finish(): Promise<void> {
    await this.#running
    const rest = this.#queue
    this.#queue = []
    if (rest.length > 0) await this.#commit(rest)
    if (this.#with.writer.hasUnsynced) await this.#sync().catch((error: unknown) => this.#fail(error))
    if (this.#pendingBytes > 0) {
      this.#with.log.error({ bytes: this.#pendingBytes }, 'journal closed with records that could not be written')
    }
  }

  async #run(): Promise<void> {
    // Whatever is added in the same turn belongs to the first batch.
    await Promise.resolve()
    let lastBatch = 1
    while (this.#queue.length > 0) {
      if (lastBatch >= crowd) await millisecond()
      else if (lastBatch > 1) await nextTurn()
      const batch = this.#take()
      lastBatch = batch.length
      await this.#commit(batch)
      // When nobody waits for what is left, the next frame tries again, instead of this loop for ever.
      if (this.#failing !== null && !this.#queue.some((entry) => entry.waiter !== null)) break
    }
    this.#running = null
  }

  #take(): Waiting[] {
    let bytes = 0
    let count = 0
    for (const entry of this.#queue) {
      if (count > 0 && (count === batchFramesMax || bytes + entry.frame.length > batchBytesMax)) break
      bytes += entry.frame.length
      count++
    }
    if (count < this.#queue.length) return this.#queue.splice(0, count)
    const batch = this.#queue
    this.#queue = []
    return batch
  }

  async #commit(all: readonly Waiting[]): Promise<void> {
    let batch = all
    if (this.#full && (await this.#with.reserve.take())) this.#full = false
    if (this.#full) batch = this.#withoutOrdinary(batch, null)
    while (batch.length > 0) {
      const failure = await this.#attempt(batch)
      if (failure === null) return
      const smaller = isNoSpace(failure.error) ? await this.#makeRoom(failure) : null
      if (smaller === null) return this.#giveBack(failure)
      batch = smaller
    }
  }

  async #attempt(batch: readonly Waiting[]): Promise<Failure | null> {
    const { writer, clock } = this.#with
    let written = false
    try {
      let bytes = this.#unsyncedBytes
      for (const entry of batch) bytes += entry.frame.length
      const due = this.#syncIsDue(batch, bytes)
      await writer.write(batch, due)
      written = true
      if (this.#unsyncedBytes === 0) this.#unsyncedSinceMs = clock.monotonicMs()
      this.#unsyncedBytes = bytes
      if (due) await this.#sync()
      return null
    } catch (error) {
      const lost = writer.takeBack()
      if (lost.length > 0) this.#unsyncedBytes = 0
      return { error, entries: written ? lost : [...lost, ...batch] }
    }
  }

  #syncIsDue(batch: readonly Waiting[], unsyncedBytes: number): boolean {
    if (batch.some((entry) => entry.waiter !== null) || unsyncedBytes > unsyncedBytesMax) return true
    return this.#unsyncedBytes > 0 && this.#with.clock.monotonicMs() - this.#unsyncedSinceMs >= unsyncedMsMax
  }

  async #sync(): Promise<void> {
    const durable = await this.#with.writer.sync()
    this.#failing = null
    this.#unsyncedBytes = 0
    for (const entry of durable) {
      this.#pendingBytes -= entry.frame.length
      if (entry.waiter !== null && entry.position !== null) entry.waiter.resolve(entry.position)
    }
  }

  /** Gives up the reserve, and resolves with what may be written into its room; null when that was done before. */
  async #makeRoom(failure: Failure): Promise<readonly Waiting[] | null> {
    if (this.#full) return null
    this.#full = true
    this.#with.log.error({ err: toError(failure.error) }, 'journal disk is full, giving up the reserve')
    await this.#with.reserve.release().catch(() => {})
    return this.#withoutOrdinary(failure.entries, failure.error)
  }

  #withoutOrdinary(entries: readonly Waiting[], cause: unknown): Waiting[] {
    const kept: Waiting[] = []
    for (const entry of entries) {
      if (entry.waiter === null || entry.closing) kept.push(entry)
      else this.#reject(entry, cause)
    }
    return kept
  }

  #giveBack(failure: Failure): void {
    this.#fail(failure.error)
    const again: Waiting[] = []
    for (const entry of failure.entries) {
      if (entry.waiter === null) again.push(entry)
      else this.#reject(entry, failure.error)
    }
    this.#queue = [...again, ...this.#queue]
  }

  #fail(error: unknown): void {
    const code = errorCode(error) ?? 'an unknown error'
    if (this.#failing !== code) this.#with.log.error({ err: toError(error) }, 'journal write failed')
    this.#failing = code
  }

  #reject(entry: Waiting, cause: unknown): void {
    this.#failed++
    this.#pendingBytes -= entry.frame.length
    entry.waiter?.reject(
      new Fault('unavailable', 'The journal cannot be written.', { detail: this.trouble ?? '', cause }),
    )
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function millisecond(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1))
}
