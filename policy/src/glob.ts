/**
 * Patterns over words and over paths. `*` is any run of characters of one segment; a segment `**` is any number of
 * segments, and at the end at least one. Matching takes at most pattern times text steps: the text comes from the agent.
 */

/** A path pattern, split once. */
export type PathPattern = readonly string[]

export const pathPattern = (text: string): PathPattern => text.split('/')

/** Whether one word matches; a pattern that is just `*` wants at least one character. */
export function matchesWord(pattern: string, word: string): boolean {
  if (!pattern.includes('*')) return pattern === word
  if (pattern === '*') return word !== ''
  let star = -1
  let mark = 0
  let at = 0
  let from = 0
  while (from < word.length) {
    if (pattern[at] === '*') {
      star = at
      mark = from
      at += 1
    } else if (at < pattern.length && pattern[at] === word[from]) {
      at += 1
      from += 1
    } else if (star >= 0) {
      mark += 1
      from = mark
      at = star + 1
    } else {
      return false
    }
  }
  while (pattern[at] === '*') at += 1
  return at === pattern.length
}

/** Whether a path, split at its slashes, matches. */
export function matchesPath(pattern: PathPattern, segments: readonly string[]): boolean {
  const open = pattern.at(-1) === '**'
  let star = -1
  let mark = 0
  let at = 0
  let from = 0
  while (from < segments.length) {
    if (open && at === pattern.length - 1) return true
    if (pattern[at] === '**') {
      star = at
      mark = from
      at += 1
    } else if (at < pattern.length && matchesWord(pattern[at]!, segments[from]!)) {
      at += 1
      from += 1
    } else if (star >= 0) {
      mark += 1
      from = mark
      at = star + 1
    } else {
      return false
    }
  }
  while (pattern[at] === '**' && at < pattern.length - 1) at += 1
  return at === pattern.length
}

/** Whether everything that `inner` matches is matched by `outer`: sure where it says yes, careful where it says no. */
export function covers(outer: string, inner: string): boolean {
  if (outer === inner) return true
  const plain = inner.replaceAll('**', 'x').replaceAll('*', 'x')
  const wide = pathPattern(outer)
  if (!wide.slice(0, -1).every((segment) => !segment.includes('*')) || wide.at(-1)?.includes('*') !== true) {
    return !inner.includes('*') && matchesPath(wide, pathPattern(inner))
  }
  if (wide.at(-1) !== '**' && inner.includes('**')) return false
  return matchesPath(wide, pathPattern(plain))
}
