import { type SecretRule, secretRules } from './secret-rules.ts'

/** A secret in a text: the rule that found it, and where it stands. */
export interface FoundSecret {
  readonly rule: string
  readonly from: number
  readonly to: number
}

interface Pattern {
  readonly rule: string
  readonly word: boolean
  readonly regexp: RegExp
}

interface Finder {
  readonly anchors: RegExp
  /** By the character that their secrets begin with. */
  readonly patterns: ReadonlyMap<string, readonly Pattern[]>
}

/** Made when first needed: the console carries this package and looks for no secrets. */
let made: Finder | null = null

/** The secrets of known forms in a text of one character a byte, in order. */
export function findSecrets(text: string): FoundSecret[] {
  made ??= makeFinder(secretRules)
  const { anchors, patterns } = made
  const finds: FoundSecret[] = []
  let end = -1
  anchors.lastIndex = 0
  for (let hit = anchors.exec(text); hit !== null; hit = anchors.exec(text)) {
    const found = findAt(patterns.get(text.charAt(hit.index)) ?? [], text, hit.index, end)
    if (found === null) {
      // One anchor may begin inside another: `sk-----BEGIN …` is no key of the first form and one of the second.
      anchors.lastIndex = hit.index + 1
      continue
    }
    finds.push(found)
    anchors.lastIndex = found.to
    end = found.to
  }
  return finds
}

/** The text with something else in the place of each secret. */
export function replaceSecrets(text: string, mask: (found: FoundSecret, secret: string) => string): string {
  const finds = findSecrets(text)
  if (finds.length === 0) return text
  let masked = ''
  let at = 0
  for (const found of finds) {
    masked += text.slice(at, found.from) + mask(found, text.slice(found.from, found.to))
    at = found.to
  }
  return masked + text.slice(at)
}

function makeFinder(rules: readonly SecretRule[]): Finder {
  return {
    anchors: new RegExp([...new Set(rules.map((rule) => rule.anchor))].join('|'), 'g'),
    patterns: Map.groupBy(
      rules.flatMap(({ name, first, word = false, pattern }) =>
        [...first].map((char) => ({ rule: name, char, word, regexp: new RegExp(pattern, 'dy') })),
      ),
      ({ char }) => char,
    ),
  }
}

/** The first rule that finds a whole secret here, just after another one or not: the more special ones come first. */
function findAt(patterns: readonly Pattern[], text: string, at: number, end: number): FoundSecret | null {
  for (const { rule, word, regexp } of patterns) {
    regexp.lastIndex = at
    const match = regexp.exec(text)
    if (match === null || (word && at !== end && !beginsAt(text, at))) continue
    const [from, to] = match.indices?.groups?.['secret'] ?? [at, at + match[0].length]
    return { rule, from, to }
  }
  return null
}

/** Not in the middle of a word. In JSON a word may follow an escape (`\n`, `\u003d`), in a URL `%3D`, without a gap. */
function beginsAt(text: string, at: number): boolean {
  return (
    at === 0 ||
    /(?:[^A-Za-z0-9_-]|\\[bfnrt]|\\u[0-9A-Fa-f]{4}|%[0-9A-Fa-f]{2})$/.test(text.slice(Math.max(0, at - 6), at))
  )
}
