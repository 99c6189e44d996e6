import { hash } from 'node:crypto'
import type { StartHead } from '../record/frames.ts'
import { cutSlices, type Slice, slicesMax, withSlice } from '../record/slices.ts'
import { type Blob, packBlob } from './blobs.ts'

/** A request body that is, or is about to be, in the database. */
export interface Body {
  readonly organizationId: string
  readonly userId: string
  readonly bytes: Buffer
  readonly slices: readonly Slice[]
}

export interface NewBody extends Body {
  readonly blobs: readonly Blob[]
}

const keptBytesMax = 64 * 1024 * 1024
const keptBodyBytesMax = 16 * 1024 * 1024

/**
 * Rebuilds request bodies from what the journal has of them: beginning and end are those of an earlier body, what
 * stands between is in the frame. Remembers the latest bodies, because a conversation goes on; older ones come from the database.
 *
 * What a batch makes is staged: it becomes known with `keep`, after the commit, or is forgotten with `drop`. A body that
 * was never committed must not be what a later one is built on.
 */
export class Bodies {
  /** In order of use; the first is the next to go. */
  readonly #kept = new Map<string, Body>()
  readonly #staged = new Map<string, Body>()
  #keptBytes = 0
  #stagedBytes = 0
  readonly #load: (interceptionId: string) => Promise<Body | null>

  constructor(load: (interceptionId: string) => Promise<Body | null>) {
    this.#load = load
  }

  /** Null when the body cannot be rebuilt: what it began with is gone, or is not what it was. */
  async rebuild(head: StartHead, middle: Buffer): Promise<NewBody | null> {
    const owner = { organizationId: head.organizationId, userId: head.userId }
    const made = head.base === null ? whole(owner, middle) : await this.#extend(owner, head.base, middle)
    if (made === null || hash('sha256', made.bytes, 'hex') !== (head.keptSha256 ?? head.requestSha256)) return null
    const { blobs: _, ...body } = made
    this.#staged.set(head.id, body)
    this.#stagedBytes += body.bytes.length
    return made
  }

  /** What the batch at hand holds in memory. */
  get stagedBytes(): number {
    return this.#stagedBytes
  }

  keep(): void {
    for (const [id, body] of this.#staged) {
      if (body.bytes.length > keptBodyBytesMax) continue
      this.#kept.set(id, body)
      this.#keptBytes += body.bytes.length
    }
    this.drop()
    for (const [id, body] of this.#kept) {
      if (this.#keptBytes <= keptBytesMax) break
      this.#kept.delete(id)
      this.#keptBytes -= body.bytes.length
    }
  }

  drop(): void {
    this.#staged.clear()
    this.#stagedBytes = 0
  }

  async #extend(owner: Owner, from: Base, middle: Buffer): Promise<NewBody | null> {
    const base = await this.#find(from.interceptionId)
    // Only ever within one person's requests: nobody's bytes become part of somebody else's.
    if (base === null || base.userId !== owner.userId || base.organizationId !== owner.organizationId) return null
    const suffixAt = base.bytes.length - from.suffixBytes
    if (from.prefixBytes > suffixAt) return null
    const bytes = Buffer.concat([base.bytes.subarray(0, from.prefixBytes), middle, base.bytes.subarray(suffixAt)])
    const blobs = middle.length === 0 ? [] : [packBlob(middle)]
    const slices = [
      ...cutSlices(base.slices, 0, from.prefixBytes),
      ...blobs.map(({ sha256, rawBytes }) => ({ sha256, from: 0, to: rawBytes })),
      ...cutSlices(base.slices, suffixAt, base.bytes.length),
    ].reduce<Slice[]>(withSlice, [])
    return slices.length > slicesMax ? whole(owner, bytes) : { ...owner, bytes, slices, blobs }
  }

  async #find(id: string): Promise<Body | null> {
    const staged = this.#staged.get(id)
    if (staged !== undefined) return staged
    const kept = this.#kept.get(id)
    if (kept === undefined) return this.#load(id)
    this.#kept.delete(id)
    this.#kept.set(id, kept)
    return kept
  }
}

type Base = NonNullable<StartHead['base']>
type Owner = Pick<Body, 'organizationId' | 'userId'>

function whole(owner: Owner, bytes: Buffer): NewBody {
  if (bytes.length === 0) return { ...owner, bytes, slices: [], blobs: [] }
  const blob = packBlob(bytes)
  return { ...owner, bytes, slices: [{ sha256: blob.sha256, from: 0, to: bytes.length }], blobs: [blob] }
}
