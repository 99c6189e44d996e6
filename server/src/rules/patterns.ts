/**
 * Names with `*` for any number of any characters; whether letters are large or small says nothing. Patterns are
 * written by administrators and names by whoever asks, so that nothing is made of them but comparisons: no regular
 * expression, and no way back once a piece was found.
 */
export interface Pattern {
  readonly text: string
  /** What stands between the wildcards; a single one where there is none. */
  readonly pieces: readonly string[]
}

/** A name that is longer is none that a provider or a client has. */
export const nameCharsMax = 500

export const patternOf = (text: string): Pattern => ({ text, pieces: text.toLowerCase().split(/\*+/) })

/** Each piece is taken where it is found first: what is left for those behind it cannot be more in any other place. */
export function matches({ pieces }: Pattern, name: string): boolean {
  const folded = name.toLowerCase()
  const [first = '', ...rest] = pieces
  const last = rest.pop()
  if (last === undefined) return folded === first
  if (folded.length < first.length + last.length) return false
  if (!folded.startsWith(first) || !folded.endsWith(last)) return false
  const middle = folded.slice(0, folded.length - last.length)
  let at = first.length
  for (const piece of rest) {
    const found = middle.indexOf(piece, at)
    if (found === -1) return false
    at = found + piece.length
  }
  return true
}
