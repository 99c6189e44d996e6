import { RE2JS } from 're2js'

/**
 * Patterns that people write are matched by an engine whose time grows with the text and not with the cleverness of the
 * pattern. Throws when it is no pattern; the settings do not take such a one.
 */
export function compilePattern(source: string): (text: string) => boolean {
  const pattern = RE2JS.compile(source)
  return (text) => pattern.matcher(text).find()
}

/** Why a text cannot be a pattern; null when it can. */
export function patternProblem(source: string): string | null {
  try {
    compilePattern(source)
    return null
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown)
    return `is no pattern in RE2 syntax (no look-around, no back-references): ${reason.slice(0, 200)}`
  }
}
