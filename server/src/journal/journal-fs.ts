/**
 * What the journal asks of a file system: little enough that a test double can keep every promise, and every broken
 * promise, of a disk. Failures are Node's system errors: an `Error` with a `code` such as `ENOSPC`.
 */
export interface JournalFs {
  /** Makes the directory, and its parents, with mode 0700. Leaves one that is already there as it is. */
  makeDirectory(path: string): Promise<void>
  /** Does not follow a symbolic link in the last part of the path. */
  inspect(path: string): Promise<FileFacts>
  list(directory: string): Promise<readonly string[]>
  /** Opens a new file, mode 0600, for reading and writing. Fails with EEXIST when the name is taken. */
  create(path: string): Promise<JournalFile>
  open(path: string, use: 'read' | 'write'): Promise<JournalFile>
  rename(from: string, to: string): Promise<void>
  /** Gives a file a second name. */
  link(path: string, secondName: string): Promise<void>
  unlink(path: string): Promise<void>
  /** Makes the names in a directory durable. */
  syncDirectory(directory: string): Promise<void>
  /** Bytes that this process may still write to the file system that holds the directory. */
  freeBytes(directory: string): Promise<number>
  /** Takes the directory for the life of this process. Throws `Fault('conflict')` when another holder lives. */
  lock(directory: string): Promise<AsyncDisposable>
  /** Null where files have no owners. */
  readonly userId: number | null
}

export interface FileFacts {
  readonly type: 'file' | 'directory' | 'symlink' | 'other'
  readonly mode: number
  readonly ownerId: number
  readonly size: number
}

export interface JournalFile {
  /** Resolves with the number of bytes written, which may be fewer than given. */
  writev(buffers: readonly Buffer[], position: number): Promise<number>
  /** As `writev`, and resolves when those bytes are on the disk. After a failure nothing is known about any of them. */
  writevDurably(buffers: readonly Buffer[], position: number): Promise<number>
  /** Resolves with the number of bytes read; 0 at the end of the file. */
  read(into: Buffer, position: number): Promise<number>
  /** Resolves when everything written so far is on the disk. After a failure nothing is known about any of it. */
  datasync(): Promise<void>
  truncate(length: number): Promise<void>
  size(): Promise<number>
  close(): Promise<void>
}

/** Whether a system error says that the disk, or this user's part of it, is full. */
export function isNoSpace(thrown: unknown): boolean {
  const code = errorCode(thrown)
  return code === 'ENOSPC' || code === 'EDQUOT'
}

/** The code of a system error, or null for anything else that was thrown. */
export function errorCode(thrown: unknown): string | null {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : null
}

/** Writes everything, however often the file system writes short. */
export async function writeAll(
  file: JournalFile,
  buffers: readonly Buffer[],
  position: number,
  how: 'writev' | 'writevDurably' = 'writev',
): Promise<number> {
  let rest = buffers
  let at = position
  for (;;) {
    let wanted = 0
    for (const buffer of rest) wanted += buffer.length
    if (wanted === 0) return at
    const written = await file[how](rest, at)
    // A write of nothing would repeat forever; POSIX allows it only for a full device.
    if (written === 0) throw Object.assign(new Error('nothing was written'), { code: 'ENOSPC' })
    at += written
    if (written === wanted) return at
    rest = after(rest, written)
  }
}

/** Fills the buffer as far as the file goes, and resolves with the part that was filled. */
export async function readFully(file: JournalFile, into: Buffer, position: number): Promise<Buffer> {
  let filled = 0
  while (filled < into.length) {
    const count = await file.read(into.subarray(filled), position + filled)
    if (count === 0) break
    filled += count
  }
  return into.subarray(0, filled)
}

function after(buffers: readonly Buffer[], skip: number): Buffer[] {
  const rest: Buffer[] = []
  let left = skip
  for (const buffer of buffers) {
    if (left >= buffer.length) left -= buffer.length
    else {
      rest.push(left === 0 ? buffer : buffer.subarray(left))
      left = 0
    }
  }
  return rest
}
