/**
 * Room on the disk that is taken before it is needed, as files full of zeros.
 *
 * The spare becomes the next segment. Overwriting zeros changes no file size and no allocation, so that fdatasync has no
 * metadata to write: on ext4 it halves the time of an append and steadies its tail, which is worth writing each
 * segment twice. It is filled in small synced steps beside the appends, and done without where it cannot be made.
 *
 * The reserve is given up when the disk is full, so that the frames which end what is open can still be written. It
 * helps where deleting a file frees its blocks; a file system that keeps them in a snapshot has no such room to give.
 */
import { join } from 'node:path'
import { type Log, toError } from '@reeve/base'
import { unlinkIfThere } from './directory.ts'
import { type JournalFile, type JournalFs, writeAll } from './journal-fs.ts'

export interface SpaceOptions {
  readonly fs: JournalFs
  readonly dir: string
  readonly log: Log
}

export const spareName = 'spare'
export const reserveName = 'reserve'

/** Small, so that an append whose fdatasync falls between two steps waits for little. */
const stepBytes = 256 * 1024

export class Spare {
  readonly #at: SpaceOptions
  readonly #bytes: number
  readonly #path: string
  #ready: JournalFile | null = null
  #preparing: Promise<void> | null = null

  constructor(options: SpaceOptions, bytes: number) {
    this.#at = options
    this.#bytes = bytes
    this.#path = join(options.dir, spareName)
  }

  /** Starts to make a spare unless there is one or one is being made. Never rejects. */
  prepare(): Promise<void> {
    if (this.#ready !== null) return Promise.resolve()
    this.#preparing ??= this.#make()
      .catch((error: unknown) => {
        this.#at.log.warn({ err: toError(error) }, 'journal segment could not be prepared ahead')
      })
      .finally(() => {
        this.#preparing = null
      })
    return this.#preparing
  }

  /** The spare under its new name, or null when there is none; a directory sync is then due. */
  async take(path: string): Promise<JournalFile | null> {
    const file = this.#ready
    if (file === null) return null
    await this.#at.fs.rename(this.#path, path)
    this.#ready = null
    return file
  }

  async close(): Promise<void> {
    await this.#preparing
    await this.#ready?.close()
    this.#ready = null
  }

  async #make(): Promise<void> {
    const { fs, dir } = this.#at
    const left = await fs.inspect(this.#path).catch(() => null)
    if (left?.size === this.#bytes) {
      this.#ready = await fs.open(this.#path, 'write')
      return
    }
    // Leaves as much again: a spare must not be what fills the disk.
    if ((await fs.freeBytes(dir)) < 2 * this.#bytes) return
    this.#ready = await createZeros(fs, this.#path, this.#bytes)
  }
}

export class Reserve {
  readonly #at: SpaceOptions
  readonly #bytes: number
  readonly #path: string

  constructor(options: SpaceOptions, bytes: number) {
    this.#at = options
    this.#bytes = bytes
    this.#path = join(options.dir, reserveName)
  }

  /** Gives the room back to the file system. */
  release(): Promise<void> {
    return unlinkIfThere(this.#at.fs, this.#path)
  }

  /** Takes the room, and resolves with whether it could. */
  async take(): Promise<boolean> {
    const { fs, dir, log } = this.#at
    try {
      const held = await fs.inspect(this.#path).catch(() => null)
      if (held !== null && held.size >= this.#bytes) return true
      if ((await fs.freeBytes(dir)) < 2 * this.#bytes) return false
      await (await createZeros(fs, this.#path, this.#bytes)).close()
      return true
    } catch (error) {
      log.warn({ err: toError(error) }, 'journal reserve could not be taken')
      return false
    }
  }
}

async function createZeros(fs: JournalFs, path: string, bytes: number): Promise<JournalFile> {
  await unlinkIfThere(fs, path)
  const file = await fs.create(path)
  try {
    const zeros = Buffer.alloc(Math.min(stepBytes, bytes))
    for (let at = 0; at < bytes; at += zeros.length) {
      await writeAll(file, [zeros.subarray(0, bytes - at)], at)
      await file.datasync()
    }
    return file
  } catch (error) {
    await file.close().catch(() => {})
    await fs.unlink(path).catch(() => {})
    throw error
  }
}
