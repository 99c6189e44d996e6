import { readFileSync, readdirSync, readlinkSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import type { Log } from '@reeve/base'
import type { Question } from '../notify/answer.ts'
import { currentDirectory, errno, type Reply } from '../notify/frames.ts'
import { family, locate, treeOf, wordsOf } from '../notify/process-view.ts'
import type { Caller, Destination, JailHooks } from './jail.ts'
import { inetSocketAddress, numberOfAddress, parseSocketAddress, unixSocketAddress } from './socket-address.ts'
import { untilNothingWaits } from './until-nothing-waits.ts'

type ConnectQuestion = Extract<Question, { call: 'connect' }>

/**
 * Where the connections of tier 2 go. The process's own socket is never connected: the helper makes another, connects
 * it to the listener here and puts it in the place of the first. It comes from an address of its own in 127.64.0.0/10,
 * chosen here beforehand, by which it is known on arrival: what it was meant for, and whose it is. A connection that
 * nobody announced is not of the sandbox, and is closed.
 */
export interface Redirections extends AsyncDisposable {
  /** Where programs find a proxy that only know of one by a variable. */
  readonly port: number
  answer(question: ConnectQuestion): Reply
  /** How it went at the helper: 0, or an errno. */
  settled(id: bigint, error: number): void
}

interface Expected {
  readonly id: bigint
  readonly destination: Destination
  readonly caller: Caller
}

const firstSource = 0x7f400001
const lastSource = 0x7f7ffffe
const namesPort = 53

export async function openRedirections(options: {
  readonly hooks: Pick<JailHooks, 'connection' | 'namesOverTcp'>
  /** A socket of the file system, or an abstract one, at which no program of the sandbox listens. */
  readonly refused: (caller: Caller, path: string) => void
  /** The process above all of the sandbox. */
  readonly first: () => number
  /** Who may come without being announced (tier 3, by a proxy's variable): a program of the sandbox, or nobody. */
  readonly unannounced: (source: Destination, listener: Destination) => Caller | null
  readonly log: Log
}): Promise<Redirections> {
  const { hooks, refused, first, unannounced, log } = options
  const expected = new Map<number, Expected>()
  const local = new Map<bigint, { readonly thread: number; readonly name: string }>()
  const own = listenersOfSandbox(first)
  let source = firstSource
  let heard = 0

  const server = createServer((socket) => {
    heard += 1
    socket.on('error', () => socket.destroy())
    const found = announced(socket) ?? visitor(socket)
    if (found !== null) return hand(socket, found)
    log.warn({ from: socket.remoteAddress }, 'a connection that the sandbox did not make was closed')
    socket.destroy()
  })

  function announced(socket: Socket): Expected | null {
    const key = numberOfAddress(socket.remoteAddress ?? '')
    const found = expected.get(key) ?? null
    expected.delete(key)
    return found
  }

  function visitor({ remoteAddress = '', remotePort = 0 }: Socket): Pick<Expected, 'destination' | 'caller'> | null {
    const destination = { address: '127.0.0.1', port }
    const caller = unannounced({ address: remoteAddress, port: remotePort }, destination)
    return caller === null ? null : { destination, caller }
  }

  function hand(socket: Socket, { destination, caller }: Pick<Expected, 'destination' | 'caller'>): void {
    if (destination.port === namesPort) hooks.namesOverTcp(socket)
    else hooks.connection(socket, destination, () => Promise.resolve(caller))
  }

  const port = await listening(server)

  function nextSource(): number {
    do source = source >= lastSource ? firstSource : source + 1
    while (expected.has(source))
    return source
  }

  function callerOf(thread: number): Caller {
    const { pid, exes } = family(thread, first())
    return { pid, exe: exes[0] ?? null, argv: wordsOf(pid), exes, tree: treeOf(exes) }
  }

  function unix(question: ConnectQuestion, path: string | null, abstract: Buffer | null): Reply {
    const to = abstract ?? whereUnix(question.thread, path ?? '')
    if (to === null) return { action: 'refuse', error: errno.ENAMETOOLONG }
    local.set(question.id, {
      thread: question.thread,
      name: to.toString('utf8', 2).replace(/\0+$/, '').replaceAll('\0', '@'),
    })
    return { action: 'connect', thread: question.thread, fd: question.fd, source: 0, address: to }
  }

  return {
    port,
    answer(question) {
      const wanted = parseSocketAddress(question.address)
      const { thread, fd, id } = question
      if (wanted.family === 'unix') return unix(question, wanted.path, wanted.abstract)
      if (wanted.family === 'other') return { action: 'refuse', error: errno.EAFNOSUPPORT }
      const { address, port: to } = wanted
      if (isLoopback(address) && own(to)) {
        return { action: 'connect', thread, fd, source: 0, address: inetSocketAddress(wanted.family, address, to) }
      }
      const from = nextSource()
      expected.set(from, { id, destination: { address, port: to }, caller: callerOf(thread) })
      return { action: 'connect', thread, fd, source: from, address: inetSocketAddress(wanted.family, '127.0.0.1', port) } // prettier-ignore
    },
    settled(id, error) {
      const asked = local.get(id)
      local.delete(id)
      if (asked !== undefined && error === errno.EACCES) refused(callerOf(asked.thread), asked.name)
      // A connection that came to be may still be on its way here.
      if (error !== 0) for (const [key, one] of expected) if (one.id === id) expected.delete(key)
    },
    async [Symbol.asyncDispose]() {
      await untilNothingWaits(() => heard)
      server.close()
    },
  }
}

const listening = (server: Server) =>
  new Promise<number>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : 0)
    })
  })

/** The file as the process names it, without links: the helper connects by this name, and looks who answers there. */
function whereUnix(thread: number, path: string): Buffer | null {
  const located = locate(thread, currentDirectory, path)
  return located === null ? null : unixSocketAddress(located.path)
}

const isLoopback = (address: string): boolean =>
  address.startsWith('127.') || address === '::1' || address === '0.0.0.0' || address === '::'

/**
 * Whether only programs of the sandbox listen on a port of this machine: what it serves to itself it may reach. The
 * machine's other services are reached only as the policy says, like everything else; so one listener beside ours, at
 * whatever address, is enough not to go there directly.
 */
function listenersOfSandbox(first: () => number): (port: number) => boolean {
  const known = new Set<string>()
  return (port) => {
    const inodes = listeningSockets(port)
    if (inodes.length === 0) return false
    // A socket's number is not used again while it listens; that it does was just seen.
    if (inodes.every((inode) => known.has(inode))) return true
    const found = socketsUnder(first())
    for (const inode of inodes) if (found.has(inode)) known.add(inode)
    return inodes.every((inode) => found.has(inode))
  }
}

function listeningSockets(port: number): readonly string[] {
  const hex = port.toString(16).toUpperCase().padStart(4, '0')
  return ['tcp', 'tcp6'].flatMap((table) =>
    read(`/proc/net/${table}`).split('\n').slice(1).map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === '0A' && fields[1]?.endsWith(`:${hex}`))
      .map((fields) => fields[9] ?? ''),
  ) // prettier-ignore
}

function socketsUnder(first: number): ReadonlySet<string> {
  const found = new Set<string>()
  const todo = children(first)
  for (let pid = todo.pop(); pid !== undefined; pid = todo.pop()) {
    todo.push(...children(pid))
    for (const fd of list(`/proc/${pid}/fd`)) {
      const inode = /^socket:\[(\d+)\]$/.exec(link(`/proc/${pid}/fd/${fd}`))?.[1]
      if (inode !== undefined) found.add(inode)
    }
  }
  return found
}

const children = (pid: number): number[] =>
  list(`/proc/${pid}/task`).flatMap((thread) => read(`/proc/${pid}/task/${thread}/children`).split(' ').filter(Boolean).map(Number)) // prettier-ignore

const read = (path: string): string => orElse(() => readFileSync(path, 'utf8'), '')
const link = (path: string): string => orElse(() => readlinkSync(path), '')
const list = (path: string): readonly string[] => orElse(() => readdirSync(path), [])

function orElse<T>(look: () => T, otherwise: T): T {
  try {
    return look()
  } catch {
    return otherwise
  }
}
