import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { Fault } from '@reeve/base'
import { readTar } from './read-tar.ts'
import { readZip } from './read-zip.ts'
import { type ArchiveLimits, archiveLimits, type SourceFile, tooLarge } from './source-file.ts'

const unzip = promisify(gunzip)

/**
 * The files of an uploaded template: tar, tar.gz or zip, told apart by how they begin. Whatever is not a plain file or
 * folder that stays below the template's own folder is refused, with a message that names the entry.
 */
export async function readArchive(bytes: Buffer, limits: ArchiveLimits = archiveLimits): Promise<SourceFile[]> {
  if (bytes.length > limits.packedBytesMax) {
    throw tooLarge(`the archive has ${bytes.length} bytes; at most ${limits.packedBytesMax} are taken`)
  }
  if (bytes.length === 0) throw new Fault('invalid', 'the archive is empty')
  if (bytes.subarray(0, 2).toString('latin1') === 'PK') return readZip(bytes, limits)
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b
  return readTar(isGzip ? await inflate(bytes, limits) : bytes, limits)
}

async function inflate(bytes: Buffer, limits: ArchiveLimits): Promise<Buffer> {
  // Each entry of a tar costs a header of 512 bytes and as much padding at most.
  const most = limits.unpackedBytesMax + limits.entriesMax * 1_024 + 10_240
  try {
    return await unzip(bytes, { maxOutputLength: most })
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE') {
      throw tooLarge(`the archive unpacks to more than ${limits.unpackedBytesMax} bytes`)
    }
    throw new Fault('invalid', 'the archive is damaged: it begins like gzip and cannot be unpacked', { cause })
  }
}
