import { createHash, type Hash } from 'node:crypto'

const firstBytes = 4 * 1024
/** When this much has gathered it is handed on as a chunk. */
export const chunkBytes = 64 * 1024

/**
 * Gathers the answer of one open stream. Copies what it is given: a slice of a socket's buffer would keep the whole
 * buffer alive for as long as the slice. Grows from small, because most of a thousand open streams hold little.
 */
export class AnswerBuffer {
  #bytes: Buffer = Buffer.alloc(0)
  #used = 0
  #total = 0
  readonly #hash: Hash = createHash('sha256')
  readonly #chunk: (bytes: Uint8Array) => void

  /** `chunk` must be done with the bytes when it returns: their memory is used again. */
  constructor(chunk: (bytes: Uint8Array) => void) {
    this.#chunk = chunk
  }

  add(bytes: Uint8Array): void {
    if (this.#used + bytes.length > chunkBytes) this.flush()
    this.#total += bytes.length
    if (bytes.length >= chunkBytes) {
      this.#hash.update(bytes)
      this.#chunk(bytes)
      return
    }
    if (this.#used + bytes.length > this.#bytes.length) this.#grow(this.#used + bytes.length)
    this.#bytes.set(bytes, this.#used)
    this.#used += bytes.length
  }

  flush(): void {
    if (this.#used === 0) return
    this.#chunk(this.take())
  }

  /** What was added since the last chunk; valid until the next `add`. */
  take(): Uint8Array {
    const rest = this.#bytes.subarray(0, this.#used)
    this.#hash.update(rest)
    this.#used = 0
    return rest
  }

  /** Of everything taken or handed on so far. */
  totals(): { readonly responseBytes: number; readonly responseSha256: string } {
    return { responseBytes: this.#total, responseSha256: this.#hash.copy().digest('hex') }
  }

  #grow(needed: number): void {
    let size = Math.max(this.#bytes.length * 2, firstBytes)
    while (size < needed) size *= 2
    const grown = Buffer.allocUnsafeSlow(Math.min(size, chunkBytes))
    grown.set(this.#bytes.subarray(0, this.#used))
    this.#bytes = grown
  }
}
