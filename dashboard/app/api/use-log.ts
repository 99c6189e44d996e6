import type { Events } from '@reeve/sdk'
import { useState } from 'react'
import { useWatch, type WatchState } from './use-watch.ts'

/**
 * A log of lines with growing numbers: as far as it had got when it was opened, and from there on line by line, as long as
 * it goes on. Whoever reads it once more at its end misses nothing that was said while the stream was not connected.
 */
export function useLog<Line extends { readonly id: number }>(
  name: string,
  read: { readonly data: readonly Line[] | undefined; readonly error: Error | null },
  goesOn: boolean,
  followFrom: (after: number, signal: AbortSignal) => Promise<Events<Line>>,
): {
  readonly lines: readonly Line[] | undefined
  readonly error: Error | null
  readonly watch: WatchState
} {
  const [told, setTold] = useState<readonly Line[]>([])
  const from = read.data?.at(-1)?.id ?? 0
  const watch = useWatch(
    name,
    read.data !== undefined && goesOn,
    (signal) => followFrom(Math.max(from, told.at(-1)?.id ?? 0), signal),
    (line) => {
      if (line !== null) setTold((lines) => (line.id > (lines.at(-1)?.id ?? 0) ? [...lines, line] : lines))
    },
  )
  const lines = read.data === undefined ? undefined : [...read.data, ...told.filter(({ id }) => id > from)]
  return { lines, error: read.error, watch }
}
