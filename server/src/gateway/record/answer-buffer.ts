import { createHash, type Hash } from 'node:crypto'
import { maskAnswer, type Masker } from '@reeve/bridge'

const firstBytes = 4 * 1024
/** When this much has gathered it is handed on as a chunk. */
export const chunkBytes = 64 * 1024
const brace = 0x7b

/**
 * Gathers the answer of one open stream. Copies what it is given: a slice of a socket's buffer would keep the whole
 * buffer alive for as long as the slice. Grows from small, because most of a thousand open streams hold little.
 *
 * What is handed on has its secrets masked. What could be the beginning of one stays until more has come; hash and
 * length are those of the bytes as they came.
 */
export class AnswerBuffer {
  #bytes: Buffer = Buffer.alloc(0)
  #used = 0
  /** Of what is in the buffer, how much the hash has taken in. */
  #hashed = 0
  #total = 0
  #flushAt = chunkBytes
  /** An event stream does not begin with a brace; anything else is a document. */
  #events: boolean | null = null
  #masked = 0
  readonly #fingerprints = new Set<string>()
  readonly #hash: Hash = createHash('sha256')
  readonly #chunk: (bytes: Uint8Array) => void
  readonly #masker: Masker | null

  /** `chunk` must be done with the bytes when it returns: their memory is used again. */
  constructor(chunk: (bytes: Uint8Array) => void, masker: Masker | null) {
    this.#chunk = chunk
    this.#masker = masker
  }

  add(bytes: Uint8Array): void {
    if (this.#used + bytes.length > this.#flushAt) this.flush()
    this.#append(bytes)
    if (this.#used >= this.#flushAt) this.flush()
  }

  /** What comes after all chunks: itself, with what is left of them. */
  last(bytes: Uint8Array): Uint8Array {
    this.#append(bytes)
    return this.take()
  }

  #append(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    this.#events ??= bytes[0] !== brace
    this.#total += bytes.length
    if (this.#used + bytes.length > this.#bytes.length) this.#grow(this.#used + bytes.length)
    this.#bytes.set(bytes, this.#used)
    this.#used += bytes.length
  }

  flush(): void {
    if (this.#used === 0) return
    const decided = this.#mask(false)
    if (decided > 0) this.#chunk(this.#bytes.subarray(0, decided))
    this.#bytes.copyWithin(0, decided, this.#used)
    this.#used -= decided
    this.#hashed = this.#used
    // What stays is searched again with the next chunk, not with each event.
    this.#flushAt = this.#used + chunkBytes
  }

  /** What was added since the last chunk; valid until the next `add`. */
  take(): Uint8Array {
    const rest = this.#bytes.subarray(0, this.#mask(true))
    this.#used = 0
    this.#hashed = 0
    return rest
  }

  /** Of everything taken or handed on so far. */
  totals(): {
    readonly responseBytes: number
    readonly responseSha256: string
    readonly masked: number
    readonly fingerprints: string[]
  } {
    const responseSha256 = this.#hash.copy().digest('hex')
    return {
      responseBytes: this.#total,
      responseSha256,
      masked: this.#masked,
      fingerprints: [...this.#fingerprints].slice(0, fingerprintsMax),
    }
  }

  /** How many bytes are ready to be handed on. */
  #mask(final: boolean): number {
    this.#hash.update(this.#bytes.subarray(this.#hashed, this.#used))
    this.#hashed = this.#used
    if (this.#masker === null) return this.#used
    const { decided, finds } = maskAnswer(this.#bytes.subarray(0, this.#used), {
      masker: this.#masker,
      events: this.#events === true,
      final,
    })
    this.#masked += finds.length
    for (const { fingerprint } of finds) this.#fingerprints.add(fingerprint)
    return decided
  }

  #grow(needed: number): void {
    let size = Math.max(this.#bytes.length * 4, firstBytes)
    while (size < needed) size *= 4
    const grown = Buffer.allocUnsafeSlow(Math.max(Math.min(size, chunkBytes), needed))
    grown.set(this.#bytes.subarray(0, this.#used))
    this.#bytes = grown
  }
}

/** An answer that is full of secrets is found by some of them. */
export const fingerprintsMax = 64
