/**
 * A name can carry a message: `<secret>.allowed.example` reaches whoever answers for `allowed.example`. Where a rule allows
 * every name under a domain, only names that look like names are looked up, and only so many of them. A name that a rule spells out carries nothing.
 */
export interface NameLimits {
  readonly namesPerParent: number
  readonly labelsMax: number
  readonly lengthMax: number
}

export const defaultNameLimits: NameLimits = { namesPerParent: 512, labelsMax: 10, lengthMax: 160 }

export type NameGate = (name: string) => boolean

/** The answer for a name stays the same while the policy does. */
export function createNameGate(
  spelledOut: (name: string) => boolean,
  limits: NameLimits = defaultNameLimits,
): NameGate {
  const children = new Map<string, Set<string>>()
  return (name) => {
    if (spelledOut(name)) return true
    const labels = name.split('.')
    if (name.length > limits.lengthMax || labels.length > limits.labelsMax) return false
    if (labels.some((label) => looksLikeData(label))) return false
    if (labels.length < 3) return true
    // Without a list of public suffixes: what is under the last two labels, or three where they look like `co.uk`.
    const suffix = labels.at(-1)!.length === 2 && labels.at(-2)!.length <= 3
    const parent = labels.slice(suffix ? -3 : -2).join('.')
    const known = children.get(parent) ?? new Set()
    children.set(parent, known)
    if (known.has(name)) return true
    if (known.size >= limits.namesPerParent) return false
    known.add(name)
    return true
  }
}

/** Long, and its letters as even as those of something encoded: 32 hexadecimal digits pass, they name things often. */
function looksLikeData(label: string): boolean {
  return label.length > 40 && !label.startsWith('xn--') && bitsPerLetter(label) > 3.5
}

function bitsPerLetter(text: string): number {
  const counts = new Map<string, number>()
  for (const letter of text) counts.set(letter, (counts.get(letter) ?? 0) + 1)
  let bits = 0
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length)
  return bits
}
