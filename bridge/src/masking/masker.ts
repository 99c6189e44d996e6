import { createHmac } from 'node:crypto'
import { rules, rulesVersion } from './rules.ts'

/** A secret in some bytes, and what stands in its place: as many bytes, none of which needs escaping in JSON. */
export interface Find {
  readonly from: number
  readonly to: number
  readonly mask: string
  /** Equal for equal secrets, and of no use without the key. */
  readonly fingerprint: string
}

/**
 * Finds secrets and makes their masks:
 *
 *     sk-ant-api03-Zm9v…        [anthropic.1:Jt0cQ7xNw2Lk***…***]
 *
 * the rule, its version, and the first 12 characters of an HMAC of the secret. A mask is as long as what it stands for,
 * so that positions in what is kept are positions in what was sent. Where a secret is too short to be named it is stars.
 */
export interface Masker {
  /** The secrets in a text of one character a byte, in order. */
  find(text: string): Find[]
  /** The same text without them. */
  text(text: string): string
}

const fingerprintChars = 12
const anchors = new RegExp([...new Set(rules.map((rule) => rule.anchor))].join('|'), 'g')
/** By the character that their secrets begin with. */
const patterns = Map.groupBy(
  rules.flatMap(({ name, first, word = false, pattern }) =>
    [...first].map((char) => ({ name, char, word, regexp: new RegExp(pattern, 'dy') })),
  ),
  ({ char }) => char,
)

export function createMasker(key: Uint8Array): Masker {
  const fingerprintOf = (secret: string): string =>
    createHmac('sha256', key).update(secret, 'latin1').digest('base64url').slice(0, fingerprintChars)

  function find(text: string): Find[] {
    const finds: Find[] = []
    let end = -1
    anchors.lastIndex = 0
    for (let hit = anchors.exec(text); hit !== null; hit = anchors.exec(text)) {
      const found = findAt(text, hit.index, end)
      if (found === null) {
        // One anchor may begin inside another: `sk-----BEGIN …` is no key of the first form and one of the second.
        anchors.lastIndex = hit.index + 1
        continue
      }
      const secret = text.slice(found.from, found.to)
      const fingerprint = fingerprintOf(secret)
      finds.push({ from: found.from, to: found.to, mask: maskOf(found.name, fingerprint, secret.length), fingerprint })
      anchors.lastIndex = found.to
      end = found.to
    }
    return finds
  }

  return {
    find,
    text(text) {
      const finds = find(text)
      if (finds.length === 0) return text
      let masked = ''
      let at = 0
      for (const { from, to, mask } of finds) {
        masked += text.slice(at, from) + mask
        at = to
      }
      return masked + text.slice(at)
    },
  }
}

const gapBefore = /(?:[^A-Za-z0-9_-]|\\[bfnrt]|\\u[0-9A-Fa-f]{4}|%[0-9A-Fa-f]{2})$/

/** Not in the middle of a word. In JSON a word may follow an escape (`\n`, `\u003d`), in a URL `%3D`, without a gap. */
function beginsAt(text: string, at: number): boolean {
  return at === 0 || gapBefore.test(text.slice(Math.max(0, at - 6), at))
}

/** The first rule that finds a whole secret here, just after another one or not: the more special ones come first. */
function findAt(text: string, at: number, end: number): { name: string; from: number; to: number } | null {
  for (const { name, word, regexp } of patterns.get(text.charAt(at)) ?? []) {
    regexp.lastIndex = at
    const match = regexp.exec(text)
    if (match === null || (word && at !== end && !beginsAt(text, at))) continue
    const [from, to] = match.indices?.groups?.['secret'] ?? [at, at + match[0].length]
    return { name, from, to }
  }
  return null
}

function maskOf(rule: string, fingerprint: string, length: number): string {
  const named = `[${rule}.${rulesVersion}:${fingerprint}`
  return named.length + 1 > length ? '*'.repeat(length) : `${named.padEnd(length - 1, '*')}]`
}

/** Writes the masks over the secrets. */
export function applyMasks(bytes: Buffer, finds: readonly Find[]): void {
  for (const { from, mask } of finds) bytes.write(mask, from, 'latin1')
}
