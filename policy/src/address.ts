/** Addresses and networks as bytes, without anything of Node: policies are read in a browser as well. */

/** Four bytes or sixteen. */
export type AddressBytes = readonly number[]

export interface Network {
  readonly bytes: AddressBytes
  readonly bits: number
}

/** An address in canonical text (as `canonicalHost` gives it), or null where it is none. */
export function addressBytes(text: string): AddressBytes | null {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) {
    const bytes = text.split('.').map(Number)
    return bytes.every((byte) => byte <= 255) ? bytes : null
  }
  return text.includes(':') ? sixBytes(text) : null
}

function sixBytes(text: string): AddressBytes | null {
  if (!/^[0-9a-f:]+$/.test(text)) return null
  const halves = text.split('::')
  if (halves.length > 2) return null
  const groups = (half: string | undefined) => (half === undefined || half === '' ? [] : half.split(':'))
  const head = groups(halves[0])
  const tail = groups(halves[1])
  const missing = 8 - head.length - tail.length
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null
  const all = [...head, ...Array<string>(missing).fill('0'), ...tail]
  if (!all.every((group) => /^[0-9a-f]{1,4}$/.test(group))) return null
  return all.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff])
}

/** `::ffff:a.b.c.d` is that address of version 4 to whoever dials it, and so it is to rules. */
export function unmapped(bytes: AddressBytes): AddressBytes {
  const mapped = bytes.length === 16 && bytes.slice(0, 10).every((byte) => byte === 0)
  return mapped && bytes[10] === 0xff && bytes[11] === 0xff ? bytes.slice(12) : bytes
}

export function inNetwork({ bytes, bits }: Network, address: AddressBytes): boolean {
  if (bytes.length !== address.length) return false
  const whole = bits >> 3
  for (let at = 0; at < whole; at += 1) if (bytes[at] !== address[at]) return false
  const rest = bits & 7
  return rest === 0 || bytes[whole]! >> (8 - rest) === address[whole]! >> (8 - rest)
}
