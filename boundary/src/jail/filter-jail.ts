import { spawn } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { Duplex, Writable } from 'node:stream'
import { Fault, type Log } from '@reeve/base'
import type { Tier } from '@reeve/policy'
import { answerNotifications, type Floor, type Question } from '../notify/answer.ts'
import type { Reply } from '../notify/frames.ts'
import { createAttribution } from './attribution.ts'
import { type Fence, fenceRecord, type FenceRule } from './fence-record.ts'
import type { Caller, Destination, Exit, Jail, JailHooks, Run } from './jail.ts'
import { openRedirections } from './redirections.ts'

/**
 * The jails without namespaces.
 *
 * Tier 2: the system-call filter holds up every connection and every start of a program, and Landlock fences the files.
 * A connection is made by the helper to the listener here (`redirections.ts`), so that the sandbox itself has no way
 * out: no TCP by Landlock, no other sockets by the filter. What it shares with the machine: the network's own
 * addresses, on which a program may listen, the list of processes, and the names of files.
 *
 * Tier 3: the notifications are not to be had (an outer sandbox has them). What is left of the fence is put on, and
 * programs are told of the proxy by variables, which they may ignore.
 */
export interface FilterJailOptions {
  /** Path of the native helper. */
  readonly helper: string
  readonly run: Run
  readonly tier: 2 | 3
  /** What Landlock opens; null where the kernel has none (tier 3). */
  readonly rules: readonly FenceRule[] | null
  readonly holdDeletions: boolean
  /** By which a group of limited processes is joined (`process-limit.ts`); null where there is none. */
  readonly joinFile: string | null
  readonly hooks: Pick<JailHooks, 'connection' | 'namesOverTcp'>
  /** The process above all of the sandbox, before anything of it is asked about. */
  readonly onFirst?: (pid: number) => void
  /** Decides starts of programs and deletions. */
  readonly decide: (question: Question, signal: AbortSignal) => Reply | Promise<Reply>
  /** Told of what the kernel refuses by itself. */
  readonly floor: Floor
  /** A local socket outside of the sandbox was refused. */
  readonly refusedSocket: (caller: Caller, path: string) => void
  readonly log: Log
}

/** Resolves when the command has been started; rejects when nothing ran. */
export async function startFilterJail(options: FilterJailOptions): Promise<Jail> {
  const { helper, run, tier, hooks, decide, floor, log, refusedSocket } = options
  let helperPid = 0
  const redirections = await openRedirections({
    hooks,
    log,
    refused: refusedSocket,
    first: () => helperPid,
    unannounced: (source, listener) => (tier === 3 ? callerIn(helperPid, source, listener) : null),
  })
  const child = spawn(helper, ['confine', ...run.command], {
    cwd: run.cwd,
    env: { ...run.env, ...proxyVariables(redirections.port, tier), RES_OPTIONS: 'use-vc' },
    stdio: ['inherit', 'inherit', 'inherit', 'pipe', 'pipe'],
  })
  helperPid = child.pid ?? 0
  options.onFirst?.(helperPid)
  const started = Promise.withResolvers<number>()
  const ended = Promise.withResolvers<Exit>()
  started.promise.catch(() => {})
  child.on('error', (cause) => started.reject(new Fault('unavailable', 'the native helper could not be started', { cause, fix: 'sh scripts/build-native.sh' }))) // prettier-ignore
  child.on('close', (code, signal) => {
    started.reject(new Fault('unavailable', 'the sandbox ended before the command was started', { fix: 'boundary check' })) // prettier-ignore
    void redirections[Symbol.asyncDispose]().then(() => ended.resolve({ code, signal }))
  })
  const [record, control] = [child.stdio[3], child.stdio[4]]
  if (!(record instanceof Writable) || !(control instanceof Duplex))
    throw new Fault('internal', 'the jail has no pipes')
  // It starts nothing before it has read its record to the end.
  if (options.joinFile !== null) writeFileSync(options.joinFile, String(helperPid))
  // The helper says by itself what is wrong with its record.
  record.on('error', () => {})
  record.end(fenceRecord(fenceOf(options)))
  void answerNotifications(
    control,
    {
      answer: (question, signal) => (question.call === 'connect' ? redirections.answer(question) : decide(question, signal)), // prettier-ignore
      floor,
      report: (told) => {
        if (told.call === 'started') started.resolve(told.thread)
        else redirections.settled(told.id, told.error)
      },
    },
    log,
  )

  const pid = await started.promise
  return {
    tier,
    name: tier === 2 ? 'filter' : 'environment',
    pid: helperPid,
    ended: ended.promise,
    signal: (name) => sendSignal(pid, name),
    async [Symbol.asyncDispose]() {
      // Without its supervisor the helper ends everything that it has started, and itself.
      control.destroy()
      await ended.promise
    },
  }
}

function fenceOf({ tier, rules, holdDeletions }: FilterJailOptions): Fence {
  const held = tier === 2
  return {
    rules: rules ?? [],
    hold: held ? ['exec', 'connect', 'refused', 'write', ...(holdDeletions ? (['delete'] as const) : [])] : [],
    // The network is the machine's: what is not seen is not to be had.
    datagrams: !held,
    files: rules !== null,
    noTcp: held,
    scope: rules !== null,
  }
}

/** Every user of the machine can reach the listener; only the sandbox is heard. */
function callerIn(first: number, source: Destination, listener: Destination): Caller | null {
  const caller = createAttribution(first).of(source, listener)
  return caller.pid === 0 ? null : caller
}

/**
 * For programs that cannot look names up over TCP, or whose sockets nothing holds.
 *
 * Those that ask the GNU C library for names (curl, git, Python, Node) need no proxy in tier 2, and are better off without:
 * a tunnel that is denied tells them a number, a connection that is captured tells them why. They read the variable in
 * small letters first, and so are told to use none; Go and Rust, which may look names up by themselves, read the other.
 */
function proxyVariables(port: number, tier: 2 | 3): Readonly<Record<string, string>> {
  const proxy = `http://127.0.0.1:${port}`
  const none = 'localhost,127.0.0.1,::1'
  return {
    HTTP_PROXY: proxy,
    HTTPS_PROXY: proxy,
    ALL_PROXY: proxy,
    http_proxy: proxy,
    https_proxy: proxy,
    all_proxy: proxy,
    NO_PROXY: none,
    no_proxy: tier === 2 && !hasMusl() ? '*' : none,
  }
}

/** A C library that asks for names over UDP alone, and so has no use for the captured ones. */
const hasMusl = (): boolean => ['x86_64', 'aarch64'].some((machine) => existsSync(`/lib/ld-musl-${machine}.so.1`))

function sendSignal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    // It has ended meanwhile; then there is nobody to signal.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

/** The tier that a kernel and a container leave room for, without namespaces. */
export const filterTier = (found: { readonly landlock: number; readonly listener: boolean }): Tier =>
  found.landlock >= 1 && found.listener ? 2 : 3
