import { type Column, type Screen, shown } from './answer.ts'
import { cutTo, padEnd, padStart, widthOf } from './width.ts'

const gutter = 2
/** A cell that is not elastic is cut here, so that one long name does not drive the other columns out. */
const cellMax = 36
/** An elastic column that is left with less than this is worth less than the room it takes. */
const elasticMin = 16

/**
 * A table for a terminal: no borders, numbers to the right, columns of low priority dropped until the rest fits, and
 * nothing wrapped. Returns the lines and how many columns were dropped.
 */
export function layTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[], screen: Screen, width: number) {
  const cells = rows.map((row) => columns.map((column) => shown(column, row, screen)))
  const natural = columns.map((column, i) => {
    const widest = Math.max(column.name.length, ...cells.map((line) => widthOf(line[i]!)))
    return column.elastic === true || width === Number.POSITIVE_INFINITY ? widest : Math.min(widest, cellMax)
  })
  const kept = columns.map((_, i) => i)
  const least = (i: number) => (columns[i]!.elastic === true ? Math.min(natural[i]!, elasticMin) : natural[i]!)
  const needed = () => kept.reduce((sum, i) => sum + least(i), gutter * (kept.length - 1))
  while (needed() > width) {
    const last = kept.reduce((a, b) => (columns[b]!.priority >= columns[a]!.priority ? b : a))
    if (kept.length === 1 || columns[last]!.priority === 0) break
    kept.splice(kept.indexOf(last), 1)
  }
  let spare = Math.max(0, width - needed())
  const widths = new Map<number, number>()
  for (const i of kept) {
    const more = Math.min(natural[i]! - least(i), spare)
    widths.set(i, least(i) + more)
    spare -= more
  }
  const numeric = (i: number) =>
    rows.length > 0 && rows.every((row) => typeof (columns[i]!.value(row) ?? 0) === 'number')

  const line = (texts: readonly string[], paint: (text: string, i: number) => string) =>
    kept
      .map((i, place) => {
        const cell = cutTo(texts[i]!, widths.get(i)!)
        const padded = numeric(i)
          ? padStart(cell, widths.get(i)!)
          : place === kept.length - 1
            ? cell
            : padEnd(cell, widths.get(i)!)
        return paint(padded, i)
      })
      .join(' '.repeat(gutter))
  const header = line(
    columns.map((column) => column.name.toUpperCase()),
    (text) => screen.style.dim(text),
  )
  const body = cells.map((texts, n) =>
    line(texts, (text, i) => {
      const tone = columns[i]!.tone?.(rows[n]!) ?? null
      return tone === null ? text : screen.style[tone](text)
    }),
  )
  return { lines: [header, ...body], dropped: columns.length - kept.length }
}
