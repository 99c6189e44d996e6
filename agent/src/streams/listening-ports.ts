import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { OfferedStream, StreamHandlers } from '@reeve/base'
import type { ListeningPort, ListeningPorts } from '@reeve/sdk'
import { duplexOf } from './duplex-of.ts'

export function answerPorts(offered: OfferedStream): StreamHandlers {
  const [duplex, handlers] = duplexOf(offered)
  offered.take()
  duplex.resume()
  duplex.end(JSON.stringify({ ports: listeningPorts() } satisfies ListeningPorts))
  return handlers
}

const portsMax = 1_000
/** TCP_LISTEN of the kernel's `include/net/tcp_states.h`. */
const listening = '0A'

/** What listens in this network namespace, as `/proc` tells; the names of processes that are not ours are empty. */
export function listeningPorts(proc = '/proc'): ListeningPort[] {
  const inodes = new Map<number, string>()
  for (const table of ['tcp', 'tcp6']) {
    for (const line of textOf(join(proc, 'net', table))
      .split('\n')
      .slice(1)) {
      const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/)
      if (state === listening) inodes.set(Number.parseInt(local.split(':').at(-1) ?? '', 16), inode)
    }
  }
  const names = namesOf(new Set(inodes.values()), proc)
  return [...inodes]
    .sort(([one], [other]) => one - other)
    .slice(0, portsMax)
    .map(([port, inode]) => ({ port, network: 'tcp', process_name: names.get(inode) ?? '' }))
}

/** The names of the processes that hold these sockets. */
function namesOf(inodes: ReadonlySet<string>, proc: string): Map<string, string> {
  const names = new Map<string, string>()
  for (const pid of entriesOf(proc).filter((name) => /^\d+$/.test(name))) {
    for (const descriptor of entriesOf(join(proc, pid, 'fd'))) {
      const inode = /^socket:\[(\d+)\]$/.exec(linkOf(join(proc, pid, 'fd', descriptor)))?.[1]
      if (inode !== undefined && inodes.has(inode)) names.set(inode, textOf(join(proc, pid, 'comm')).trim())
    }
  }
  return names
}

/** A process may end while it is looked at. */
function attempt<T>(read: () => T, otherwise: T): T {
  try {
    return read()
  } catch {
    return otherwise
  }
}
const textOf = (path: string): string => attempt(() => readFileSync(path, 'utf8'), '')
const linkOf = (path: string): string => attempt(() => readlinkSync(path), '')
const entriesOf = (path: string): string[] => attempt(() => readdirSync(path), [])
