import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { Fault, type Log } from '@reeve/base'
import type { Account } from './account.ts'
import type { Binaries } from './binaries.ts'
import { childOptions, endsWithUs } from './child.ts'
import type { Folders } from './folders.ts'

/** A running PostgreSQL: the process that all its others descend from. */
export interface Postmaster {
  readonly pid: number
  /** Resolves when it has ended, for whatever reason. */
  readonly ended: Promise<void>
  /** Cuts connections, writes everything, ends. Forced when it takes too long. */
  stop(): Promise<void>
}

export interface PostmasterOptions {
  readonly log: Log
  /** How many may be connected at once. */
  readonly connectionsMax?: number
}

const connectionsMaxDefault = 100
const readyWithinMs = 120_000
const politeMs = 15_000
const linesKept = 20

/**
 * Starts PostgreSQL and waits until it answers. It gets a session of its own, so that Ctrl-C in a terminal reaches us
 * alone and we decide the order in which things end.
 */
export async function startPostmaster(
  folders: Folders,
  binaries: Binaries,
  account: Account | null,
  { log, connectionsMax = connectionsMaxDefault }: PostmasterOptions,
): Promise<Postmaster> {
  const [program, args] = endsWithUs('INT', [binaries.postgres, ...settings(folders, connectionsMax)])
  const child = spawn(program, args, {
    ...childOptions(account, folders.home),
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  })
  const last: string[] = []
  const ready = Promise.withResolvers<void>()
  const lines = createInterface({ input: child.stderr })
  lines.on('line', (line) => {
    last.push(line)
    if (last.length > linesKept) last.shift()
    logLine(line, log)
    if (line.includes('ready to accept connections')) ready.resolve()
  })
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  child.once('error', (cause) => {
    ready.reject(new Fault('unavailable', 'the built-in PostgreSQL cannot be started', { cause }))
  })
  child.once('close', (code, signal) => {
    ready.reject(
      new Fault('unavailable', `the built-in PostgreSQL ended while starting: ${reason(last) ?? signal ?? code}`, {
        detail: last.join('\n'),
      }),
    )
  })
  const deadline = setTimeout(() => {
    ready.reject(new Fault('timeout', `the built-in PostgreSQL was not ready within ${readyWithinMs / 1000} s`))
  }, readyWithinMs)
  const postmaster = { pid: child.pid ?? 0, ended, stop: () => stop(child, ended) }
  try {
    await ready.promise
    return postmaster
  } catch (thrown) {
    await postmaster.stop()
    throw thrown
  } finally {
    clearTimeout(deadline)
  }
}

function settings(folders: Folders, connectionsMax: number): string[] {
  const values = {
    // Never TCP, never TLS: the library that the binaries bring for it is out of date.
    listen_addresses: '',
    ssl: 'off',
    unix_socket_directories: folders.socket,
    unix_socket_permissions: '0700',
    port: '5432',
    max_connections: String(connectionsMax),
    log_destination: 'stderr',
    logging_collector: 'off',
    log_line_prefix: '%b [%p] ',
    // Errors reach whoever ran the statement. Here they would carry values of rows, which are people's prompts.
    log_min_messages: 'log',
    log_min_error_statement: 'panic',
    log_error_verbosity: 'terse',
    log_timezone: 'UTC',
    timezone: 'UTC',
  }
  return ['-D', folders.data, ...Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`])]
}

function logLine(line: string, log: Log): void {
  const [, process, pid, level, text] = /^(.+) \[(\d+)\] ([A-Z]+): {2}(.*)$/.exec(line) ?? []
  const facts = { process, pid: Number(pid), line: text ?? line }
  if (level === 'PANIC') log.error(facts, 'postgres')
  else if (level === 'FATAL' || level === undefined) log.warn(facts, 'postgres')
  else log.debug(facts, 'postgres')
}

/** What it said last before it gave up. */
function reason(lines: readonly string[]): string | undefined {
  return lines.findLast((line) => /(FATAL|PANIC): {2}/.test(line))?.replace(/^.*(FATAL|PANIC): {2}/, '')
}

async function stop(child: ChildProcess, ended: Promise<void>): Promise<void> {
  if (child.pid === undefined) return
  // Fast, then immediate (recovers at the next start), then none of its own doing.
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    if (child.exitCode !== null || child.signalCode !== null) break
    child.kill(signal)
    if (await settles(ended, politeMs)) return
  }
  await ended
}

async function settles(event: Promise<void>, withinMs: number): Promise<boolean> {
  const late = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => late.resolve(false), withinMs)
  try {
    return await Promise.race([event.then(() => true), late.promise])
  } finally {
    clearTimeout(timer)
  }
}
