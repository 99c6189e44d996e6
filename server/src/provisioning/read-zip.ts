import { buffer } from 'node:stream/consumers'
import { Fault, toError } from '@reeve/base'
import { type Entry, fromBufferPromise } from 'yauzl'
import { type ArchiveEntry, type ArchiveLimits, entryJudge, refused, type SourceFile } from './source-file.ts'

const fileTypes = 0o170000
const typeNames: Readonly<Record<number, string>> = {
  0o120000: 'a symbolic link',
  0o020000: 'a device',
  0o060000: 'a device',
  0o010000: 'a named pipe',
  0o140000: 'a socket',
}

/** What an entry unpacks to is bounded before it is unpacked: yauzl ends one that is longer than it says. */
export async function readZip(bytes: Buffer, limits: ArchiveLimits): Promise<SourceFile[]> {
  const judge = entryJudge(limits)
  const files: SourceFile[] = []
  try {
    const zip = await fromBufferPromise(bytes, { strictFileNames: true, validateEntrySizes: true, lazyEntries: true })
    for await (const entry of zip.eachEntry()) {
      const described = asEntry(entry)
      const { path, keep } = judge(described)
      if (entry.isEncrypted()) throw refused(entry.fileName, 'is encrypted')
      if (!keep) continue
      const content = await buffer(await zip.openReadStreamPromise(entry))
      files.push({ path, content, executable: (described.mode & 0o100) !== 0 })
    }
  } catch (thrown) {
    if (thrown instanceof Fault) throw thrown
    const why = toError(thrown).message
    throw new Fault('invalid', `the zip archive is refused or damaged: ${why}`, { cause: thrown })
  }
  return files
}

/** The upper half of the attributes is the file's mode where the archive was made on a Unix; elsewhere it is zero. */
function asEntry(entry: Entry): ArchiveEntry {
  const mode = entry.externalFileAttributes >>> 16
  const type = mode & fileTypes
  const isFolder = entry.fileName.endsWith('/') || type === 0o040000
  const kindName = typeNames[type]
  const kind = kindName !== undefined ? 'other' : isFolder ? 'folder' : 'file'
  return { path: entry.fileName, kind, kindName: kindName ?? '', mode: mode & 0o7777, bytes: entry.uncompressedSize }
}
