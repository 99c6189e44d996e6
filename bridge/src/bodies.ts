import { createHash, hash, type Hash } from 'node:crypto'
import type { Uuid } from '@reeve/base'
import type { RecordedBody } from './recorder.ts'
import type { Scan } from './scan.ts'

/**
 * Memory of the bodies that came before. A coding agent sends its whole conversation with every turn, so most of a body
 * was hashed, scanned and stored already: this finds which part, and keeps what is needed to go on from there.
 *
 * The key names one conversation of one actor; nothing is ever compared across keys. A conversation may have a few
 * bodies, since clients ask side questions between the turns. A body takes the place of the one that it carries on.
 */
export interface BodyMemory {
  /** The remembered body that shares most with this one, or null. */
  nearest(key: string, body: Buffer): Shared | null
  /**
   * Only for bodies whose start record is durable: others will be stored as a difference to it. `shared` is what was
   * nearest to it.
   */
  remember(key: string, body: RememberedBody, shared: Shared | null): void
  readonly bytes: number
}

export interface RememberedBody {
  readonly interceptionId: Uuid
  readonly bytes: Buffer
  readonly scan: Scan
  readonly digest: Digest
}

export interface Shared {
  readonly earlier: RememberedBody
  readonly prefixBytes: number
  readonly suffixBytes: number
}

export interface Digest {
  readonly sha256: Buffer
  /** State of the hash after each `midstateEvery` bytes. */
  readonly midstates: readonly Hash[]
}

const midstateEvery = 64 * 1024
const midstateBytes = 1024
const bodiesPerKey = 4
/** Less in common than this is not worth a reference, and shorter bodies are not worth keeping. */
const sharedBytesMin = 512
const bodyBytesMin = 2048

/**
 * Two halves: what is used goes into the young one, and when that is full it becomes the old one, whose own content is
 * forgotten. That is nearly the order of last use, and nothing has to be moved or deleted.
 */
export function createBodyMemory(bytesMax: number): BodyMemory {
  let young = new Map<string, RememberedBody[]>()
  let old = new Map<string, RememberedBody[]>()
  let youngBytes = 0
  let oldBytes = 0

  return {
    get bytes() {
      return youngBytes + oldBytes
    },
    nearest(key, body) {
      let best: Shared | null = null
      if (body.length < bodyBytesMin) return null
      for (const earlier of young.get(key) ?? old.get(key) ?? []) {
        const shared = compareBodies(earlier, body)
        if (best === null || sizeOf(shared) > sizeOf(best)) best = shared
      }
      return best !== null && sizeOf(best) >= sharedBytesMin ? best : null
    },
    remember(key, body, shared) {
      // So that a conversation always fits into one half.
      if (body.bytes.length < bodyBytesMin || costOf(body) > bytesMax / 2 / bodiesPerKey) return
      const bodies = withBody(young.get(key) ?? old.get(key) ?? [], body, shared)
      youngBytes -= costOfAll(young.get(key))
      if (youngBytes + costOfAll(bodies) > bytesMax / 2) {
        young.delete(key)
        old = young
        oldBytes = youngBytes
        young = new Map()
        youngBytes = 0
      }
      oldBytes -= costOfAll(old.get(key))
      old.delete(key)
      young.set(key, bodies)
      youngBytes += costOfAll(bodies)
    },
  }
}

/** The bodies of a conversation with one more, which takes the place of the one that it carries on. */
function withBody(bodies: readonly RememberedBody[], body: RememberedBody, shared: Shared | null): RememberedBody[] {
  const carriesOn = shared !== null && sizeOf(shared) * 2 >= shared.earlier.bytes.length ? shared.earlier : null
  const kept = bodies.filter((earlier) => earlier !== carriesOn)
  return [...kept.slice(-(bodiesPerKey - 1)), body]
}

/** The SHA-256 of a body, going on from the state that an earlier one left where it still was the same. */
export function digestBody(body: Buffer, shared: Shared | null): Digest {
  if (body.length < midstateEvery) return { sha256: hash('sha256', body, 'buffer'), midstates: [] }
  const usable = shared === null ? 0 : Math.floor(shared.prefixBytes / midstateEvery)
  const midstates = shared?.earlier.digest.midstates.slice(0, usable) ?? []
  const sha256 = midstates.at(-1)?.copy() ?? createHash('sha256')
  for (let from = midstates.length * midstateEvery; from < body.length; from += midstateEvery) {
    const to = from + midstateEvery
    sha256.update(body.subarray(from, to))
    if (to <= body.length) midstates.push(sha256.copy())
  }
  return { sha256: sha256.digest(), midstates }
}

export function recordedBody(body: Buffer, digest: Digest, shared: Shared | null): RecordedBody {
  const base =
    shared === null
      ? null
      : {
          interceptionId: shared.earlier.interceptionId,
          prefixBytes: shared.prefixBytes,
          suffixBytes: shared.suffixBytes,
        }
  return { bytes: body, sha256: digest.sha256, base }
}

function compareBodies(earlier: RememberedBody, body: Buffer): Shared {
  const prefixBytes = commonPrefix(earlier.bytes, body)
  return { earlier, prefixBytes, suffixBytes: commonSuffix(earlier.bytes, body, prefixBytes) }
}

function sizeOf(shared: Shared): number {
  return shared.prefixBytes + shared.suffixBytes
}

function costOf(body: RememberedBody): number {
  return body.bytes.length + body.digest.midstates.length * midstateBytes + body.scan.elements.length * 64 + 512
}

function costOfAll(bodies: readonly RememberedBody[] | undefined): number {
  return bodies === undefined ? 0 : bodies.reduce((sum, body) => sum + costOf(body), 0)
}

const blockBytes = 16 * 1024

/** How many bytes two buffers have in common from the start. */
export function commonPrefix(a: Buffer, b: Buffer): number {
  return commonLength(Math.min(a.length, b.length), (from, to) => a.compare(b, from, to, from, to) === 0)
}

/** How many bytes they have in common at the end, not counting the first `prefixBytes` of either. */
export function commonSuffix(a: Buffer, b: Buffer, prefixBytes: number): number {
  return commonLength(
    Math.min(a.length, b.length) - prefixBytes,
    (from, to) => a.compare(b, b.length - to, b.length - from, a.length - to, a.length - from) === 0,
  )
}

/** Native comparison of whole blocks until one differs, then of halves of halves, each of which decides one bit. */
function commonLength(end: number, equal: (from: number, to: number) => boolean): number {
  let same = 0
  while (same + blockBytes <= end && equal(same, same + blockBytes)) same += blockBytes
  for (let size = blockBytes / 2; size >= 1; size /= 2) {
    if (same + size <= end && equal(same, same + size)) same += size
  }
  return same
}
