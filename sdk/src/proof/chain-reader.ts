import { contentHash, equalBytes, fromBase64, genesis, linkHash, type Sha256 } from './chain.ts'
import type { Removal } from './checkpoint.ts'
import type { EventLine } from './export-lines.ts'
import type { Find } from './finding.ts'

export interface ReadChain {
  readonly events: number
  readonly firstSeq: number | null
  readonly lastSeq: number | null
  readonly lastHash: string | null
  /** The hash at each place that a checkpoint is about. */
  readonly hashes: ReadonlyMap<number, string>
  /** Up to here retention has removed events. */
  readonly removedSeq: number
}

interface Place {
  readonly seq: number
  readonly hash: Uint8Array
  /** Null after a gap. */
  readonly before: Uint8Array | null
  /** Null where the event is gone. */
  readonly content: Uint8Array | null
}

/** More places than this that do not fit are not looked at for having been swapped. */
const misfitsMax = 128

/** Follows the chain event by event, and tells at the end which do not fit and why. */
export function chainReader(options: {
  readonly removed: readonly Removal[]
  readonly complete: boolean
  readonly wanted: ReadonlySet<number>
  readonly sha256: Sha256
  readonly find: Find
}) {
  const { sha256, find, complete, wanted } = options
  const floor = removedUpTo(options.removed, find)
  const hashes = new Map<number, string>(floor.seq === 0 ? [] : [[floor.seq, floor.hashText]])
  const misfits: Place[] = []
  let before: Uint8Array | null = floor.hash
  let expected = floor.seq + 1
  let events = 0
  let firstSeq: number | null = null
  let last: { seq: number; hash: string } | null = null

  return {
    add(
      line: EventLine | { readonly kind: 'missing'; readonly seq: number; readonly hash: string; readonly id: string },
    ) {
      const { seq } = line
      if (complete && seq > expected)
        find(
          'deleted',
          seq - expected === 1 ? 'an event is missing' : `${seq - expected} events are missing`,
          expected,
          seq - 1,
        )
      if (complete && seq < expected) find('edited', 'a sequence number stands twice, or out of order', seq)
      if (seq !== expected) before = null
      const hash = fromBase64(line.hash) ?? genesis
      const content = line.kind === 'event' ? contentHash(line, sha256) : null
      if (content === null) find('deleted', 'the event is missing; its place in the chain is not', seq)
      const place = { seq, hash, before, content }
      if (content !== null && !fits(place)) misfits.push(place)
      if (wanted.has(seq)) hashes.set(seq, line.hash)
      if (content !== null) events++
      firstSeq ??= seq
      last = { seq, hash: line.hash }
      before = hash
      expected = seq + 1
    },
    end(): ReadChain {
      explainMisfits()
      return {
        events,
        firstSeq,
        lastSeq: last?.seq ?? null,
        lastHash: last?.hash ?? null,
        hashes,
        removedSeq: floor.seq,
      }
    },
  }

  function fits({ seq, hash, before: previous, content }: Place): boolean {
    if (previous === null || content === null) return true
    return equalBytes(linkHash(previous, seq, content, sha256), hash)
  }

  /** An event that would fit at the place of another one that does not fit either was put there. */
  function explainMisfits(): void {
    const told = new Set<number>()
    for (const one of misfits.length > misfitsMax ? [] : misfits) {
      const belongs = misfits.find((other) => other !== one && isContentOf(one, other))
      if (belongs === undefined) continue
      if (told.has(one.seq) || told.has(belongs.seq)) continue
      told.add(one.seq).add(belongs.seq)
      const [from, to] = one.seq < belongs.seq ? [one.seq, belongs.seq] : [belongs.seq, one.seq]
      find('swapped', `the events ${from} and ${to} stand in each other’s place`, from, to)
    }
    // After whole places were swapped, what follows each of them does not fit and is not to blame.
    const blameless = (seq: number) => told.has(seq) || told.has(seq - 1)
    for (const { seq } of misfits)
      if (!blameless(seq)) find('edited', 'the event is not what its hash was made of', seq)
  }

  function isContentOf({ content }: Place, { seq, before: previous }: Place): boolean {
    if (content === null) return false
    const befores = [previous, ...misfits.flatMap((each) => [each.before, each.hash])]
    return befores.some((candidate) => {
      if (candidate === null) return false
      const hash = linkHash(candidate, seq, content, sha256)
      return misfits.some((each) => equalBytes(each.hash, hash))
    })
  }
}

/** Removals follow each other from the first event on. */
function removedUpTo(removals: readonly Removal[], find: Find): { seq: number; hash: Uint8Array; hashText: string } {
  let seq = 0
  let hashText = ''
  for (const removal of removals.toSorted((a, b) => a.firstSeq - b.firstSeq)) {
    if (removal.firstSeq > seq + 1)
      find('deleted', 'no record tells who removed these events', seq + 1, removal.firstSeq - 1)
    if (removal.lastSeq <= seq) continue
    seq = removal.lastSeq
    hashText = removal.lastHash
  }
  return { seq, hash: seq === 0 ? genesis : (fromBase64(hashText) ?? genesis), hashText }
}
