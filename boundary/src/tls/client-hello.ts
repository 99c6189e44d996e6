/**
 * The first message of a TLS client (RFC 8446 4.1.2), read before anything is answered: which server it names, what it
 * would speak, and whether it hides the name. It may come in several records and in any pieces.
 */
export interface ClientHello {
  /** As it stands there; null where there is none. */
  readonly serverName: string | null
  readonly protocols: readonly string[]
  /**
   * It carries an encrypted hello (RFC 9849). Who has none to send puts a fake there to look like the others, and nobody in
   * between can tell; answered by someone without the key, an honest client goes on with the outer name or gives up.
   */
  readonly encrypted: boolean
}

/** `more`: not all of it is there yet; `broken`: it is none. */
export type HelloReading = ClientHello | 'more' | 'broken'

const helloBytesMax = 65_536

export function readClientHello(bytes: Buffer): HelloReading {
  const message = handshakeMessage(bytes)
  if (typeof message === 'string') return message
  try {
    return readHello(message)
  } catch {
    return 'broken'
  }
}

/** The handshake message without the records around it. */
function handshakeMessage(bytes: Buffer): Buffer | 'more' | 'broken' {
  let message = Buffer.alloc(0)
  let at = 0
  for (let records = 0; records < recordsMax; records += 1) {
    if (message.length > 0 && message[0] !== clientHello) return 'broken'
    if (message.length >= 4) {
      const end = 4 + message.readUIntBE(1, 3)
      if (end > helloBytesMax) return 'broken'
      if (message.length >= end) return message.subarray(4, end)
    }
    if (bytes.length > at && bytes[at] !== handshakeRecord) return 'broken'
    if (bytes.length > at + 1 && bytes[at + 1] !== 3) return 'broken'
    if (bytes.length < at + 5) return 'more'
    const length = bytes.readUInt16BE(at + 3)
    if (length === 0 || length > 16_384) return 'broken'
    if (bytes.length < at + 5 + length) return 'more'
    message = Buffer.concat([message, bytes.subarray(at + 5, at + 5 + length)])
    at += 5 + length
  }
  return 'broken'
}
const handshakeRecord = 22
const clientHello = 1
/** Honest clients send one to a few; thousands of tiny ones are work for nothing. */
const recordsMax = 64

/** Reads forward and throws at the end of what there is. */
class Reader {
  readonly #bytes: Buffer
  #at = 0
  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }
  get left(): number {
    return this.#bytes.length - this.#at
  }
  number(size: 1 | 2): number {
    return this.take(size).readUIntBE(0, size)
  }
  take(size: number): Buffer {
    if (size > this.left) throw new RangeError('cut off')
    this.#at += size
    return this.#bytes.subarray(this.#at - size, this.#at)
  }
  /** What a length of so many bytes announces. */
  block(size: 1 | 2): Reader {
    return new Reader(this.take(this.number(size)))
  }
}

function readHello(message: Buffer): ClientHello | 'broken' {
  const hello = new Reader(message)
  hello.take(2 + 32)
  hello.block(1)
  hello.block(2)
  hello.block(1)
  let serverName: string | null = null
  let protocols: string[] = []
  let encrypted = false
  const seen = new Set<number>()
  const extensions = hello.left === 0 ? new Reader(Buffer.alloc(0)) : hello.block(2)
  while (extensions.left > 0) {
    const type = extensions.number(2)
    const body = extensions.block(2)
    // Two of one kind would be read in two ways.
    if (seen.has(type)) return 'broken'
    seen.add(type)
    if (type === 0) serverName = readServerName(body)
    else if (type === 16) protocols = readProtocols(body)
    else if (type === 0xfe0d || type === 0xffce) encrypted = true
  }
  return hello.left === 0 ? { serverName, protocols, encrypted } : 'broken'
}

function readServerName(body: Reader): string {
  const list = body.block(2)
  const type = list.number(1)
  const name = list.block(2)
  if (type !== 0 || list.left !== 0 || body.left !== 0) throw new RangeError('one host name is all there can be')
  return name.take(name.left).toString('latin1')
}

function readProtocols(body: Reader): string[] {
  const list = body.block(2)
  const protocols: string[] = []
  while (list.left > 0) {
    const protocol = list.block(1)
    protocols.push(protocol.take(protocol.left).toString('latin1'))
  }
  return protocols
}
