/** The real file system. */
import * as fs from 'node:fs'
import type { FileFacts, JournalFile, JournalFs } from './journal-fs.ts'
import { lockDirectory } from './lock.ts'

const { O_CREAT, O_DSYNC, O_EXCL, O_NOFOLLOW, O_RDONLY, O_RDWR, O_WRONLY } = fs.constants

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
  create: (path) => openFile(path, O_CREAT | O_EXCL | O_RDWR),
  open: (path, use) => openFile(path, use === 'read' ? O_RDONLY : O_RDWR),
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
  const fd = await openAt(path, flags)
  const durable = flags === O_RDONLY ? fd : await openDurably(path, fd)
  return {
    writev: (buffers, position) => call((done) => fs.writev(fd, buffers, position, done)),
    writevDurably: (buffers, position) => call((done) => fs.writev(durable, buffers, position, done)),
    read: (into, position) => call((done) => fs.read(fd, into, 0, into.length, position, done)),
    datasync: () => settle((done) => fs.fdatasync(fd, done)),
    truncate: (length) => settle((done) => fs.ftruncate(fd, length, done)),
    size: async () => (await call<fs.Stats>((done) => fs.fstat(fd, done))).size,
    close: async () => void (await Promise.all([...new Set([fd, durable])].map(closeAt))),
  }
}

const openAt = (path: string, flags: number): Promise<number> =>
  call((done) => fs.open(path, flags | O_NOFOLLOW, 0o600, done))
const closeAt = (fd: number): Promise<void> => settle((done) => fs.close(fd, done))

/** Whether a write waits for the disk is a matter of the descriptor: a second one, opened while the name is still this. */
async function openDurably(path: string, fd: number): Promise<number> {
  try {
    return await openAt(path, O_WRONLY | O_DSYNC)
  } catch (error) {
    await closeAt(fd)
    throw error
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
