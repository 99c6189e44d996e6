import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { isIPv4 } from 'node:net'
import { endianness } from 'node:os'
import { basename } from 'node:path'
import type { Caller, Destination } from './jail.ts'

/**
 * Tells which process of a sandbox made a connection: source port → socket → process, by what `/proc` shows of the
 * sandbox. Any process may vanish between two looks; then less is known, and that is never an error. Asked at the moment
 * of the connection, when the process that made it still waits for an answer.
 */
export interface Attribution {
  /** `known` is the number of the socket where somebody has told it; 0 where not. */
  of(source: Destination, destination: Destination, known?: number): Caller
}

export const nobody: Caller = { pid: 0, exe: null, argv: [], exes: [], tree: [] }

const recentMax = 16
const parentsMax = 64

/** `first` is the process that all of the sandbox descend from. */
export function createAttribution(first: number): Attribution {
  /** Who connected before does so again. */
  let recent: readonly number[] = []

  function holder(link: string): number | null {
    const found = recent.find((pid) => holds(pid, link)) ?? descendants(first).find((pid) => holds(pid, link))
    if (found === undefined) return null
    recent = [found, ...recent.filter((pid) => pid !== found)].slice(0, recentMax)
    return found
  }

  return {
    of(source, destination, known = 0) {
      const inode = known === 0 ? socketOf(first, source, destination) : String(known)
      const pid = inode === null ? null : holder(`socket:[${inode}]`)
      if (pid === null) return nobody
      return { pid, exe: readLink(`/proc/${pid}/exe`), argv: commandLine(pid), ...family(pid, first) }
    },
  }
}

/** The number of the socket whose own port is `source` and whose peer is `destination`; null where it is closed. */
function socketOf(pid: number, source: Destination, destination: Destination): string | null {
  const address = hexAddress(destination.address)
  // A socket of IPv6 that was connected to an address of IPv4 stands in the table of IPv6.
  const tables = isIPv4(destination.address)
    ? [['tcp', address], ['tcp6', `${hexAddress('::ffff:0:0').slice(0, 24)}${address}`]] // prettier-ignore
    : [['tcp6', address]]
  for (const [table, peer] of tables) {
    const text = readText(`/proc/${pid}/net/${table}`)
    const at = text.indexOf(`:${hexPort(source.port)} ${peer}:${hexPort(destination.port)} `)
    if (at === -1) continue
    const line = text.slice(text.lastIndexOf('\n', at) + 1, text.indexOf('\n', at))
    const inode = line.trim().split(/\s+/)[9]
    if (inode !== undefined && inode !== '0') return inode
  }
  return null
}

const hexPort = (port: number): string => port.toString(16).toUpperCase().padStart(4, '0')

/** As the kernel prints addresses: in words of four bytes, each as the number that the machine reads there. */
function hexAddress(address: string): string {
  const bytes = isIPv4(address) ? address.split('.').map(Number) : ipv6Bytes(address)
  const words: string[] = []
  for (let at = 0; at < bytes.length; at += 4) {
    const word = bytes.slice(at, at + 4)
    if (endianness() === 'LE') word.reverse()
    words.push(word.map((byte) => byte.toString(16).toUpperCase().padStart(2, '0')).join(''))
  }
  return words.join('')
}

function ipv6Bytes(address: string): number[] {
  // The URL parser writes addresses in one form: groups in hexadecimal, one `::`.
  const [head = '', tail] = new URL(`http://[${address.replace(/%.*$/, '')}]/`).hostname.slice(1, -1).split('::')
  const groups = (part: string) => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)))
  const [before, after] = [groups(head), groups(tail ?? '')]
  const middle = Array.from({ length: 8 - before.length - after.length }, () => 0)
  return [...before, ...middle, ...after].flatMap((group) => [group >> 8, group & 0xff])
}

function holds(pid: number, link: string): boolean {
  // The newest is asked about most, and has mostly the highest number.
  const numbers = list(`/proc/${pid}/fd`).toSorted((a, b) => Number(b) - Number(a))
  return numbers.some((number) => readLink(`/proc/${pid}/fd/${number}`) === link)
}

/** All processes of the sandbox, the youngest families last. */
function descendants(first: number): readonly number[] {
  const found = [first]
  for (let at = 0; at < found.length; at++) {
    for (const thread of list(`/proc/${found[at]}/task`)) {
      const children = readText(`/proc/${found[at]}/task/${thread}/children`)
      found.push(...children.split(' ').filter((word) => word !== '').map(Number)) // prettier-ignore
    }
  }
  return found.slice(1)
}

function family(pid: number, first: number): Pick<Caller, 'exes' | 'tree'> {
  const exes: string[] = []
  for (let at = pid; at > 1 && at !== first && exes.length < parentsMax; at = parentOf(at)) {
    exes.push(readLink(`/proc/${at}/exe`) ?? '')
  }
  const programs = exes.filter((exe) => exe !== '')
  return { exes: programs, tree: programs.map((exe) => basename(exe)).toReversed() }
}

/** The name of the program in front of the parent may have anything in it, so it is cut off at its end. */
function parentOf(pid: number): number {
  const text = readText(`/proc/${pid}/stat`)
  return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1] ?? 0)
}

const commandLine = (pid: number): readonly string[] => {
  const text = readText(`/proc/${pid}/cmdline`)
  return text === '' ? [] : text.replace(/\0$/, '').split('\0')
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function readLink(path: string): string | null {
  try {
    return readlinkSync(path)
  } catch {
    return null
  }
}

function list(path: string): readonly string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}
