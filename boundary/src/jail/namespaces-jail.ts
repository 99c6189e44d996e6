import { type ChildProcess, spawn } from 'node:child_process'
import { Socket as DatagramSocket } from 'node:dgram'
import { Server, type Socket } from 'node:net'
import { constants } from 'node:os'
import { Duplex, Writable } from 'node:stream'
import { Fault, type Log } from '@reeve/base'
import { createAttribution } from './attribution.ts'
import type { Exit, Jail, JailHooks, Run } from './jail.ts'
import { socketNumbers } from './socket-numbers.ts'
import { systemProgram } from './system-program.ts'
import { untilNothingWaits } from './until-nothing-waits.ts'

/**
 * The jail of tier 1: a network of its own in which every connection arrives here, bubblewrap's view of the files, and
 * processes, users and IPC apart. `boundary/native/outer.c` makes it and says on the channel how it goes:
 *
 *     {socket: "names" | "every" | "some"}  a listener comes along: the name server's, of all ports, of single ones
 *     {ready: pid} ──► {stopped: n} ──► {code: n} | {killed: n}
 *     {failed: step, errno: n}              nothing ran
 *
 * Without one of the last two lines the sandbox was lost: its processes are gone, as is what they could reach.
 */
export interface NamespacesJailOptions {
  /** Path of the native helper. */
  readonly helper: string
  readonly run: Run
  /** What the sandbox sees of the files, in bubblewrap's words. */
  readonly view: readonly string[]
  /** The record of the fence (`fence-record.ts`). */
  readonly fence: Uint8Array
  /** Ports of its loopback that are captured like everything else: the gateway of this machine is there. */
  readonly gatewayPorts: readonly number[]
  /** By which a group of limited processes is joined (`process-limit.ts`); null where there is none. */
  readonly joinFile: string | null
  readonly hooks: JailHooks
  readonly log: Log
}

/** The ports that are listened on where nftables is missing and not every port can be captured. */
const singlePorts = '22,80,443,1433,3000,3306,5000,5432,5672,6379,8000,8080,8081,8443,9000,9092,9200,9418,27017'

/** Numbers of descriptors and words that both sides know (`boundary/native/jail.h`). */
const bubblewrap = [
  '--unshare-user',
  '--unshare-pid',
  '--unshare-ipc',
  '--unshare-uts',
  '--disable-userns',
  '--die-with-parent',
  '--cap-drop',
  'ALL',
  '--as-pid-1',
]
const again = ['--', '/proc/self/fd/6', 'inner']

/** Resolves when the command has been started; rejects when nothing ran. */
export async function startNamespacesJail(options: NamespacesJailOptions): Promise<Jail> {
  const { helper, run, view, fence, gatewayPorts, joinFile, hooks, log } = options
  const program = systemProgram('bwrap')
  if (program === null)
    throw new Fault('unavailable', 'bubblewrap was not found', { fix: 'as root: apt-get install bubblewrap' })
  const ports = [singlePorts, gatewayPorts.join(',')]
  const arguments_ = [
    'outer',
    ...ports,
    joinFile ?? '',
    program,
    ...bubblewrap,
    ...view,
    '--chdir',
    run.cwd,
    ...again,
    ...run.command,
  ]
  const child = spawn(helper, arguments_, {
    env: { ...run.env },
    // The sixth and the seventh are the helper's own.
    stdio: ['inherit', 'inherit', 'inherit', 'ipc', 'pipe', 'pipe', 'ignore', 'ignore', 'pipe'],
  })
  const streams: readonly unknown[] = child.stdio
  const [record, frames, , , sockets] = streams.slice(4)
  if (!(record instanceof Writable) || !(frames instanceof Duplex) || !(sockets instanceof Duplex))
    throw new Fault('internal', 'the jail has no pipes')
  record.on('error', () => {})
  record.end(fence)

  const listeners: (Server | DatagramSocket)[] = []
  const ready = Promise.withResolvers<number>()
  const ended = Promise.withResolvers<Exit>()
  const attribution = ready.promise.then((pid) => createAttribution(pid))
  attribution.catch(() => {})
  const numberOf = socketNumbers(sockets)
  let exit: Exit | null = null
  let heard = 0

  /** Who it was is found out now, and not when it is asked for: the process waits for its connection at this moment. */
  const accept = async (socket: Socket) => {
    heard += 1
    socket.on('error', () => socket.destroy())
    const destination = { address: socket.localAddress ?? '', port: socket.localPort ?? 0 }
    const source = { address: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 }
    if (destination.address === '') return void socket.destroy()
    const [who, number] = await Promise.all([attribution, numberOf(source, destination)])
    const caller = who.of(source, destination, number)
    hooks.connection(socket, destination, () => Promise.resolve(caller))
  }

  const take = (kind: string, handle: unknown) => {
    if (handle instanceof DatagramSocket) {
      listeners.push(handle)
      answerNames(handle, hooks)
      handle.on('message', () => (heard += 1))
    } else if (handle instanceof Server) {
      listeners.push(handle)
      handle.on(
        'connection',
        kind === 'names' ? (socket: Socket) => hooks.namesOverTcp(socket) : (socket: Socket) => void accept(socket),
      )
      if (kind === 'some') log.warn({}, 'nft was not found: only common ports are captured, others are refused')
    }
  }

  child.on('message', (message: unknown, handle: unknown) => {
    const told = readMessage(message)
    if (told.socket !== undefined) take(told.socket, handle)
    if (told.ready !== undefined) {
      ready.resolve(told.ready)
      hooks.notifications(frames, told.ready)
    }
    if (told.stopped !== undefined) hooks.stopped()
    if (told.code !== undefined) exit = { code: told.code, signal: null }
    if (told.killed !== undefined) exit = { code: null, signal: signalName(told.killed) }
    if (told.failed !== undefined) ready.reject(failure(told.failed, told.errno ?? 0))
    // Too late for a start that has failed; then the command never was, and its end is that of the boundary.
    if (told.failed !== undefined) exit ??= { code: 125, signal: null }
  })
  child.on('error', (error) => ready.reject(new Fault('unavailable', 'the native helper could not be started', { cause: error, fix: 'sh scripts/build-native.sh' }))) // prettier-ignore
  // What was said last is read before the channel is seen to be closed.
  const gone = ['exit', 'disconnect'].map((event) => new Promise((resolve) => child.once(event, resolve)))
  void Promise.all(gone).then(async () => {
    await untilNothingWaits(() => heard)
    for (const listener of listeners) listener.close()
    ready.reject(
      new Fault('unavailable', 'the sandbox ended before the command was started', { fix: 'boundary check' }),
    )
    ended.resolve(exit ?? { code: null, signal: 'SIGKILL' })
  })

  return {
    tier: 1,
    name: 'namespaces',
    pid: await ready.promise,
    ended: ended.promise,
    signal: (name) => tell(child, { signal: constants.signals[name] }),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await ended.promise
    },
  }
}

function tell(child: ChildProcess, message: object): void {
  // It may have ended meanwhile; then there is nobody to signal.
  if (child.connected) child.send(message, () => {})
}

function answerNames(socket: DatagramSocket, hooks: JailHooks): void {
  socket.on('error', () => {})
  socket.on('message', (query, from) => {
    const answer = hooks.names(query)
    if (answer !== null) socket.send(answer, from.port, from.address, () => {})
  })
}

interface Message {
  readonly socket?: string
  readonly ready?: number
  readonly stopped?: number
  readonly code?: number
  readonly killed?: number
  readonly failed?: string
  readonly errno?: number
}

/** What the native helper says is ours; nothing of the sandbox reaches the channel. */
function readMessage(message: unknown): Message {
  // SAFETY: an object of the helper's own making (see above).
  return typeof message === 'object' && message !== null ? (message as Message) : {}
}

function signalName(number: number): NodeJS.Signals {
  const names = Object.entries(constants.signals).find(([, value]) => value === number)
  // SAFETY: the keys of `constants.signals` are the names of signals.
  return (names?.[0] ?? 'SIGKILL') as NodeJS.Signals
}

function failure(step: string, errno: number): Fault {
  const reason = Object.entries(constants.errno).find(([, value]) => value === errno)?.[0] ?? `errno ${errno}`
  return new Fault('unavailable', `the sandbox could not be made: ${step}: ${reason}`, { fix: 'boundary check' })
}
