/**
 * The bytes of one file, read through a window: a reader asks for any range and holds no more memory than the window, or
 * than the one range it asked for. What it was given stays valid: a window is never written to again.
 */
import { type JournalFile, readFully } from './journal-fs.ts'

const windowBytes = 256 * 1024

export class SegmentBytes {
  readonly #file: JournalFile
  /** Nothing beyond this offset is looked at: the file may be growing. */
  readonly #limit: number
  #window: Buffer = Buffer.alloc(0)
  #windowAt = 0

  constructor(file: JournalFile, limit: number) {
    this.#file = file
    this.#limit = limit
  }

  /** The range when it is in memory; null says that `read` is needed. */
  cached(at: number, length: number): Buffer | null {
    const start = at - this.#windowAt
    if (start < 0 || start + length > this.#window.length) return null
    return this.#window.subarray(start, start + length)
  }

  /** The range, shorter only where the file ends. */
  async read(at: number, length: number): Promise<Buffer> {
    const held = this.cached(at, length)
    if (held !== null) return held
    const wanted = Math.min(Math.max(length, windowBytes), Math.max(0, this.#limit - at))
    this.#window = await readFully(this.#file, Buffer.allocUnsafeSlow(wanted), at)
    this.#windowAt = at
    return this.#window.subarray(0, length)
  }

  /** Offset just after the last byte at or behind `from` that is not zero; `from` when there is none. */
  async lastNonZero(from: number): Promise<number> {
    let last = from
    for (let at = from; at < this.#limit; at += windowBytes) {
      const bytes = await this.read(at, windowBytes)
      if (bytes.length === 0) break
      for (let i = bytes.length - 1; i >= 0; i--) {
        if (bytes[i] !== 0) {
          last = at + i + 1
          break
        }
      }
    }
    return last
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}
