import { Fault } from '@reeve/base'

/** A file of a template's source, by its path below the template's folder. */
export interface SourceFile {
  readonly path: string
  readonly content: Buffer
  readonly executable: boolean
}

export interface ArchiveLimits {
  readonly packedBytesMax: number
  readonly unpackedBytesMax: number
  /** Folders count as well: they cost an inode each. */
  readonly entriesMax: number
}

export const archiveLimits: ArchiveLimits = {
  packedBytesMax: 10 * 1024 * 1024,
  unpackedBytesMax: 64 * 1024 * 1024,
  entriesMax: 5_000,
}

export interface ArchiveEntry {
  readonly path: string
  readonly kind: 'file' | 'folder' | 'other'
  /** In words, where it is neither a file nor a folder. */
  readonly kindName: string
  readonly mode: number
  readonly bytes: number
}

/**
 * Judges the entries of an archive, one after the other, whatever format they come in. Refused is everything that would
 * make the files differ from what the archive says, or reach out of the folder they are unpacked to: on this machine or
 * on one whose file names ignore case.
 */
export function entryJudge(limits: ArchiveLimits) {
  /** By the name that a file system that ignores case would know it by. */
  const seen = new Map<string, { path: string; kind: ArchiveEntry['kind'] }>()
  let entries = 0
  let bytes = 0
  return (entry: ArchiveEntry): { path: string; keep: boolean } => {
    if (++entries > limits.entriesMax) throw tooLarge(`the archive has more than ${limits.entriesMax} entries`)
    const path = cleanPath(entry.path)
    if (entry.kind === 'other') throw refused(entry.path, `is ${entry.kindName}; only files and folders are taken`)
    if ((entry.mode & 0o7000) !== 0) throw refused(entry.path, 'has a setuid, setgid or sticky bit')
    bytes += entry.bytes
    if (bytes > limits.unpackedBytesMax) {
      throw tooLarge(`the archive unpacks to more than ${limits.unpackedBytesMax} bytes, at ${printable(entry.path)}`)
    }
    if (path !== '') claim(seen, path, entry)
    return { path, keep: entry.kind === 'file' && !isLeftOut(path) }
  }
}

/**
 * What a person's own Terraform leaves in the folder: state, lock information and downloaded providers. Nothing of it
 * may become a build's. Modules that were vendored by `terraform init` stay.
 */
export function isLeftOut(path: string): boolean {
  if (path.startsWith('.git/') || path.includes('/.git/')) return true
  if (path.startsWith('.terraform/')) return !path.startsWith('.terraform/modules/')
  return /^[^/]*\.tfstate(\.[^/]*)?$/.test(path) || path === '.terraform.tfstate.lock.info'
}

/** Twice the same name, or one that is a file and a folder at once. */
function claim(seen: Map<string, { path: string; kind: ArchiveEntry['kind'] }>, path: string, entry: ArchiveEntry) {
  const parts = path.split('/')
  for (let depth = 1; depth <= parts.length; depth++) {
    const name = parts.slice(0, depth).join('/')
    const kind = depth === parts.length ? entry.kind : 'folder'
    const folded = name.normalize('NFC').toLowerCase()
    const other = seen.get(folded)
    if (other === undefined) {
      seen.set(folded, { path: name, kind })
    } else if (other.path !== name) {
      throw refused(entry.path, `differs from ${printable(other.path)} by the case or the composition of letters only`)
    } else if (other.kind !== kind) {
      throw refused(entry.path, `is in the archive as a file and as a folder`)
    } else if (kind === 'file') {
      throw refused(entry.path, 'is in the archive twice')
    }
  }
}

function cleanPath(path: string): string {
  if (/[\u0000-\u001f\u007f\ufffd]/.test(path)) throw refused(path, 'has a control character or is not UTF-8')
  if (path.includes('\\')) throw refused(path, 'has a backslash in its name')
  if (path.startsWith('/') || /^[A-Za-z]:/.test(path)) throw refused(path, 'has an absolute path')
  const parts = path.replace(/\/+$/, '').split('/')
  if (parts.includes('..')) throw refused(path, 'leads out of the folder')
  const kept = parts.filter((part) => part !== '.' && part !== '')
  if (Buffer.byteLength(path) > 1_024 || kept.some((part) => Buffer.byteLength(part) > 255)) {
    throw refused(path, 'has a name that is too long')
  }
  return kept.join('/')
}

export const refused = (path: string, why: string): Fault =>
  new Fault('invalid', `the archive is refused: ${printable(path)} ${why}`)

export const tooLarge = (why: string): Fault => new Fault('too_large', why)

/** A name from an archive, as a message may show it. */
function printable(path: string): string {
  const shown = path.length > 200 ? `${path.slice(0, 200)}…` : path
  return JSON.stringify(shown)
}
