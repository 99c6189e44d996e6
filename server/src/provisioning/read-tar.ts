import { Fault, toError } from '@reeve/base'
import { extract, type Headers } from 'tar-stream'
import { type ArchiveEntry, type ArchiveLimits, entryJudge, type SourceFile } from './source-file.ts'

const kindNames: Readonly<Record<string, string>> = {
  symlink: 'a symbolic link',
  link: 'a hard link',
  'character-device': 'a device',
  'block-device': 'a device',
  fifo: 'a named pipe',
}

export async function readTar(bytes: Buffer, limits: ArchiveLimits): Promise<SourceFile[]> {
  const judge = entryJudge(limits)
  const files: SourceFile[] = []
  const reader = extract()
  reader.end(bytes)
  try {
    for await (const entry of reader) {
      const { header } = entry
      const { path, keep } = judge(asEntry(header))
      const chunks: Buffer[] = []
      for await (const chunk of entry) chunks.push(chunk)
      const content = Buffer.concat(chunks)
      if (content.length !== (header.size ?? 0)) throw new Error('it ends in the middle of a file')
      if (keep) files.push({ path, content, executable: ((header.mode ?? 0) & 0o100) !== 0 })
    }
  } catch (thrown) {
    if (thrown instanceof Fault) throw thrown
    const why = toError(thrown).message
    throw new Fault('invalid', `this is not a tar, tar.gz or zip archive, or it is damaged: ${why}`, { cause: thrown })
  }
  return files
}

function asEntry(header: Headers): ArchiveEntry {
  const type = header.type ?? 'file'
  const kind = type === 'file' ? 'file' : type === 'directory' ? 'folder' : 'other'
  const kindName = kindNames[type] ?? 'of a kind that templates do not have'
  return { path: header.name, kind, kindName, mode: header.mode ?? 0, bytes: header.size ?? 0 }
}
