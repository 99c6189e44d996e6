import { inputBoxAt } from './input-box.ts'

export interface Answer {
  readonly text: string
  /** Whether the person's words stand above it. */
  readonly isBelowWords: boolean
}

/**
 * What an agent has answered, read from its screen: what stands there below the person's words, without the place where
 * those are typed and without what only shows that it works. `before` is the screen on which the words were not yet said.
 */
export function answerOn(before: readonly string[], now: readonly string[], said: string): Answer {
  const earlier = withoutInput(before)
  const present = withoutInput(now)
  const echoes = echoesOf(said, present)
  // As many as there were before are of the same words said earlier.
  const echo = echoes[echoesOf(said, earlier).length]
  const fresh = present.slice(echo ?? firstDifference(earlier, present))
  const chrome = inputBoxAt(now) === null ? sameAtEnd(earlier, fresh) : placeAtEnd(earlier, fresh)
  const text = withoutActivity(fresh.slice(0, fresh.length - chrome))
    .join('\n')
    .replace(/^(?:[^\S\n]*\n)+/, '')
    .trimEnd()
  return { text, isBelowWords: echo !== undefined }
}

/** So many lines tell the same place in a text, and so many at its end may have been written anew since. */
const overlapLinesMin = 8
const unsettledLines = 4

/**
 * An answer whose beginning an agent has scrolled away: what was read of it before, continued by what its screen shows
 * now. Where nothing of the one stands in the other, only what shows now is known.
 */
export function continued(before: string, now: string): string {
  const known = before.split('\n')
  const shown = now.split('\n')
  for (let from = 1; from + unsettledLines + overlapLinesMin <= known.length; from++) {
    if (known[from] !== shown[0]) continue
    if (known.slice(from, -unsettledLines).every((line, index) => line === shown[index])) {
      return [...known.slice(0, from), ...shown].join('\n')
    }
  }
  return now
}

/**
 * Whether the words still stand where they were typed, with Enter taken for something else or not at all. Programs that
 * have no box but a sign before the words leave those where they are, and go on below them.
 */
export function isUnsent(
  now: readonly string[],
  isCursorBelow: boolean,
  before: readonly string[],
  said: string,
): boolean {
  const box = now.slice(inputBoxAt(now) ?? now.length)
  const end = echoesOf(said, box)[0]
  if (end === undefined) return false
  const below = box.slice(lowerEdge.test(box[end - 1]!) ? end - 1 : end).filter((line) => line.trim() !== '')
  if (below.length === 0) return !isCursorBelow
  const foot = before.slice(inputBoxAt(before) ?? before.length)
  return below.some((line) => foot.includes(line))
}

function withoutInput(lines: readonly string[]): readonly string[] {
  const at = inputBoxAt(lines)
  return (at === null ? lines : lines.slice(0, at)).map((line) => line.replace(scrollBar, '$1').trimEnd())
}

/** At the right edge, where a box would have a thinner one. */
const scrollBar = /^(?=.{30})([^┃]*?) +┃$/
/** The time at the right edge of the line on which the words begin. */
const clock = / {2,}\d{1,2}:\d\d(?: ?[AP]M)?$/

/** What agents put around the words of a person, and where they break them, tells nothing. */
const letters = (text: string): string => text.replace(clock, '').replaceAll(/[\s>›❯»*!●•|`\u2500-\u25ff]/gu, '')

/** A name before the words, such as `user`. */
const labelCharsMax = 8
const lowerEdge = /^\s*(?:[╰└┗╚▀][─━═▀]+[╯┘┛╝▀]?|[┃│])\s*$/
const pastedMark = /^\W*\[(?:Pasted|Text pasted)\b.*\]\W*$/i

/** The index after each place where the words stand by themselves, also over several lines. */
function echoesOf(said: string, lines: readonly string[]): number[] {
  const wanted = letters(said)
  const found: number[] = []
  if (wanted === '') return found
  for (let from = 0; from < lines.length; from++) {
    if (pastedMark.test(lines[from]!)) found.push(from + 1)
    let seen = ''
    let to = from
    if (letters(lines[from]!) === '') continue
    while (to < lines.length && seen.length < wanted.length) seen += letters(lines[to++]!)
    const label = seen.length - wanted.length
    if (seen !== wanted && (label < 0 || label > labelCharsMax || wanted.length < 4 || !seen.endsWith(wanted))) continue
    if (lowerEdge.test(lines[to] ?? '')) to++
    found.push(to)
    from = to - 1
  }
  return found
}

function firstDifference(earlier: readonly string[], present: readonly string[]): number {
  const at = present.findIndex((line, index) => line !== earlier[index])
  return at === -1 ? present.length : at
}

/** How many lines at the end were there before: the foot of a screen on which no place to type was recognised. */
function sameAtEnd(earlier: readonly string[], fresh: readonly string[]): number {
  let same = 0
  while (same < fresh.length && same < earlier.length && fresh.at(-1 - same) === earlier.at(-1 - same)) same++
  return same === fresh.length ? 0 : same
}

/** The folder, where it stands above the place to type. */
const folder = /^\s*[~/]\S*(?: +\S.*)?$/
function placeAtEnd(earlier: readonly string[], fresh: readonly string[]): number {
  const last = fresh.at(-1) ?? ''
  return last === earlier.at(-1) && folder.test(last) ? 1 : 0
}

/** A turning sign before words, a way to stop, or a hint that stands at the right edge. */
const activity = [
  /^\s*[\u2800-\u28ff◐◓◑◒◴◷◶◵] +\S/,
  // Of signs that also begin the lines of lists and tables only with words that go on.
  /^\s*[|/\\] \p{L}[^|]*(?:…|\.{3})$/u,
  /^\s*[·✢✳✶✻✽*∗] \p{L}+(?:…|\.{3})(?:\s*\(.*\))?$/u,
  /\b(?:esc|ctrl[+-]c) to (?:interrupt|cancel|stop)\b/i,
  /^\s*(?:Thinking|Working|Waiting|Generating)\b[^.]*(?:…|\.{3})\s*(?:\(.*\))?$/i,
  /^\s{40,}\S/,
  // Who answers, below what opencode has of the answer.
  /^\s*▣ +\S.* · \S/,
]

/** Only at the end: further up such lines are part of what was said. */
function withoutActivity(lines: readonly string[]): readonly string[] {
  const last = lines.findLastIndex((line) => line.trim() !== '' && !activity.some((sign) => sign.test(line)))
  return lines.slice(0, last + 1)
}
