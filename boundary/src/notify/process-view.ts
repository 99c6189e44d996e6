import { closeSync, constants, lstatSync, openSync, readFileSync, readlinkSync, readSync } from 'node:fs'
import { basename } from 'node:path'
import { currentDirectory } from './frames.ts'

/**
 * The file system and the family of a process of the sandbox, as that process has them, read through `/proc` from
 * outside. A process may be gone at any moment: then there is nothing (`null`), never an error.
 */

/** A file as a process names it, followed through its symbolic links within that process's own root. */
export interface Located {
  /** In the process's view; of a file without a name what the kernel calls it (`/memfd:x (deleted)`). */
  readonly path: string
  /** Where the supervisor can open it. */
  readonly door: string
  readonly kind: 'file' | 'directory' | 'other' | 'missing'
}

/** The family that an act is told with: the program and its parents, the nearest first. */
export interface Family {
  readonly pid: number
  readonly exes: readonly string[]
}

const linksMax = 40

export function directoryOf(thread: number, fd: number): string | null {
  return link(fd === currentDirectory ? `/proc/${thread}/cwd` : `/proc/${thread}/fd/${fd}`)
}

/** Null where the process is gone, or the path leads in a circle. */
export function locate(thread: number, fd: number, path: string): Located | null {
  if (path === '') return nameless(`/proc/${thread}/fd/${fd}`)
  const base = path.startsWith('/') ? '/' : directoryOf(thread, fd)
  return base === null ? null : walk(thread, base, path)
}

/** The same, with the last name as it is: a link itself, and not what it leads to. */
export function locateName(thread: number, fd: number, path: string): Located | null {
  const whole = path.replace(/\/+$/, '')
  const cut = whole.lastIndexOf('/')
  const name = whole.slice(cut + 1)
  if (name === '' || name === '.' || name === '..') return locate(thread, fd, path)
  const folder = locate(thread, fd, cut === -1 ? '.' : whole.slice(0, cut + 1))
  if (folder === null) return null
  const own = `${folder.path === '/' ? '' : folder.path}/${name}`
  if (folder.kind === 'missing') return { path: own, door: folder.door, kind: 'missing' }
  const door = `/proc/${thread}/root${own}`
  const about = lstat(door)
  return { path: own, door, kind: about === null ? 'missing' : kindOf(about) }
}

/** Of what is missing: whether the folder that it would be in is there. */
export const isInFolder = ({ path, door }: Located): boolean => door.endsWith(path)

function walk(thread: number, base: string, path: string): Located | null {
  const root = `/proc/${thread}/root`
  let at = base === '/' ? '' : base
  const todo = path.split('/').reverse()
  for (let links = 0; todo.length > 0;) {
    const name = todo.pop()
    if (name === undefined || name === '' || name === '.') continue
    if (name === '..') {
      at = at.slice(0, Math.max(0, at.lastIndexOf('/')))
      continue
    }
    // Whoever asks `/proc/self` is meant by it: here that is the stopped process and not the supervisor.
    if (at === '/proc' && (name === 'self' || name === 'thread-self')) {
      const own = todo.toReversed().filter((part) => part !== '')
      return ownFile(thread, own)
    }
    const next = `${at}/${name}`
    const about = lstat(root + next)
    if (about === null || !about.isSymbolicLink()) {
      at = next
      if (about === null) return { path: [next, ...todo.toReversed()].join('/'), door: root + next, kind: 'missing' }
      if (todo.length === 0) return { path: at, door: root + at, kind: kindOf(about) }
      continue
    }
    const target = link(root + next)
    if (target === null || ++links > linksMax) return null
    // A link of /proc to an open file is followed by the kernel, not by its text.
    if (/^\/proc\/\d+(\/task\/\d+)?\/(fd\/\d+|exe)$/.test(next)) return nameless(root + next)
    if (target.startsWith('/')) at = ''
    todo.push(...target.split('/').reverse())
  }
  return { path: at === '' ? '/' : at, door: `${root}${at}/`, kind: 'directory' }
}

function ownFile(thread: number, parts: readonly string[]): Located | null {
  const [first = '', second = ''] = parts
  if (parts.length === 2 && first === 'fd' && /^\d+$/.test(second)) return nameless(`/proc/${thread}/fd/${second}`)
  if (parts.length === 1 && first === 'exe') return nameless(`/proc/${thread}/exe`)
  const rest = parts.slice(1).join('/')
  if (first === 'cwd') return locate(thread, currentDirectory, rest === '' ? '.' : rest)
  if (first === 'root') return walk(thread, '/', rest)
  const door = `/proc/${thread}/${parts.join('/')}`
  const about = lstat(door)
  return { path: `/proc/self/${parts.join('/')}`, door, kind: about === null ? 'missing' : kindOf(about) }
}

/** What a link of the kernel's leads to, which may have no name any more. */
function nameless(door: string): Located | null {
  const path = link(door)
  return path === null ? null : { path, door, kind: 'file' }
}

const kindOf = (about: { isFile(): boolean; isDirectory(): boolean }): Located['kind'] =>
  about.isFile() ? 'file' : about.isDirectory() ? 'directory' : 'other'

/** The first bytes of a program, for its `#!` line; empty where it cannot be read. A pipe in its place is not waited for. */
export function beginning(located: Located, size: number): Buffer {
  if (located.kind !== 'file') return Buffer.alloc(0)
  try {
    const fd = openSync(located.door, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
    try {
      const bytes = Buffer.alloc(size)
      return bytes.subarray(0, readSync(fd, bytes, 0, size, 0))
    } finally {
      closeSync(fd)
    }
  } catch {
    return Buffer.alloc(0)
  }
}

/** The process of a thread and its line of programs up to `until` (not included). */
export function family(thread: number, until: number): Family {
  const exes: string[] = []
  let pid = statusNumber(thread, 'Tgid') ?? thread
  const own = pid
  for (let depth = 0; pid > 1 && pid !== until && depth < 64; depth++) {
    const exe = programOf(pid)
    // A fork that has not become another program yet is its parent once more.
    if (exe !== null && exe !== exes.at(-1)) exes.push(exe)
    pid = parentOf(pid) ?? 0
  }
  return { pid: own, exes }
}

export const programOf = (pid: number): string | null => link(`/proc/${pid}/exe`)

export function parentOf(pid: number): number | null {
  const stat = text(`/proc/${pid}/stat`)
  if (stat === null) return null
  // The name in brackets may hold anything; the numbers come behind its last bracket: state, parent.
  const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ', 2)[1])
  return Number.isInteger(parent) ? parent : null
}

export function wordsOf(pid: number): readonly string[] {
  return (text(`/proc/${pid}/cmdline`) ?? '').split('\0').slice(0, -1)
}

/** Base names, the outermost first, as the record tells them. */
export const treeOf = (exes: readonly string[]): readonly string[] => exes.map((exe) => basename(exe)).toReversed()

function statusNumber(pid: number, key: string): number | null {
  const found = new RegExp(`^${key}:\\s*(\\d+)$`, 'm').exec(text(`/proc/${pid}/status`) ?? '')
  return found === null ? null : Number(found[1])
}

function link(path: string): string | null {
  try {
    return readlinkSync(path)
  } catch {
    return null
  }
}

function text(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}

function lstat(path: string) {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) ?? null
  } catch {
    return null
  }
}
