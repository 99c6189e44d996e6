/** The real file system. */
import * as fs from 'node:fs'
import type { FileFacts, JournalFile, JournalFs } from './journal-fs.ts'
import { lockDirectory } from './lock.ts'

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDONLY, O_RDWR } = fs.constants

export const nodeFs: JournalFs = {
  userId: process.getuid?.() ?? null,
  makeDirectory: async (path) => {
    await fs.promises.mkdir(path, { recursive: true, mode: 0o700 })
  },
  inspect: async (path) => {
    const stats = await fs.promises.lstat(path)
    return { type: typeOf(stats), mode: stats.mode & 0o7777, ownerId: stats.uid, size: stats.size }
  },
  list: (directory) => fs.promises.readdir(directory),
  create: (path) => openFile(path, O_CREAT | O_EXCL | O_RDWR | O_NOFOLLOW),
  open: (path, use) => openFile(path, (use === 'read' ? O_RDONLY : O_RDWR) | O_NOFOLLOW),
  rename: (from, to) => fs.promises.rename(from, to),
  link: (path, secondName) => fs.promises.link(path, secondName),
  unlink: (path) => fs.promises.unlink(path),
  syncDirectory: async (directory) => {
    await using handle = await fs.promises.open(directory, O_RDONLY)
    await handle.sync()
  },
  freeBytes: async (directory) => {
    const stats = await fs.promises.statfs(directory)
    return stats.bavail * stats.bsize
  },
  lock: lockDirectory,
}

function typeOf(stats: fs.Stats): FileFacts['type'] {
  if (stats.isFile()) return 'file'
  if (stats.isDirectory()) return 'directory'
  return stats.isSymbolicLink() ? 'symlink' : 'other'
}

// Bare descriptors with callbacks: on the path of every append this costs about half of what a FileHandle costs.
async function openFile(path: string, flags: number): Promise<JournalFile> {
  const fd = await call<number>((done) => fs.open(path, flags, 0o600, done))
  return {
    writev: (buffers, position) => call((done) => fs.writev(fd, buffers, position, done)),
    read: (into, position) => call((done) => fs.read(fd, into, 0, into.length, position, done)),
    datasync: () => settle((done) => fs.fdatasync(fd, done)),
    truncate: (length) => settle((done) => fs.ftruncate(fd, length, done)),
    size: async () => (await call<fs.Stats>((done) => fs.fstat(fd, done))).size,
    close: () => settle((done) => fs.close(fd, done)),
  }
}

function call<T>(start: (done: (error: NodeJS.ErrnoException | null, result: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    start((error, result) => (error === null ? resolve(result) : reject(error)))
  })
}

function settle(start: (done: (error?: NodeJS.ErrnoException | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    start((error) => (error ? reject(error) : resolve()))
  })
}
