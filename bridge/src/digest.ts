import { createHash, hash, type Hash } from 'node:crypto'

export interface Digest {
  readonly sha256: Buffer
  /** State of the hash after each `midstateEvery` bytes. */
  readonly midstates: readonly Hash[]
}

const midstateEvery = 64 * 1024

/** The SHA-256 of a body, going on from the state that an earlier one left where it still was the same. */
export function digestBody(
  body: Buffer,
  shared: { readonly earlier: { readonly digest: Digest }; readonly prefixBytes: number } | null,
): Digest {
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
