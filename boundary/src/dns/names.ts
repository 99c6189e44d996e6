import { addressBytes, addressText } from '../dial/address-bytes.ts'

/**
 * The addresses that names have inside the sandbox. None of them exists outside: a connection to one is a connection to the
 * name, and only the supervisor ever asks what address that name has in the world. Once given, an address stays the name's
 * for the whole session.
 */
export interface Names {
  /** The name's own addresses, given at the first asking; null when there are no more. */
  addressesOf(name: string): Addresses | null
  /** What every name that nothing allows answers with: the page there says why. */
  readonly denied: Addresses
  /** Whose address it is; null where it is nobody's. */
  nameOf(address: string): string | 'denied' | null
}

export interface Addresses {
  readonly four: string
  readonly six: string
}

/** For benchmarks of networks, so that it meets no real one (RFC 2544); and a network of our own (RFC 4193). */
const fourBase = addressBytes('198.18.0.0')
const sixBase = addressBytes('fd5a:72e3:766e:1::')
const mappedPrefix = addressBytes('::ffff:0:0').subarray(0, 12)
/** The first addresses are kept for the resolver and for names that were denied. */
const firstIndex = 256
const deniedIndex = 2

export function createNames({ namesMax = 65_536 }: { namesMax?: number } = {}): Names {
  const indexes = new Map<string, number>()
  const names: string[] = []
  return {
    denied: addressesAt(deniedIndex),
    addressesOf(name) {
      let index = indexes.get(name)
      if (index === undefined) {
        if (names.length >= namesMax) return null
        index = firstIndex + names.length
        names.push(name)
        indexes.set(name, index)
      }
      return addressesAt(index)
    },
    nameOf(address) {
      const index = indexOf(address)
      if (index === null) return null
      return index === deniedIndex ? 'denied' : (names[index - firstIndex] ?? null)
    },
  }
}

function addressesAt(index: number): Addresses {
  const four = Buffer.from(fourBase)
  four.writeUInt32BE(fourBase.readUInt32BE() + index)
  const six = Buffer.from(sixBase)
  six.writeUInt32BE(index, 12)
  return { four: addressText(four), six: addressText(six) }
}

function indexOf(address: string): number | null {
  let bytes: Buffer
  try {
    bytes = addressBytes(address)
  } catch {
    return null
  }
  // A socket of both families shows one of version 4 in its mapped form.
  if (bytes.length === 16 && bytes.subarray(0, 12).equals(mappedPrefix)) bytes = bytes.subarray(12)
  if (bytes.length === 4) {
    const index = bytes.readUInt32BE() - fourBase.readUInt32BE()
    return index >= 0 && index < 131_072 ? index : null
  }
  return bytes.subarray(0, 12).equals(sixBase.subarray(0, 12)) ? bytes.readUInt32BE(12) : null
}
