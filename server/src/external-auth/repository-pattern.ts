import { RE2JS } from 're2js'

/**
 * Patterns that operators write, for addresses that come from anywhere: matched by an engine whose time grows with the
 * address and not with the cleverness of the pattern.
 */
const patternCharsMax = 1_000
const addressCharsMax = 2_000

/** What is wrong with a pattern; null for one that can be used. */
export function patternProblem(pattern: string): string | null {
  if (pattern.length > patternCharsMax) return `is longer than ${patternCharsMax} characters`
  try {
    compile(pattern)
    return null
  } catch {
    return 'is no pattern in RE2 syntax, which has no look-around and no back-references'
  }
}

/** An empty pattern is for no address. */
export function matchesPattern(pattern: string, address: string): boolean {
  if (pattern === '' || address.length > addressCharsMax) return false
  return compile(pattern).matcher(address).find()
}

const compile = (pattern: string): RE2JS => RE2JS.compile(pattern, RE2JS.CASE_INSENSITIVE)
