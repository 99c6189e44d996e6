import { closeSync, constants, fdatasync, mkdirSync, openSync, readdirSync, unlinkSync, write } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'

/** What the spool asks of a file system, so that a test can break any of it. Failures are Node's system errors. */
export interface SpoolFiles {
  /** A new file that only its owner may read. Fails with EEXIST where there is one. */
  create(name: string): SpoolFile
  /** Names in the directory; empty where there is none. */
  names(): string[]
  remove(name: string): void
}

export interface SpoolFile {
  /** Behind what is there; resolves with how much was written, which may be less. */
  append(bytes: Buffer): Promise<number>
  /** Resolves when what was written is on the disk, and the file's name. After a failure nothing is known about it. */
  datasync(): Promise<void>
  close(): void
}

const { O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants

export function nodeSpoolFiles(directory: string): SpoolFiles {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  return {
    create(name) {
      const fd = openSync(join(directory, name), O_CREAT | O_EXCL | O_WRONLY | O_APPEND | O_NOFOLLOW, 0o600)
      let named = false
      return {
        append: (bytes) => call<number>((done) => write(fd, bytes, done)),
        async datasync() {
          await settle((done) => fdatasync(fd, done))
          if (!named) await syncDirectory(directory)
          named = true
        },
        close: () => closeSync(fd),
      }
    },
    names: () => readdirSync(directory),
    remove: (name) => unlinkSync(join(directory, name)),
  }
}

async function syncDirectory(directory: string): Promise<void> {
  await using handle = await open(directory, O_RDONLY)
  await handle.sync()
}

function call<T>(start: (done: (error: NodeJS.ErrnoException | null, result: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    start((error, result) => (error === null ? resolve(result) : reject(error)))
  })
}

function settle(start: (done: (error: NodeJS.ErrnoException | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    start((error) => (error ? reject(error) : resolve()))
  })
}
