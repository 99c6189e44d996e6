import { buffer } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { Fault, toError } from '@reeve/base'
import { typeOf } from './template-source.ts'

/** A file of a version. */
export interface ArchivedFile {
  readonly content: Uint8Array
  readonly executable: boolean
}

/** More than a server takes: it has looked at the archive, and this machine does not trust the server. */
const bytesMax = 128 * 1024 * 1024
const tooLarge = (): Fault => new Fault('too_large', `the archive unpacks to more than ${bytesMax} bytes`)

/** The files of an archive as it was pushed, by their paths, in one order. */
export async function readArchive(bytes: Uint8Array): Promise<Map<string, ArchivedFile>> {
  const files = new Map<string, ArchivedFile>()
  let left = bytesMax
  const keep = (name: string, content: Uint8Array, mode: number): void => {
    left -= content.length
    if (left < 0) throw tooLarge()
    files.set(name.replace(/^(?:\.\/)+/, ''), { content, executable: (mode & 0o100) !== 0 })
  }
  try {
    const type = typeOf(bytes)
    if (type === 'application/zip') await readZip(bytes, keep)
    else await readTar(type === 'application/gzip' ? await inflated(bytes) : bytes, keep)
  } catch (thrown) {
    if (thrown instanceof Fault) throw thrown
    throw new Fault('upstream', `the archive cannot be read: ${toError(thrown).message}`, { cause: thrown })
  }
  return new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1)))
}

type Keep = (name: string, content: Uint8Array, mode: number) => void

async function inflated(bytes: Uint8Array): Promise<Uint8Array> {
  return promisify(gunzip)(bytes, { maxOutputLength: bytesMax }).catch((thrown: NodeJS.ErrnoException) => {
    throw thrown.code === 'ERR_BUFFER_TOO_LARGE' ? tooLarge() : thrown
  })
}

async function readTar(bytes: Uint8Array, keep: Keep): Promise<void> {
  const { extract } = await import('tar-stream')
  const reader = extract()
  reader.end(bytes)
  for await (const entry of reader) {
    const content = await buffer(entry)
    const { name, type, mode = 0, size = 0 } = entry.header
    if (content.length !== size) throw new Fault('upstream', 'the archive ends in the middle of a file')
    if (type === 'file') keep(name, content, mode)
  }
}

async function readZip(bytes: Uint8Array, keep: Keep): Promise<void> {
  const { fromBufferPromise } = await import('yauzl')
  const zip = await fromBufferPromise(Buffer.from(bytes), { validateEntrySizes: true, lazyEntries: true })
  for await (const entry of zip.eachEntry()) {
    if (entry.fileName.endsWith('/')) continue
    if (entry.uncompressedSize > bytesMax) throw tooLarge()
    // The upper half of the attributes is the file's mode where the archive was made on a Unix.
    const mode = entry.externalFileAttributes >>> 16
    keep(entry.fileName, await buffer(await zip.openReadStreamPromise(entry)), mode)
  }
}
