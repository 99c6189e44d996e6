import { scanObject } from '../scan.ts'
import { isObject, type JsonObject, parseJson } from './json.ts'

/** Which keys of a format's answers decisions rest on. */
export interface StrictKeys {
  /** They must be spelled exactly: some clients fold case, or take a name with and without its underscores. */
  readonly decisive: ReadonlySet<string>
  /** The decisive ones as the most lenient parser reads them. */
  readonly folded: ReadonlySet<string>
  /** Members whose insides are somebody's own, with keys of any kind. No call is in them. */
  readonly opaque: ReadonlySet<string>
}

export function strictKeys(decisive: readonly string[], opaque: readonly string[]): StrictKeys {
  return { decisive: new Set(decisive), folded: new Set(decisive.map(foldedName)), opaque: new Set(opaque) }
}

const noRules = { decisive: [], elementsOf: '' } as const

/**
 * Reads an object, or a list of objects, of which every parser reads the same: no key twice in one object, and no
 * decisive one in another spelling. Null for anything else.
 */
export function readStrictly(text: string, keys: StrictKeys): readonly JsonObject[] | null {
  // In a member, so that what holds for an object holds for a list.
  if (!scanObject(Buffer.from(`{"":${text}}`), noRules).ok) return null
  const value = parseJson(text)
  const values = Array.isArray(value) ? value : [value]
  return values.every(isObject) && values.every((one) => isPlain(one, keys)) ? values : null
}

function isPlain(value: unknown, keys: StrictKeys): boolean {
  if (Array.isArray(value)) return value.every((one) => isPlain(one, keys))
  if (!isObject(value)) return true
  const seen = new Set<string>()
  for (const [key, inner] of Object.entries(value)) {
    const folded = foldedName(key)
    if (keys.folded.has(folded)) {
      if (seen.has(folded) || !keys.decisive.has(key)) return false
      seen.add(folded)
    }
    if (!keys.opaque.has(key) && !isPlain(inner, keys)) return false
  }
  return true
}

function foldedName(key: string): string {
  return key.normalize('NFKC').toUpperCase().toLowerCase().replaceAll('_', '')
}

/** Every object in a value, itself included, but for what is inside opaque members. */
export function* objectsIn(value: unknown, { opaque }: Pick<StrictKeys, 'opaque'>): Generator<JsonObject> {
  if (Array.isArray(value)) {
    for (const one of value) yield* objectsIn(one, { opaque })
  } else if (isObject(value)) {
    yield value
    for (const [key, inner] of Object.entries(value)) if (!opaque.has(key)) yield* objectsIn(inner, { opaque })
  }
}

/** The calls of them all; null when one of them cannot be read. */
export function all<Call>(found: Iterable<Call | null>): readonly Call[] | null {
  const calls: Call[] = []
  for (const call of found) {
    if (call === null) return null
    calls.push(call)
  }
  return calls
}
