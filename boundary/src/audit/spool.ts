import { type Clock, type Log, toError } from '@reeve/base'
import type { Timers } from '../timers.ts'
import type { Line } from './line.ts'
import type { SpoolFile, SpoolFiles } from './spool-files.ts'

/**
 * The record of one session on disk: lines of JSON in files that are only ever written at their end.
 *
 * A line is written as soon as the disk is free, and at most 20 ms later one fdatasync makes it durable together with
 * all that came since. When a write or an fdatasync fails, the file is not trusted again (the kernel may have thrown the
 * pages away and say "fine" the next time): it is closed, and whatever was not durable is written once more, from memory
 * and byte for byte the same, into the next file. Readers skip what they have read already, and whatever a file has
 * behind its last whole line; so a torn end needs no repair. While the disk refuses everything, lines wait in memory
 * and it is tried again with growing pauses.
 */
export interface Spool extends AsyncDisposable {
  append(line: Line): void
  /** Resolves when everything that was appended is durable: true, or false when the disk refused it this time. */
  flush(): Promise<boolean>
  /** Number of the last line that is durable; -1 before the first. */
  readonly durable: number
  /** Called after `durable` has grown. */
  onDurable(listener: () => void): void
  /** Bytes on disk and on their way to it. */
  readonly bytes: number
  /** Of those, what waits in memory. */
  readonly waitingBytes: number
  /** What the disk said last, while it refuses; null when all is well. */
  readonly failure: Error | null
  /** Lines up to here are kept elsewhere: files with nothing else in them go when room is wanted. */
  letGo(through: number): void
}

export interface SpoolOptions {
  readonly files: SpoolFiles
  readonly clock: Clock
  readonly timers: Timers
  readonly log: Log
  /** The number of the first line, where a session goes on that has lines already. */
  readonly first?: number
  readonly segmentBytes?: number
  /** Over half of this, files that are let go are removed. */
  readonly bytesMax?: number
}

export const spoolBytesMax = 256 * 1024 * 1024
const gatherMs = 20
const writeBytesMax = 1024 * 1024
const retryMsMin = 100
const retryMsMax = 5_000

interface Segment {
  readonly name: string
  readonly file: SpoolFile
  bytes: number
  /** The last line that is durable in it; -1 for none. */
  last: number
}

const segmentName = (number: number): string => `events-${String(number).padStart(6, '0')}.ndjson`
export const isSegment = (name: string): boolean => /^events-\d{6}\.ndjson$/.test(name)

export function openSpool(options: SpoolOptions): Spool {
  return new SegmentedSpool(options)
}

class SegmentedSpool implements Spool {
  readonly #with: SpoolOptions
  /** Appended, not written. */
  #queue: Line[] = []
  /** Written, not durable. */
  #written: Line[] = []
  #segment: Segment | null = null
  /** Closed ones that are still there, in order. */
  #closed: { readonly name: string; readonly bytes: number; readonly last: number }[] = []
  #number: number
  #listeners: (() => void)[] = []
  #work: Promise<void> | null = null
  #cancelTimer: (() => void) | null = null
  #syncAsked = false
  #gatheringSince = 0
  #retryMs = retryMsMin
  durable: number
  waitingBytes = 0
  failure: Error | null = null

  constructor(options: SpoolOptions) {
    this.#with = options
    this.durable = (options.first ?? 0) - 1
    const names = options.files.names().filter(isSegment).toSorted()
    this.#number = Number(names.at(-1)?.slice(7, 13) ?? 0)
  }

  get bytes(): number {
    return this.#closed.reduce((sum, { bytes }) => sum + bytes, (this.#segment?.bytes ?? 0) + this.waitingBytes)
  }

  append(line: Line): void {
    this.#queue.push(line)
    this.waitingBytes += line.bytes.length + 1
    if (this.failure === null) this.#start()
  }

  onDurable(listener: () => void): void {
    this.#listeners.push(listener)
  }

  async flush(): Promise<boolean> {
    this.#syncAsked = true
    const goal = this.#queue.at(-1)?.seq ?? this.#written.at(-1)?.seq ?? this.durable
    // What runs already may have taken its last look before the line came; the second run is sure to see it.
    for (let runs = 0; runs < 2 && this.durable < goal; runs++) {
      this.#syncAsked = true
      await this.#start()
    }
    return this.durable >= goal
  }

  letGo(through: number): void {
    const { files, bytesMax = spoolBytesMax } = this.#with
    while (this.bytes > bytesMax / 2) {
      const first = this.#closed[0]
      if (first === undefined || first.last > through) return
      try {
        files.remove(first.name)
      } catch (thrown) {
        this.#with.log.warn({ error: toError(thrown).message }, 'a delivered part of the record could not be removed')
        return
      }
      this.#closed.shift()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.flush()
    this.#cancelTimer?.()
    this.#cancelTimer = null
    this.#close()
  }

  #start(): Promise<void> {
    this.#work ??= this.#drain().finally(() => {
      this.#work = null
    })
    return this.#work
  }

  async #drain(): Promise<void> {
    // Whoever appends goes on first: what they say in one turn is one write.
    await Promise.resolve()
    this.#cancelTimer?.()
    this.#cancelTimer = null
    try {
      while (this.#queue.length > 0 || this.#written.length > 0) {
        if (this.#queue.length > 0) await this.#write()
        const waits = this.#gatheringSince + gatherMs - this.#with.clock.monotonicMs()
        if (this.#queue.length > 0 && waits > 0) continue
        if (!this.#syncAsked && waits > 0) return this.#later(waits)
        await this.#sync()
      }
      this.#syncAsked = false
    } catch (thrown) {
      this.#abandon(toError(thrown))
    }
  }

  #later(ms: number): void {
    this.#cancelTimer = this.#with.timers.after(ms, () => void this.#start())
  }

  async #write(): Promise<void> {
    this.#segment ??= this.#create()
    const batch: Line[] = []
    const pieces: Buffer[] = []
    let length = 0
    for (const line of this.#queue) {
      if (length > 0 && length + line.bytes.length > writeBytesMax) break
      batch.push(line)
      pieces.push(line.bytes, newline)
      length += line.bytes.length + 1
    }
    if (this.#written.length === 0) this.#gatheringSince = this.#with.clock.monotonicMs()
    // Before it is known whether the write succeeds: a failure writes them again, in order.
    this.#queue.splice(0, batch.length)
    this.#written.push(...batch)
    this.waitingBytes -= length
    this.#segment.bytes += length
    await appendAll(this.#segment.file, Buffer.concat(pieces, length))
  }

  async #sync(): Promise<void> {
    const segment = this.#segment
    const last = this.#written.at(-1)?.seq
    if (segment === null || last === undefined) return
    await segment.file.datasync()
    this.#written = []
    segment.last = last
    this.durable = last
    this.failure = null
    this.#retryMs = retryMsMin
    if (segment.bytes >= (this.#with.segmentBytes ?? 32 * 1024 * 1024)) this.#close()
    for (const listener of this.#listeners) listener()
  }

  #create(): Segment {
    const name = segmentName(++this.#number)
    return { name, file: this.#with.files.create(name), bytes: 0, last: -1 }
  }

  #close(): void {
    const segment = this.#segment
    if (segment === null) return
    this.#segment = null
    segment.file.close()
    if (segment.last >= 0) this.#closed.push(segment)
  }

  #abandon(error: Error): void {
    this.#with.log.error({ error: error.message }, 'the record could not be written and waits in memory')
    this.failure = error
    const again = this.#written
    this.#written = []
    for (const line of again) this.waitingBytes += line.bytes.length + 1
    this.#queue = [...again, ...this.#queue]
    const segment = this.#segment
    try {
      this.#close()
      // Nothing in it counts, and on a full disk its bytes are wanted.
      if (segment !== null && segment.last < 0) this.#with.files.remove(segment.name)
    } catch {
      // It stays, and readers skip what they have read already.
    }
    this.#later(this.#retryMs)
    this.#retryMs = Math.min(this.#retryMs * 2, retryMsMax)
  }
}

const newline = Buffer.from('\n')

async function appendAll(file: SpoolFile, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const written = await file.append(at === 0 ? bytes : bytes.subarray(at))
    // A write of nothing would repeat forever; POSIX allows it only for a full device.
    if (written === 0) throw Object.assign(new Error('nothing was written'), { code: 'ENOSPC' })
    at += written
  }
}
