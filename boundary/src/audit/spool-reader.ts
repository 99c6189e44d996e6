import { closeSync, constants, openSync, readdirSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { chainOrigin, follows, type Head, type Line, readLine } from './line.ts'
import { isSegment } from './spool.ts'

/** No line is longer: whoever reads gives up on one that is. */
const lineBytesMax = 256 * 1024
const pieceBytes = 256 * 1024

/**
 * Reads the lines of a session in order, each once, while it is being written or after. A file may begin with lines that
 * were read from the one before it (they were written again), and may end with a torn one: both are passed over. What
 * does not continue the chain is damage; the rest of its file is not read.
 */
export class SpoolReader {
  readonly #directory: string
  #head: Head
  #segment: string | null = null
  #fd: number | null = null
  /** Read from the file, not yet split. */
  #rest: Buffer = Buffer.alloc(0)
  #offset = 0
  /** Read too far: the next one. */
  #back: Line | null = null
  /** Files whose rest was passed over although it had more than a torn end. */
  readonly damaged: string[] = []

  readonly #isOurs: (name: string) => boolean

  /** Reading begins behind that line; where files were let go, at the first line that is still there. */
  constructor(directory: string, { from = chainOrigin, only }: { readonly from?: Head; readonly only?: string } = {}) {
    this.#directory = directory
    this.#head = from
    this.#isOurs = only === undefined ? isSegment : (name) => name === only
  }

  /** The last line that was given out, or that reading began behind. */
  get head(): Head {
    return this.#back === null ? this.#head : { seq: this.#back.seq - 1, hash: this.#back.prev }
  }

  /** As many lines as are there, at most so many, so large, and up to that number. */
  next(limits: { readonly lines?: number; readonly bytes?: number; readonly through?: number } = {}): Line[] {
    const { lines = Infinity, bytes = Infinity, through = Infinity } = limits
    const found: Line[] = []
    let size = 0
    while (found.length < lines) {
      const line = this.#back ?? this.#nextLine()
      this.#back = null
      if (line === null) break
      size += line.bytes.length + 1
      if ((found.length > 0 && size > bytes) || line.seq > through) {
        this.#back = line
        break
      }
      found.push(line)
    }
    return found
  }

  close(): void {
    if (this.#fd !== null) closeSync(this.#fd)
    this.#fd = null
  }

  #nextLine(): Line | null {
    for (;;) {
      if (this.#fd === null && !this.#openNext()) return null
      const bytes = this.#nextBytes()
      if (bytes === null) {
        // The file may still grow, unless another one has been begun.
        if (!this.#openNext()) return null
        continue
      }
      const line = readLine(bytes)
      if (line !== null && line.seq <= this.#head.seq) continue
      const begins = this.#head.hash === null && line !== null
      if (line !== null && (begins || follows(line, this.#head))) {
        this.#head = line
        return line
      }
      this.damaged.push(this.#segment ?? '')
      this.#rest = Buffer.alloc(0)
      if (!this.#openNext()) {
        this.#offset = Infinity
        return null
      }
    }
  }

  /** Up to the next end of a line; null where the file has none any more. */
  #nextBytes(): Buffer | null {
    for (;;) {
      const end = this.#rest.indexOf(10)
      if (end !== -1) {
        const bytes = this.#rest.subarray(0, end)
        this.#rest = this.#rest.subarray(end + 1)
        return bytes
      }
      if (this.#fd === null || this.#offset === Infinity || this.#rest.length > lineBytesMax) return null
      const piece = Buffer.allocUnsafe(pieceBytes)
      const count = readSync(this.#fd, piece, 0, pieceBytes, this.#offset)
      if (count === 0) return null
      this.#offset += count
      this.#rest = Buffer.concat([this.#rest, piece.subarray(0, count)])
    }
  }

  #openNext(): boolean {
    const names = readdirSync(this.#directory).filter(this.#isOurs).toSorted()
    const next = names.find((name) => this.#segment === null || name > this.#segment)
    if (next === undefined) return false
    this.close()
    this.#fd = openSync(join(this.#directory, next), constants.O_RDONLY | constants.O_NOFOLLOW)
    this.#segment = next
    this.#rest = Buffer.alloc(0)
    this.#offset = 0
    return true
  }
}
