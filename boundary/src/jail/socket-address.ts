/** A `sockaddr` as a process hands it to `connect`. */
export type SocketAddress =
  | { readonly family: 'inet' | 'inet6'; readonly address: string; readonly port: number }
  /** Of the file system, or abstract, where its bytes are a name by themselves. */
  | { readonly family: 'unix'; readonly path: string | null; readonly abstract: Buffer | null }
  | { readonly family: 'other' }

const AF_UNIX = 1
const AF_INET = 2
const AF_INET6 = 10
const mapped = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff])

export function parseSocketAddress(bytes: Buffer): SocketAddress {
  const family = bytes.length < 2 ? -1 : bytes.readUInt16LE(0)
  if (family === AF_INET && bytes.length >= 8) {
    return { family: 'inet', address: bytes.subarray(4, 8).join('.'), port: bytes.readUInt16BE(2) }
  }
  if (family === AF_INET6 && bytes.length >= 24) {
    const address = bytes.subarray(8, 24)
    const inner = address.subarray(0, 12).equals(mapped)
    return { family: 'inet6', address: inner ? address.subarray(12).join('.') : colons(address), port: bytes.readUInt16BE(2) } // prettier-ignore
  }
  if (family === AF_UNIX && bytes.length > 2) {
    const name = bytes.subarray(2)
    if (name[0] === 0) return { family: 'unix', path: null, abstract: Buffer.from(bytes) }
    const end = name.indexOf(0)
    return { family: 'unix', path: name.toString('utf8', 0, end === -1 ? undefined : end), abstract: null }
  }
  return { family: 'other' }
}

function colons(address: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, i) => address.readUInt16BE(2 * i).toString(16)).join(':')
  // The URL parser has the one canonical form.
  return new URL(`http://[${groups}]/`).hostname.slice(1, -1)
}

/** An IPv4 address for a socket of either family; an IPv6 address for one of its own. */
export function inetSocketAddress(family: 'inet' | 'inet6', address: string, port: number): Buffer {
  if (family === 'inet') {
    const bytes = Buffer.alloc(16)
    bytes.writeUInt16LE(AF_INET, 0)
    bytes.writeUInt16BE(port, 2)
    Buffer.from(address.split('.').map(Number)).copy(bytes, 4)
    return bytes
  }
  const bytes = Buffer.alloc(28)
  bytes.writeUInt16LE(AF_INET6, 0)
  bytes.writeUInt16BE(port, 2)
  if (address.includes(':')) groupsOf(address).forEach((group, i) => bytes.writeUInt16BE(group, 8 + 2 * i))
  else Buffer.concat([mapped, Buffer.from(address.split('.').map(Number))]).copy(bytes, 8)
  return bytes
}

function groupsOf(address: string): readonly number[] {
  const [before = '', after] = address.split('::')
  const numbers = (text: string) => (text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16)))
  const [first, last] = [numbers(before), after === undefined ? [] : numbers(after)]
  return after === undefined ? first : [...first, ...Array<number>(8 - first.length - last.length).fill(0), ...last]
}

/** Null where the path is too long for a socket's address. */
export function unixSocketAddress(path: string): Buffer | null {
  const name = Buffer.from(path)
  if (name.length > 107) return null
  const head = Buffer.alloc(2)
  head.writeUInt16LE(AF_UNIX, 0)
  return Buffer.concat([head, name, Buffer.alloc(1)])
}

/** `127.64.0.1` and on: which connection it is, by where it comes from. */
export const numberOfAddress = (address: string): number =>
  address.replace(/^::ffff:/, '').split('.').reduce((sum, part) => sum * 256 + Number(part), 0) // prettier-ignore
