import type { Uuid } from '@reeve/base'
import type { Digest } from './digest.ts'
import type { Secrets } from './masking/secrets.ts'
import type { Scan } from './scan.ts'

/**
 * Memory of the bodies that came before. A coding agent sends its whole conversation with every turn, so most of a body
 * was hashed, scanned and stored already: this finds which part, and keeps what is needed to go on from there.
 *
 * The key names one conversation of one actor; nothing is ever compared across keys. A conversation may have a few
 * bodies, since clients ask side questions between the turns. A body takes the place of the one that it carries on.
 *
 * What is kept is a copy, in memory that stays with the conversation: only what differs is written anew. Kept as they
 * came, the bodies of many conversations would live just long enough to be the dearest kind of garbage.
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
  readonly secrets: Secrets
}

/** A remembered body and the memory that holds it, which may be larger. */
interface Kept extends RememberedBody {
  readonly room: Buffer
}

export interface Shared {
  readonly earlier: RememberedBody
  readonly prefixBytes: number
  readonly suffixBytes: number
}

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
  let young = new Map<string, Kept[]>()
  let old = new Map<string, Kept[]>()
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
      if (body.bytes.length < bodyBytesMin || costOf(body, roomFor(body.bytes)) > bytesMax / 2 / bodiesPerKey) return
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

/** The bodies of a conversation with one more, which takes the place, and the memory, of the one that it carries on. */
function withBody(bodies: readonly Kept[], body: RememberedBody, shared: Shared | null): Kept[] {
  // Another request of the conversation may have carried it on meanwhile: then it is not among the bodies any more.
  const carriedOn = bodies.find((earlier) => earlier === shared?.earlier)
  if (shared === null || carriedOn === undefined || sizeOf(shared) * 2 < carriedOn.bytes.length) {
    return [...bodies.slice(-(bodiesPerKey - 1)), keptIn(null, body, 0)]
  }
  const others = bodies.filter((earlier) => earlier !== carriedOn)
  return [...others.slice(-(bodiesPerKey - 1)), keptIn(carriedOn.room, body, shared.prefixBytes)]
}

/** Writes a body into memory that has the first `there` bytes of it already, or into new memory where it does not fit. */
function keptIn(memory: Buffer | null, body: RememberedBody, there: number): Kept {
  const { bytes } = body
  const fits = memory !== null && bytes.length <= memory.length
  const room = fits ? memory : Buffer.allocUnsafeSlow(roomFor(bytes))
  const from = fits ? there : 0
  bytes.copy(room, from, from)
  return { ...body, bytes: room.subarray(0, bytes.length), room }
}

/** With space for the turns to come. */
function roomFor(bytes: Buffer): number {
  return Math.ceil((bytes.length * 1.25) / 4096) * 4096
}

function compareBodies(earlier: RememberedBody, body: Buffer): Shared {
  const prefixBytes = commonPrefix(earlier.bytes, body)
  return { earlier, prefixBytes, suffixBytes: commonSuffix(earlier.bytes, body, prefixBytes) }
}

function sizeOf(shared: Shared): number {
  return shared.prefixBytes + shared.suffixBytes
}

function costOf(body: RememberedBody, roomBytes: number): number {
  const { digest, secrets, scan } = body
  const midstates = digest.midstates.length + (secrets.digest?.midstates.length ?? 0)
  return roomBytes + midstates * midstateBytes + scan.elements.length * 64 + secrets.finds.length * 256 + 512
}

function costOfAll(bodies: readonly Kept[] | undefined): number {
  return bodies === undefined ? 0 : bodies.reduce((sum, body) => sum + costOf(body, body.room.length), 0)
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
