import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Clock } from '@reeve/base'
import { pause, type Timers } from '../timers.ts'

/**
 * How many processes and threads a sandbox of root's may have. Other users are bound by the limit that the native helper
 * sets (RLIMIT_NPROC, `inner.c`); the kernel does not hold root to it, so root's sandbox gets a control group.
 */
export interface ProcessLimit extends AsyncDisposable {
  /** Whoever writes 0 here is in the group, with all that it starts. */
  readonly joinFile: string
}

const processesMax = 4_096
const prefix = 'reeve-boundary-'
/** A group that is older was entered, or never will be. */
const startsWithinMs = 60_000
const leaveTriesMax = 400
const leavePauseMs = 25
const mount = '/sys/fs/cgroup'

export interface ProcessLimitOptions {
  readonly userId: number | null
  readonly session: string
  readonly clock: Clock
  readonly timers: Timers
}

/** Null where the user is bound without it, and where the machine gives no group: a container's own limit counts then. */
export function openProcessLimit(options: ProcessLimitOptions): ProcessLimit | null {
  const { userId, session, clock, timers } = options
  if (userId !== 0) return null
  for (const parent of parents(text('/proc/self/cgroup'))) {
    sweep(parent, clock)
    const folder = join(parent, `${prefix}${process.pid}-${session.slice(-12)}`)
    if (makes(folder))
      return { joinFile: join(folder, 'cgroup.procs'), [Symbol.asyncDispose]: () => leave(folder, timers) }
  }
  return null
}

/** True where this process may make a group with a limit; nothing stays. */
export function canLimitProcesses(): boolean {
  return parents(text('/proc/self/cgroup')).some((parent) => {
    const folder = join(parent, `${prefix}${process.pid}-probe`)
    return makes(folder) && removed(folder)
  })
}

/**
 * Version 1 has a hierarchy for the number of processes. In version 2 a group that has processes may have no limited
 * groups below it, so the new one is beside our own.
 */
function parents(groups: string): readonly string[] {
  const own = groups.split('\n').map((line) => line.split(':'))
  const first = own.find(([, controllers = '']) => controllers.split(',').includes('pids'))?.[2]
  const second = own.find(([number]) => number === '0')?.[2]
  return [
    ...(first === undefined ? [] : [join(mount, 'pids', first)]),
    ...(second === undefined || !existsSync(join(mount, 'cgroup.controllers')) ? [] : [join(mount, dirname(second))]),
  ]
}

/** False where it is not allowed, and where there is no limit to be had. */
function makes(folder: string): boolean {
  try {
    mkdirSync(folder)
  } catch {
    return false
  }
  try {
    writeFileSync(join(folder, 'pids.max'), String(processesMax))
    return true
  } catch {
    removed(folder)
    return false
  }
}

/**
 * What boundaries left that were killed: the number of the process is in the name, and only an empty group can go. One in
 * another container has a number that means nothing here, and its group is empty until its command is in it.
 */
function sweep(parent: string, clock: Clock): void {
  for (const name of entries(parent)) {
    const pid = name.startsWith(prefix) ? name.slice(prefix.length).split('-')[0] : undefined
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue
    const folder = join(parent, name)
    const made = statSync(folder, { throwIfNoEntry: false })?.ctimeMs ?? 0
    if (clock.now().getTime() - made > startsWithinMs) removed(folder)
  }
}

/** The last processes may be going still. What cannot be removed now is removed by the next boundary. */
async function leave(folder: string, timers: Timers): Promise<void> {
  const { signal } = new AbortController()
  for (let tries = 0; tries < leaveTriesMax && !removed(folder); tries++) await pause(timers, leavePauseMs, signal)
}

function removed(folder: string): boolean {
  try {
    rmdirSync(folder)
    return true
  } catch {
    return !existsSync(folder)
  }
}

function text(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function entries(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
