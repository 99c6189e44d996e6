import type { Clock } from '@reeve/base'
import { z } from 'zod'
import { Slices } from '../record/slices.ts'
import { type Blob, unpackBlob } from './blobs.ts'
import type { Body } from './bodies.ts'
import type { DrainConnection } from './connect.ts'
import { joinSlices } from '../record/slices.ts'

/** A blob that a row of this batch refers to; `blob` is null when it has been stored before. */
export interface BlobUse {
  readonly organizationId: string
  readonly sha256: string
  readonly blob: Blob | null
}

/**
 * How long a reference counts as fresh. Retention removes a blob a day after the limit at the earliest, so that a mark
 * that is an hour old is as good as a new one, and most batches write none.
 */
const freshMs = 3_600_000
const rememberedMax = 50_000

const BlobRow = z.object({
  sha256: z.string(),
  encoding: z.enum(['identity', 'zstd']),
  raw_bytes: z.number(),
  bytes: z.instanceof(Buffer),
})
const BodyRow = z.object({ organization_id: z.string(), user_id: z.string(), request_slices: Slices.nullable() })
const FoundRow = z.object({ organization_id: z.string(), sha256: z.string(), last_referenced_at: z.date() })

/** Writes blobs and keeps the marks by which retention knows that they are in use. */
export class BlobStore {
  readonly #clock: Clock
  /** When each was last marked, by a commit of this process. */
  readonly #marked = new Map<string, number>()
  #staged: string[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Resolves with what is missing of that which was said to be stored. */
  async write(connection: DrainConnection, uses: readonly BlobUse[]): Promise<ReadonlySet<string>> {
    const now = this.#clock.now()
    const unique = new Map<string, BlobUse>()
    for (const use of uses) {
      const key = keyOf(use)
      if (use.blob !== null || !unique.has(key)) unique.set(key, use)
    }
    const made = [...unique.values()].filter((use) => use.blob !== null)
    const referred = [...unique.entries()]
      .filter(([key, use]) => use.blob === null && (this.#marked.get(key) ?? 0) < now.getTime() - freshMs)
      .map(([, use]) => use)
    const missing = await this.#touch(connection, referred, now)
    if (made.length > 0) await insert(connection, made, now)
    this.#staged = [...unique.keys()].filter((key) => !missing.has(key))
    return missing
  }

  /** After the commit. */
  keep(): void {
    const now = this.#clock.now().getTime()
    if (this.#marked.size > rememberedMax) this.#marked.clear()
    for (const key of this.#staged) this.#marked.set(key, now)
    this.#staged = []
  }

  async #touch(connection: DrainConnection, uses: readonly BlobUse[], now: Date): Promise<Set<string>> {
    const missing = new Set(uses.map(keyOf))
    if (uses.length === 0) return missing
    const names = (of: readonly { organizationId: string; sha256: string }[]) => [
      of.map((use) => use.organizationId),
      of.map((use) => use.sha256),
    ]
    const found = z.array(FoundRow).parse((await connection.run('findBlobs', names(uses))).rows)
    const stale: { organizationId: string; sha256: string }[] = []
    for (const row of found) {
      const use = { organizationId: row.organization_id, sha256: row.sha256 }
      if (row.last_referenced_at.getTime() < now.getTime() - freshMs) stale.push(use)
      else missing.delete(keyOf(use))
    }
    if (stale.length === 0) return missing
    // Retention may have been faster: only what could be marked is there to stay.
    const touched = await connection.run('touchBlobs', [...names(stale), now])
    for (const row of z.array(FoundRow.omit({ last_referenced_at: true })).parse(touched.rows)) {
      missing.delete(keyOf({ organizationId: row.organization_id, sha256: row.sha256 }))
    }
    return missing
  }
}

export const keyOf = (use: { organizationId: string; sha256: string }): string => `${use.organizationId} ${use.sha256}`

async function insert(connection: DrainConnection, uses: readonly BlobUse[], now: Date): Promise<void> {
  const blobs = uses.flatMap(({ organizationId, blob }) => (blob === null ? [] : [{ organizationId, ...blob }]))
  let from = 1
  const offsets = blobs.map((blob) => (from += blob.bytes.length) - blob.bytes.length)
  await connection.run('insertBlobs', [
    blobs.map((blob) => blob.organizationId),
    blobs.map((blob) => blob.sha256),
    blobs.map((blob) => blob.encoding),
    blobs.map((blob) => blob.rawBytes),
    offsets,
    blobs.map((blob) => blob.bytes.length),
    Buffer.concat(blobs.map((blob) => blob.bytes)),
    now,
  ])
}

/** A request body out of the database; null when there is none, or when it cannot be put together. */
export async function loadBody(connection: DrainConnection, interceptionId: string): Promise<Body | null> {
  const [row] = z.array(BodyRow).parse((await connection.run('loadBody', [interceptionId])).rows)
  if (row === undefined || row.request_slices === null) return null
  const names = [...new Set(row.request_slices.map((slice) => slice.sha256))]
  const found = z.array(BlobRow).parse((await connection.run('loadBlobs', [row.organization_id, names])).rows)
  const blobs = new Map(
    found.map(({ sha256, encoding, raw_bytes, bytes }) => [
      sha256,
      unpackBlob({ sha256, encoding, rawBytes: raw_bytes, bytes }),
    ]),
  )
  if (names.some((name) => !blobs.has(name))) return null
  return {
    organizationId: row.organization_id,
    userId: row.user_id,
    slices: row.request_slices,
    bytes: joinSlices(row.request_slices, blobs),
  }
}
