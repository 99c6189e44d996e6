/**
 * Patterns that operators write, for addresses that come from anywhere. A pattern is refused unless matching it is sure
 * to take little time: it is short, has few parts that repeat without bound, and none of them inside of another; and it
 * is tried on short addresses only.
 */
const patternCharsMax = 256
const addressCharsMax = 512
const unboundedMax = 3

/** What is wrong with a pattern; null for one that can be used. */
export function patternProblem(pattern: string): string | null {
  if (pattern.length > patternCharsMax) return `is longer than ${patternCharsMax} characters`
  if (!isPattern(pattern)) return 'is not a regular expression'
  if (/\\[1-9k]|\(\?<?[=!]/.test(pattern)) return 'must not refer back or look around'
  return repetitionProblem(pattern)
}

function isPattern(text: string): boolean {
  try {
    return new RegExp(text, 'u').unicode
  } catch {
    return false
  }
}

export function matchesPattern(pattern: string, address: string): boolean {
  if (pattern === '' || address.length > addressCharsMax) return false
  return new RegExp(pattern, 'iu').test(address)
}

/** Walks the pattern once, with the groups that are open, and looks at what each quantifier repeats. */
function repetitionProblem(pattern: string): string | null {
  // Character classes and escapes count as one letter each: what is in them repeats nothing.
  const plain = pattern.replaceAll(/\\(?:[pPux]\{[^}]*\}|.)/gsu, 'x').replaceAll(/\[[^\]]*\]/gu, 'x')
  const open: { repeats: boolean }[] = [{ repeats: false }]
  let closed = { repeats: false }
  let unbounded = 0
  for (let at = 0; at < plain.length; at++) {
    const letter = plain[at]!
    if (letter === '(') open.push({ repeats: false })
    else if (letter === ')') {
      closed = open.pop() ?? closed
      if (closed.repeats) open.at(-1)!.repeats = true
    }
    const quantifier = /^(?:[*+]|\{(\d+)(,?)(\d*)\})/.exec(plain.slice(at))
    if (quantifier === null) continue
    const [, least, comma, most] = quantifier
    const isUnbounded = least === undefined || (comma === ',' && most === '')
    const times = Number(most === '' || most === undefined ? (least ?? 0) : most)
    if (!isUnbounded && times > 100) return 'repeats a part more than 100 times'
    if (plain[at - 1] === ')' && closed.repeats) return 'repeats a part that itself repeats'
    open.at(-1)!.repeats = true
    if (isUnbounded && ++unbounded > unboundedMax) return `has more than ${unboundedMax} parts that repeat without end`
  }
  return null
}
