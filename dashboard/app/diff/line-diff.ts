import { diffArrays } from 'diff'

/** What changed between two texts, line by line: the fewest lines that went and came. */

export interface DiffLine {
  readonly kind: 'same' | 'gone' | 'new'
  readonly text: string
  /** From 1, in the text before and after; null where the line is not in it. */
  readonly before: number | null
  readonly after: number | null
}

/** Texts that differ in more lines are shown as one that went and one that came: the time grows with the square of it. */
const editsMax = 2_000

export function lineDiff(before: string, after: string): readonly DiffLine[] {
  const [old, young] = [before.split('\n'), after.split('\n')]
  const parts = diffArrays(old, young, { maxEditLength: editsMax }) ?? [
    { value: old, removed: true, added: false },
    { value: young, removed: false, added: true },
  ]
  let [left, right] = [0, 0]
  return parts.flatMap(({ value, removed, added }) =>
    value.map((text): DiffLine => ({
      kind: removed ? 'gone' : added ? 'new' : 'same',
      text,
      before: added ? null : ++left,
      after: removed ? null : ++right,
    })),
  )
}
