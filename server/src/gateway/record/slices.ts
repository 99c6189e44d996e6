import { z } from 'zod'

/**
 * The bytes of a body as a list of slices of content-addressed blobs, in order. A request that begins and ends like
 * an earlier one takes that one's slices for both, and has one of its own between them.
 */
export const Slice = z.object({ sha256: z.string(), from: z.number(), to: z.number() })
export type Slice = z.infer<typeof Slice>
export const Slices = z.array(Slice)

/** Past this many a body is stored whole again, so that reading one never fetches more. */
export const slicesMax = 32

export function slicesLength(slices: readonly Slice[]): number {
  return slices.reduce((sum, slice) => sum + slice.to - slice.from, 0)
}

/** The slices of the bytes from one place to another. Throws RangeError when there are not that many. */
export function cutSlices(slices: readonly Slice[], from: number, to: number): Slice[] {
  if (from < 0 || to > slicesLength(slices)) throw new RangeError(`slices have no bytes ${from} to ${to}`)
  const kept: Slice[] = []
  let at = 0
  for (const slice of slices) {
    const begin = Math.max(from - at, 0)
    const end = Math.min(to - at, slice.to - slice.from)
    if (begin < end) kept.push({ ...slice, from: slice.from + begin, to: slice.from + end })
    at += slice.to - slice.from
  }
  return kept
}

/** Adds a slice; one that carries on where the last one stopped in the same blob becomes part of it. */
export function withSlice(slices: readonly Slice[], added: Slice): Slice[] {
  if (added.from === added.to) return [...slices]
  const last = slices.at(-1)
  if (last?.sha256 === added.sha256 && last.to === added.from)
    return [...slices.slice(0, -1), { ...last, to: added.to }]
  return [...slices, added]
}

/** Joins the slices out of their blobs. Throws RangeError when a blob is missing or too short. */
export function joinSlices(slices: readonly Slice[], blobs: ReadonlyMap<string, Buffer>): Buffer {
  return Buffer.concat(
    slices.map((slice) => {
      const blob = blobs.get(slice.sha256)
      if (blob === undefined || slice.to > blob.length) throw new RangeError(`blob ${slice.sha256} is missing bytes`)
      return blob.subarray(slice.from, slice.to)
    }),
  )
}
