/**
 * A disk in memory that keeps the promises of a file system to the letter and not one more: what was not synced may be
 * gone after a power cut, torn at any byte; what a failed fdatasync was about is gone for good; a write may be short; a
 * name is durable only when its directory was synced. `boot` gives the view of one process; `crash` kills it and leaves
 * the page cache, `powerLoss` does not.
 */
import { basename, dirname } from 'node:path'
import { Fault } from '@reeve/base'
import type { JournalFile, JournalFs } from './journal-fs.ts'

export type Operation =
  'create' | 'open' | 'rename' | 'link' | 'unlink' | 'syncDirectory' | 'writev' | 'datasync' | 'truncate'

type Change =
  | { readonly type: 'write'; readonly at: number; readonly bytes: Buffer }
  | { readonly type: 'truncate'; readonly length: number }

interface Inode {
  content: Buffer
  durable: Buffer
  pending: Change[]
}

/** Names that change together: a rename is never seen half done. */
type NameChange = ReadonlyMap<string, Inode | null>

export interface PowerLossOptions {
  /** From 0 up to 1. */
  readonly random: () => number
  /** Sectors reach the disk in any order, instead of from the front. */
  readonly scattered?: boolean
}

const sectorBytes = 512

export class FaultyDisk {
  readonly directory = '/journal'
  /** Asked before an operation: the error code it fails with, `short` for a write that ends early, or null. */
  fault: (operation: Operation, name: string) => string | null = () => null
  capacityBytes = Number.MAX_SAFE_INTEGER
  #names = new Map<string, Inode>()
  #durableNames = new Map<string, Inode>()
  #pendingNames: NameChange[] = []
  #made = false
  #process = 0
  #locked = false

  /** The file system as one process sees it. After a crash its calls never return. */
  boot(): JournalFs {
    const process = this.#process
    const alive = <T>(work: () => T): Promise<T> => {
      // A dead process does not learn how its last calls ended.
      if (process !== this.#process) return new Promise<T>(() => {})
      return Promise.resolve().then(() => (process === this.#process ? work() : new Promise<never>(() => {})))
    }
    const handle = (inode: Inode, name: string): JournalFile => ({
      writev: (buffers, position) => alive(() => this.#write(inode, name, buffers, position)),
      writevDurably: (buffers, position) => alive(() => this.#writeDurably(inode, name, buffers, position)),
      read: (into, position) => alive(() => inode.content.subarray(position).copy(into)),
      datasync: () => alive(() => this.#sync(inode, name)),
      truncate: (length) => alive(() => this.#truncate(inode, name, length)),
      size: () => alive(() => inode.content.length),
      close: () => alive(() => {}),
    })
    return {
      userId: 1000,
      makeDirectory: () => alive(() => void (this.#made = true)),
      inspect: (path) => alive(() => this.#inspect(path)),
      list: () => alive(() => [...this.#names.keys()]),
      create: (path) => alive(() => handle(this.#create(basename(path)), basename(path))),
      open: (path) => alive(() => handle(this.#find('open', basename(path)), basename(path))),
      rename: (from, to) => alive(() => this.#rename(basename(from), basename(to))),
      link: (path, second) => alive(() => this.#link(basename(path), basename(second))),
      unlink: (path) => alive(() => this.#unlink(basename(path))),
      syncDirectory: () => alive(() => this.#syncDirectory()),
      freeBytes: () => alive(() => Math.max(0, this.capacityBytes - this.usedBytes)),
      lock: (path) => alive(() => this.#lock(path)),
    }
  }

  /** Kill -9: what was written stays. */
  crash(): void {
    this.#process++
    this.#locked = false
    this.fault = () => null
  }

  /** What was not synced is there in part, or not at all. */
  powerLoss({ random, scattered = false }: PowerLossOptions): void {
    this.crash()
    const inodes = new Set([...this.#names.values(), ...this.#durableNames.values()])
    for (const inode of inodes) {
      inode.durable = scattered ? scatter(inode, random) : tear(inode, random)
      inode.content = Buffer.from(inode.durable)
      inode.pending = []
    }
    const kept = this.#pendingNames.slice(0, Math.floor(random() * (this.#pendingNames.length + 1)))
    for (const change of kept) setNames(this.#durableNames, change)
    this.#pendingNames = []
    this.#names = new Map(this.#durableNames)
  }

  /** Flips one bit, in the cache and on the disk. */
  flip(name: string, offset: number, bit = 0): void {
    const inode = this.#find('open', name)
    for (const bytes of [inode.content, inode.durable]) bytes[offset] = bytes[offset]! ^ (1 << bit)
  }

  /** Cuts a file, in the cache and on the disk. */
  cut(name: string, length: number): void {
    const inode = this.#find('open', name)
    inode.content = resized(inode.content, length)
    inode.durable = Buffer.from(inode.content)
  }

  read(name: string): Buffer {
    return Buffer.from(this.#find('open', name).content)
  }

  get names(): readonly string[] {
    return [...this.#names.keys()].toSorted()
  }

  get usedBytes(): number {
    let bytes = 0
    for (const inode of new Set(this.#names.values())) bytes += inode.content.length
    return bytes
  }

  #inspect(path: string) {
    if (path === this.directory && this.#made)
      return { type: 'directory' as const, mode: 0o700, ownerId: 1000, size: 0 }
    const inode = this.#names.get(basename(path))
    if (inode === undefined || dirname(path) !== this.directory) throw systemError('ENOENT', path)
    return { type: 'file' as const, mode: 0o600, ownerId: 1000, size: inode.content.length }
  }

  #create(name: string): Inode {
    this.#check('create', name)
    if (this.#names.has(name)) throw systemError('EEXIST', name)
    const inode: Inode = { content: Buffer.alloc(0), durable: Buffer.alloc(0), pending: [] }
    this.#change([[name, inode]])
    return inode
  }

  #find(operation: 'open' | 'rename' | 'link' | 'unlink', name: string): Inode {
    this.#check(operation, name)
    const inode = this.#names.get(name)
    if (inode === undefined) throw systemError('ENOENT', name)
    return inode
  }

  #rename(from: string, to: string): void {
    const inode = this.#find('rename', from)
    this.#change([
      [from, null],
      [to, inode],
    ])
  }

  #link(name: string, second: string): void {
    const inode = this.#find('link', name)
    if (this.#names.has(second)) throw systemError('EEXIST', second)
    this.#change([[second, inode]])
  }

  #unlink(name: string): void {
    this.#find('unlink', name)
    this.#change([[name, null]])
  }

  #change(names: readonly (readonly [string, Inode | null])[]): void {
    const change = new Map(names)
    setNames(this.#names, change)
    this.#pendingNames.push(change)
  }

  #syncDirectory(): void {
    this.#check('syncDirectory', this.directory)
    this.#durableNames = new Map(this.#names)
    this.#pendingNames = []
  }

  #lock(path: string): AsyncDisposable {
    if (this.#locked) throw new Fault('conflict', `The journal in ${path} is in use by another process.`)
    this.#locked = true
    const process = this.#process
    return {
      [Symbol.asyncDispose]: () => {
        if (process === this.#process) this.#locked = false
        return Promise.resolve()
      },
    }
  }

  #write(inode: Inode, name: string, buffers: readonly Buffer[], position: number): number {
    const code = this.fault('writev', name)
    let bytes = Buffer.concat(buffers)
    // An error does not say that nothing was written.
    if (code !== null) bytes = bytes.subarray(0, Math.floor(bytes.length / 2))
    const growth = Math.max(0, position + bytes.length - inode.content.length)
    const room = Math.max(0, this.capacityBytes - this.usedBytes)
    if (growth > room) {
      bytes = bytes.subarray(0, Math.max(0, bytes.length - (growth - room)))
      if (bytes.length === 0) throw systemError('ENOSPC', name)
    }
    const change: Change = { type: 'write', at: position, bytes: Buffer.from(bytes) }
    inode.content = applied(inode.content, change)
    inode.pending.push(change)
    if (code !== null && code !== 'short') throw systemError(code, name)
    return bytes.length
  }

  /** What else waits for the disk goes on waiting, and no page of it reaches the disk as it was before. */
  #writeDurably(inode: Inode, name: string, buffers: readonly Buffer[], position: number): number {
    const bytes = this.#write(inode, name, buffers, position)
    const code = this.fault('datasync', name)
    const change = inode.pending.pop()!
    if (code !== null) throw systemError(code, name)
    inode.durable = applied(inode.durable, change)
    inode.pending = inode.pending.map((earlier) => overlaid(earlier, change))
    return bytes
  }

  #truncate(inode: Inode, name: string, length: number): void {
    this.#check('truncate', name)
    const change: Change = { type: 'truncate', length }
    inode.content = applied(inode.content, change)
    inode.pending.push(change)
  }

  #sync(inode: Inode, name: string): void {
    const code = this.fault('datasync', name)
    if (code === null) for (const change of inode.pending) inode.durable = applied(inode.durable, change)
    // After a failure the kernel calls the pages clean: no later sync brings them to the disk.
    inode.pending = []
    if (code !== null) throw systemError(code, name)
  }

  #check(operation: Operation, name: string): void {
    const code = this.fault(operation, name)
    if (code !== null) throw systemError(code, name)
  }
}

function applied(content: Buffer, change: Change): Buffer {
  if (change.type === 'truncate') return resized(content, change.length)
  const end = change.at + change.bytes.length
  const bytes = end > content.length ? resized(content, end) : content
  bytes.set(change.bytes, change.at)
  return bytes
}

/** An earlier write as the pages hold it now. */
function overlaid(earlier: Change, now: Change): Change {
  // What becomes of a size that was not synced is left open, so nothing may rest on it.
  if (earlier.type === 'truncate' || now.type === 'truncate') throw new Error('a size waits for a sync of its own')
  const from = Math.max(earlier.at, now.at)
  const to = Math.min(earlier.at + earlier.bytes.length, now.at + now.bytes.length)
  if (to <= from) return earlier
  const bytes = Buffer.from(earlier.bytes)
  now.bytes.copy(bytes, from - earlier.at, from - now.at, to - now.at)
  return { ...earlier, bytes }
}

function resized(content: Buffer, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  content.copy(bytes)
  return bytes
}

/** The first changes, the last of them torn at some byte. */
function tear(inode: Inode, random: () => number): Buffer {
  const whole = Math.floor(random() * (inode.pending.length + 1))
  let bytes: Buffer = Buffer.from(inode.durable)
  for (const change of inode.pending.slice(0, whole)) bytes = applied(bytes, change)
  const torn = inode.pending[whole]
  if (torn?.type !== 'write') return bytes
  return applied(bytes, { ...torn, bytes: torn.bytes.subarray(0, Math.floor(random() * torn.bytes.length)) })
}

/** Any of the sectors that were written. Changes of size reach the disk in order, and before what is written after them. */
function scatter(inode: Inode, random: () => number): Buffer {
  const truncates = inode.pending.filter((change) => change.type === 'truncate').length
  let truncatesLeft = Math.floor(random() * (truncates + 1))
  let bytes: Buffer = Buffer.from(inode.durable)
  for (const change of inode.pending) {
    if (change.type === 'truncate') {
      if (truncatesLeft-- === 0) break
      bytes = applied(bytes, change)
      continue
    }
    for (let from = 0; from < change.bytes.length;) {
      const to = Math.min(change.bytes.length, from + sectorBytes - ((change.at + from) % sectorBytes))
      const sector = change.bytes.subarray(from, to)
      if (random() < 0.5) bytes = applied(bytes, { type: 'write', at: change.at + from, bytes: sector })
      from = to
    }
  }
  return bytes
}

function setNames(names: Map<string, Inode>, change: NameChange): void {
  for (const [name, inode] of change) {
    if (inode === null) names.delete(name)
    else names.set(name, inode)
  }
}

function systemError(code: string, name: string): Error {
  return Object.assign(new Error(`${code}: ${name}`), { code })
}

/** Numbers from 0 up to 1 that only depend on the seed. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }
}
