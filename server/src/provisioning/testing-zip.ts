import { crc32, deflateRawSync } from 'node:zlib'

export interface ZipTestEntry {
  readonly name: string
  readonly text: string
  /** As Unix has it, type included. */
  readonly mode: number
  readonly deflate?: boolean
  /** What the archive says that the entry unpacks to, where it lies. */
  readonly claimedBytes?: number
}

/** A zip archive as tests want it, attacks included, which makers of archives would not write. */
export function zip(...entries: ZipTestEntry[]): Buffer {
  const locals: Buffer[] = []
  const central: Buffer[] = []
  let offset = 0
  for (const { name, text, mode, deflate = false, claimedBytes } of entries) {
    const nameBytes = Buffer.from(name)
    const plain = Buffer.from(text, 'utf8')
    const data = deflate ? deflateRawSync(plain) : plain
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt16LE(0x0800, 2)
    common.writeUInt16LE(deflate ? 8 : 0, 4)
    common.writeUInt32LE(crc32(plain), 10)
    common.writeUInt32LE(data.length, 14)
    common.writeUInt32LE(claimedBytes ?? plain.length, 18)
    common.writeUInt16LE(nameBytes.length, 22)
    const local = Buffer.concat([Buffer.from('PK\u0003\u0004'), common, nameBytes, data])
    const tail = Buffer.alloc(14)
    tail.writeUInt32LE((mode << 16) >>> 0, 6)
    tail.writeUInt32LE(offset, 10)
    // Made on a Unix, by version 3.0.
    central.push(Buffer.from('PK\u0001\u0002'), Buffer.from([30, 3]), common, tail, nameBytes)
    locals.push(local)
    offset += local.length
  }
  const directory = Buffer.concat(central)
  const end = Buffer.alloc(18)
  end.writeUInt16LE(entries.length, 4)
  end.writeUInt16LE(entries.length, 6)
  end.writeUInt32LE(directory.length, 8)
  end.writeUInt32LE(offset, 12)
  return Buffer.concat([...locals, directory, Buffer.from('PK\u0005\u0006'), end])
}
