import { createKeyStack, keyName } from './scan-keys.ts'

/** Where something lies in the bytes: from the first byte up to, not including, `to`. */
export interface Range {
  readonly from: number
  readonly to: number
}

/** One member of the outermost object. */
export interface Member extends Range {
  readonly key: string
}

/** The outermost object of a body: where each of its members' values lies, and the elements of one of its arrays. */
export interface Scan {
  readonly members: readonly Member[]
  /** Elements of the array that was asked for. */
  readonly elements: readonly Range[]
}

export type ScanResult = { readonly ok: true; readonly scan: Scan } | { readonly ok: false; readonly problem: string }

export interface ScanRules {
  /** Keys that decisions rest on. They must be spelled exactly, so that nobody reads another value. */
  readonly decisive: readonly string[]
  /** Key of the array whose elements are told apart. */
  readonly elementsOf: string
}

/** What is known of a body that begins with the same `prefixBytes` bytes. */
export interface EarlierScan {
  readonly scan: Scan
  readonly prefixBytes: number
}

const depthMax = 500

/** What may come next. `first…` also allows the end of the container. */
const expect = { value: 0, firstValue: 1, key: 2, firstKey: 3, colon: 4, afterValue: 5 } as const

/** Bytes of numbers and of `true`, `false`, `null`. Whatever else stands outside a string is not JSON. */
const scalarByte = new Uint8Array(256)
for (const char of '0123456789+-.eEtrufalsn') scalarByte[char.charCodeAt(0)] = 1
/** Spelled like this a key is what every parser takes it for. */
const plainKey = /^[a-z0-9_]+$/
const scalar = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/

/**
 * Reads the structure of a JSON object without building values: strings are skipped with searches, and nothing inside
 * them is looked at. Anything that is not JSON in its structure is a problem, because two parsers could then disagree
 * about what it says; so is a key that occurs twice in one object, wherever that lies, a decisive key in another
 * spelling, and nesting past 500 levels.
 *
 * With an earlier scan of a body that begins alike, the work starts at the last member or element that ended before the
 * two part.
 */
export function scanObject(bytes: Buffer, rules: ScanRules, earlier?: EarlierScan): ScanResult {
  const members: Member[] = []
  const elements: Range[] = []
  // Bit per level: whether the container is an object. Level 1 is the outermost object.
  const isObject = new Uint8Array(depthMax + 1)
  const names = new Set<string>()
  const inner = createKeyStack(bytes)
  let depth = 0
  let at = 0
  let next: number = expect.value
  let memberKey = ''
  let memberFrom = -1
  let elementFrom = -1

  if (earlier !== undefined) resume(earlier)

  while (at < bytes.length) {
    const byte = bytes[at]!
    if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) {
      at++
      continue
    }
    if (next === expect.afterValue) {
      if (depth === 0) return broken('something follows the object')
      if (byte === 0x2c) next = isObject[depth] === 1 ? expect.key : expect.value
      else if (byte === (isObject[depth] === 1 ? 0x7d : 0x5d)) {
        closeContainer()
        continue
      } else return broken('a comma or a closing bracket is missing')
      at++
    } else if (next === expect.colon) {
      if (byte !== 0x3a) return broken('a colon is missing')
      at++
      next = expect.value
    } else if (next === expect.key || next === expect.firstKey) {
      if (byte === 0x7d && next === expect.firstKey) {
        closeContainer()
        continue
      }
      if (byte !== 0x22) return broken('a key is missing')
      const end = stringEnd(bytes, at)
      if (end === -1) return broken('a string does not end')
      if (depth === 1) {
        const problem = enterMember(at, end)
        if (problem !== null) return { ok: false, problem }
      } else {
        const problem = inner.add(at, end)
        if (problem !== null) return { ok: false, problem: `${problem} (byte ${at})` }
      }
      at = end
      next = expect.colon
    } else {
      if (byte === 0x5d && next === expect.firstValue) {
        closeContainer()
        continue
      }
      if (depth === 0 && byte !== 0x7b) return broken('it is not an object')
      if (depth === 1) memberFrom = at
      else if (depth === 2 && isObject[2] === 0 && memberKey === rules.elementsOf) elementFrom = at
      if (byte === 0x22) {
        const end = stringEnd(bytes, at)
        if (end === -1) return broken('a string does not end')
        at = end
        leaveValue()
      } else if (byte === 0x7b || byte === 0x5b) {
        if (depth === depthMax) return { ok: false, problem: `the body is nested deeper than ${depthMax} levels` }
        isObject[++depth] = byte === 0x7b ? 1 : 0
        if (depth > 1 && byte === 0x7b) inner.open()
        next = byte === 0x7b ? expect.firstKey : expect.firstValue
        at++
      } else {
        let end = at
        while (end < bytes.length && scalarByte[bytes[end]!] === 1) end++
        if (end - at > 400 || !scalar.test(bytes.toString('latin1', at, end))) return broken('a value cannot be read')
        at = end
        leaveValue()
      }
    }
  }
  if (depth !== 0 || next !== expect.afterValue) return broken(bytes.length === 0 ? 'it is empty' : 'it ends too early')
  return { ok: true, scan: { members, elements } }

  function closeContainer(): void {
    if (depth > 1 && isObject[depth] === 1) inner.close()
    depth--
    at++
    leaveValue()
  }

  /** A value has ended at `at`: of the outermost object, of the array that was asked for, or of no interest. */
  function leaveValue(): void {
    next = expect.afterValue
    if (depth === 1) members.push({ key: memberKey, from: memberFrom, to: at })
    else if (depth === 2 && elementFrom !== -1) {
      elements.push({ from: elementFrom, to: at })
      elementFrom = -1
    }
  }

  function enterMember(from: number, to: number): string | null {
    const key = keyName(bytes, from, to)
    if (key === null) return 'a key of the body is not a string that JSON allows'
    // Compared the way the most lenient parsers compare names, so that none of them finds another value than this one.
    const folded = plainKey.test(key) ? key : key.normalize('NFKC').toUpperCase().toLowerCase()
    if (key !== folded && rules.decisive.includes(folded)) {
      return `the body names "${folded}" in a spelling that parsers read differently`
    }
    if (names.has(key)) return `the body names "${key}" more than once`
    names.add(key)
    memberKey = key
    return null
  }

  function resume({ scan, prefixBytes }: EarlierScan): void {
    // A value that ends right where the bodies part could go on in this one, so it must end before.
    for (const member of scan.members) if (member.to < prefixBytes) members.push(member)
    for (const element of scan.elements) if (element.to < prefixBytes) elements.push(element)
    const inside = scan.members[members.length]
    for (const { key } of members) names.add(key)
    const lastMember = members.at(-1)
    const lastElement = elements.at(-1)
    isObject[1] = 1
    if (inside?.key === rules.elementsOf && lastElement !== undefined) {
      memberKey = inside.key
      names.add(inside.key)
      memberFrom = inside.from
      depth = 2
      at = lastElement.to
      next = expect.afterValue
    } else if (lastMember !== undefined) {
      depth = 1
      at = lastMember.to
      next = expect.afterValue
    }
  }

  function broken(what: string): ScanResult {
    return { ok: false, problem: `the body is not a JSON object that can be read: ${what} (byte ${at})` }
  }
}

/** So many bytes are looked at one by one before a search through native code, which costs more to begin. */
const nearBytes = 32

/** The index after the closing quote of the string that opens at `from`; -1 when it does not close. */
function stringEnd(bytes: Buffer, from: number): number {
  let at = from + 1
  for (;;) {
    for (const near = Math.min(bytes.length, at + nearBytes); at < near; at++) {
      const byte = bytes[at]
      if (byte === 0x22) return at + 1
      if (byte === 0x5c) at++
    }
    // From a byte that no escape covers, the next quote with an even number of backslashes before it ends the string.
    const start = at
    at = bytes.indexOf(0x22, start)
    if (at === -1) return -1
    let slashes = 0
    while (at - 1 - slashes >= start && bytes[at - 1 - slashes] === 0x5c) slashes++
    if (slashes % 2 === 0) return at + 1
    at++
  }
}
