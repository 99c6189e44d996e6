import { isIP } from 'node:net'

/** The bytes of an address in network order, 4 or 16; throws where it is none. */
export function addressBytes(address: string): Buffer {
  const family = isIP(address)
  if (family === 4) return Buffer.from(address.split('.').map(Number))
  if (family !== 6) throw new RangeError(`${JSON.stringify(address)} is not an address`)
  // A URL has the one form of it, in hexadecimal throughout; a zone is about this machine and no part of it.
  const plain = new URL(`http://[${address.replace(/%.*$/, '')}]/`).hostname.slice(1, -1)
  const [head, tail] = plain.split('::').map((half) => (half === '' ? [] : half.split(':')))
  const zeros = Array<string>(8 - head!.length - (tail?.length ?? 0)).fill('0')
  return Buffer.from([...head!, ...zeros, ...(tail ?? [])].map((group) => group.padStart(4, '0')).join(''), 'hex')
}

/** Their text: `198.18.0.1`, `fd00::1`. */
export function addressText(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.')
  const groups = Array.from({ length: 8 }, (_, at) => bytes.readUInt16BE(at * 2).toString(16))
  return new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1)
}
