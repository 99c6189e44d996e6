const keyCharsMax = 256

/** The key between two quotes, with escapes resolved; null when it is not a JSON string. */
export function keyName(bytes: Buffer, from: number, to: number): string | null {
  const raw = bytes.toString('utf8', from, to)
  if (!raw.includes('\\')) return raw.slice(1, -1).slice(0, keyCharsMax)
  try {
    const key: unknown = JSON.parse(raw)
    return typeof key === 'string' ? key.slice(0, keyCharsMax) : null
  } catch {
    // An escape that JSON does not know: some parser may still read a name out of it.
    return null
  }
}

/** The keys of the objects that are open while a body is read, innermost last. */
export interface KeyStack {
  open(): void
  close(): void
  /** The key between these two quotes is in the innermost object. Says what is wrong with that, if anything is. */
  add(from: number, to: number): string | null
}

/** Of an object with more keys than this, they are looked up instead of compared one by one. */
const fewKeys = 24

/**
 * Finds keys that occur twice in one object. Of two values of one key some parsers take the first and some the last, so
 * that the provider could be asked something else than what the record shows. Most objects have a handful of short keys:
 * these are compared by a number that is made of their bytes, and their bytes only where the numbers are equal.
 */
export function createKeyStack(bytes: Buffer): KeyStack {
  const hashes: number[] = []
  const froms: number[] = []
  const tos: number[] = []
  let count = 0
  const begins: number[] = []
  /** Names of the keys of each open object; only where they are looked up. */
  const many: (Set<string> | null)[] = []

  /** From here on by name: of an object with many keys, or with one that can be spelled in several ways. */
  function byName(begin: number): Set<string> {
    const names = new Set<string>()
    for (let index = begin; index < count; index++) names.add(bytes.toString('latin1', froms[index], tos[index]))
    many[many.length - 1] = names
    return names
  }

  function addByName(seen: Set<string>, quote: number, end: number): string | null {
    const name = exactName(bytes, quote, end)
    if (name === null) return 'a key of the body is not a string that JSON allows'
    if (seen.has(name)) return twice(quote + 1, end - 1)
    seen.add(name)
    return null
  }

  function twice(from: number, to: number): string {
    return `the body names "${bytes.toString('utf8', from, Math.min(to, from + 64))}" more than once in one object`
  }

  return {
    open() {
      begins.push(count)
      many.push(null)
    },
    close() {
      count = begins.pop() ?? 0
      many.pop()
    },
    add(quote, end) {
      const from = quote + 1
      const to = end - 1
      const begin = begins.at(-1) ?? 0
      let hash = 0
      let named = many.at(-1) ?? null
      for (let at = from; named === null && at < to; at++) {
        const byte = bytes[at]!
        if (byte === 0x5c) named = byName(begin)
        hash = (Math.imul(hash, 31) + byte) | 0
      }
      if (named !== null) return addByName(named, quote, end)
      for (let index = begin; index < count; index++) {
        if (hashes[index] === hash && bytes.compare(bytes, froms[index], tos[index], from, to) === 0) {
          return twice(from, to)
        }
      }
      if (count - begin === fewKeys) return addByName(byName(begin), quote, end)
      hashes[count] = hash
      froms[count] = from
      tos[count] = to
      count++
      return null
    },
  }
}

/** The key whole, byte by byte, so that no two become one; null when it is not a JSON string. */
function exactName(bytes: Buffer, quote: number, end: number): string | null {
  const plain = bytes.toString('latin1', quote + 1, end - 1)
  if (!plain.includes('\\')) return plain
  try {
    const key: unknown = JSON.parse(bytes.toString('utf8', quote, end))
    return typeof key === 'string' ? Buffer.from(key).toString('latin1') : null
  } catch {
    return null
  }
}
