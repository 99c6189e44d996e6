import type { Shared } from '../bodies.ts'
import { type Digest, digestBody } from '../digest.ts'
import type { RecordedBody } from '../recorder.ts'
import { applyMasks, type Find, type Masker } from './masker.ts'
import { noSecrets, type Secrets } from './secrets.ts'

const quote = 0x22

/**
 * The secrets of a body. What it shares with an earlier one was searched then: only what is new is searched, and as far
 * beyond as the next quotation mark on either side, because no secret crosses one. So each place is judged by the same
 * bytes, and the same way, as if the whole body had been searched.
 */
export function findSecrets(body: Buffer, shared: Shared | null, masker: Masker): Find[] {
  if (shared === null) return masker.find(body.toString('latin1'))
  const { earlier, prefixBytes, suffixBytes } = shared
  const shift = body.length - earlier.bytes.length
  const before = prefixBytes === 0 ? 0 : Math.max(body.lastIndexOf(quote, prefixBytes - 1), 0)
  const next = suffixBytes === 0 ? -1 : body.indexOf(quote, body.length - suffixBytes)
  const after = next === -1 ? body.length : next
  const finds: Find[] = []
  for (const find of earlier.secrets.finds) if (find.to <= before) finds.push(find)
  for (const find of masker.find(body.toString('latin1', before, after))) finds.push(moved(find, before))
  for (const find of earlier.secrets.finds) if (find.from + shift > after) finds.push(moved(find, shift))
  return finds
}

/** The body in the form that may be kept, and what to remember of it. */
export function maskBody(
  body: Buffer,
  digest: Digest,
  shared: Shared | null,
  masker: Masker | null,
): { readonly recorded: RecordedBody; readonly secrets: Secrets } {
  const finds = masker === null ? [] : findSecrets(body, shared, masker)
  const base = shared === null ? null : maskedBase(body, finds, shared)
  const brought = finds.filter(
    ({ from, to }) => base === null || (to > base.prefixBytes && from < body.length - base.suffixBytes),
  )
  const facts = {
    sha256: digest.sha256,
    base,
    masked: finds.length,
    fingerprints: [...new Set(brought.map((find) => find.fingerprint))],
  }
  if (finds.length === 0) return { recorded: { ...facts, bytes: body, keptSha256: digest.sha256 }, secrets: noSecrets }
  const bytes = Buffer.from(body)
  applyMasks(bytes, finds)
  const kept = digestBody(bytes, sharedDigest(shared, base))
  return { recorded: { ...facts, bytes, keptSha256: kept.sha256 }, secrets: { finds, digest: kept } }
}

/** Where the hash of the masked body may go on: as far as the masked forms of both are the same. */
function sharedDigest(shared: Shared | null, base: RecordedBody['base']): Parameters<typeof digestBody>[1] {
  if (shared === null || base === null) return null
  const { earlier } = shared
  return { earlier: { digest: earlier.secrets.digest ?? earlier.digest }, prefixBytes: base.prefixBytes }
}

/**
 * How much the masked forms have in common. A secret that only one of the two has, or that both have and the common part
 * ends in, ends it there.
 */
function maskedBase(body: Buffer, finds: readonly Find[], shared: Shared): RecordedBody['base'] {
  const { earlier } = shared
  const theirs = earlier.secrets.finds
  const shift = body.length - earlier.bytes.length
  let { prefixBytes, suffixBytes } = shared
  for (let i = 0; i < finds.length || i < theirs.length; i++) {
    const [own, other] = [finds[i], theirs[i]]
    const same = own?.from === other?.from && own?.to === other?.to && own?.mask === other?.mask
    if (same && own !== undefined && own.to <= prefixBytes) continue
    prefixBytes = Math.min(prefixBytes, own?.from ?? prefixBytes, other?.from ?? prefixBytes)
    break
  }
  let suffixAt = body.length - suffixBytes
  for (let i = 1; i <= finds.length || i <= theirs.length; i++) {
    const [own, other] = [finds.at(-i), theirs.at(-i)]
    const [from, to] = other === undefined ? [undefined, undefined] : [other.from + shift, other.to + shift]
    if (own !== undefined && own.from === from && own.to === to && own.mask === other?.mask && own.from >= suffixAt)
      continue
    suffixAt = Math.max(suffixAt, own?.to ?? suffixAt, to ?? suffixAt)
    break
  }
  suffixBytes = body.length - Math.min(suffixAt, body.length)
  return { interceptionId: earlier.interceptionId, prefixBytes, suffixBytes }
}

const moved = (find: Find, by: number): Find => (by === 0 ? find : { ...find, from: find.from + by, to: find.to + by })
