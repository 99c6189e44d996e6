/** What changed between two texts, line by line: the fewest lines that went and came (longest common subsequence). */

export interface DiffLine {
  readonly kind: 'same' | 'gone' | 'new'
  readonly text: string
  /** From 1, in the text before and after; null where the line is not in it. */
  readonly before: number | null
  readonly after: number | null
}

/** Texts that differ in more lines than this are shown as one that went and one that came. */
const cellsMax = 4_000_000

export function lineDiff(before: string, after: string): readonly DiffLine[] {
  const [a, b] = [before.split('\n'), after.split('\n')]
  let start = 0
  while (start < a.length && start < b.length && a[start] === b[start]) start++
  let end = 0
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) end++
  const same = (from: number, count: number, shift: number): DiffLine[] =>
    a.slice(from, from + count).map((text, at) => ({
      kind: 'same',
      text,
      before: from + at + 1,
      after: from + shift + at + 1,
    }))
  return [
    ...same(0, start, 0),
    ...changed(a.slice(start, a.length - end), b.slice(start, b.length - end), start),
    ...same(a.length - end, end, b.length - a.length),
  ]
}

function changed(a: readonly string[], b: readonly string[], offset: number): DiffLine[] {
  const lines: DiffLine[] = []
  const gone = (i: number) => lines.push({ kind: 'gone', text: a[i] ?? '', before: offset + i + 1, after: null })
  const came = (j: number) => lines.push({ kind: 'new', text: b[j] ?? '', before: null, after: offset + j + 1 })
  const length = a.length * b.length > cellsMax ? () => 0 : commonFrom(a, b)
  let [i, j] = [0, 0]
  while (i < a.length && j < b.length) {
    if (a[i] === b[j] && length(i, j) > 0) {
      lines.push({ kind: 'same', text: a[i] ?? '', before: offset + i + 1, after: offset + j + 1 })
      i++
      j++
    } else if (length(i + 1, j) >= length(i, j + 1)) gone(i++)
    else came(j++)
  }
  while (i < a.length) gone(i++)
  while (j < b.length) came(j++)
  return lines
}

/** How many lines the rests behind `i` and `j` have in common. */
function commonFrom(a: readonly string[], b: readonly string[]): (i: number, j: number) => number {
  const width = b.length + 1
  const table = new Uint32Array((a.length + 1) * width)
  const at = (i: number, j: number) => table[i * width + j] ?? 0
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      table[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
    }
  }
  return at
}
