/**
 * How many cells of a terminal a text takes: two for East Asian wide characters and emoji, none for combining marks.
 * The ranges are those of Unicode's EastAsianWidth W and F, coarsened to blocks; a miss costs alignment, nothing else.
 */
const wide =
  /[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{1F300}-\u{1FAFF}\u{20000}-\u{3FFFD}]|\p{Emoji_Presentation}/u
const zero = /\p{M}/u
const plain = /^[\u0020-\u007E]*$/

export function widthOf(text: string): number {
  if (plain.test(text)) return text.length
  let width = 0
  for (const char of text) width += zero.test(char) ? 0 : wide.test(char) ? 2 : 1
  return width
}

/** The beginning that fits, with an ellipsis when something is missing. */
export function cutTo(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  let kept = ''
  let used = 0
  for (const char of text) {
    const next = widthOf(char)
    if (used + next > width - 1) break
    kept += char
    used += next
  }
  return `${kept}…`
}

export const padEnd = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - widthOf(text)))
export const padStart = (text: string, width: number): string => ' '.repeat(Math.max(0, width - widthOf(text))) + text
