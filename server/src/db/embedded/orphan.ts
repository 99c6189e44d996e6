import { readFileSync, readlinkSync, realpathSync, rmSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Fault, type Log } from '@reeve/base'

/**
 * Clears away what a server that was killed left behind: a PostgreSQL that still runs on the data, or the file that says
 * so. Called with the lock held, so that whatever runs there has lost its parent.
 *
 * The file alone proves nothing: its process id may belong to anything by now. The process is one of ours when it is
 * called postgres, belongs to the owner of the data and works in that very folder.
 */
export async function endOrphan(data: string, log: Log): Promise<void> {
  const file = join(data, 'postmaster.pid')
  const pid = readPid(file)
  if (pid === null) return
  if (!isPostmasterOf(pid, data)) {
    log.info({ pid }, 'removing the pid file of a PostgreSQL that is gone')
    rmSync(file, { force: true })
    return
  }
  log.warn({ pid }, 'stopping a PostgreSQL that an earlier server left behind')
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    send(pid, signal)
    for (let waited = 0; waited < 10_000; waited += 20) {
      if (!isPostmasterOf(pid, data)) return
      await wait(20)
    }
  }
  throw new Fault('conflict', `an earlier PostgreSQL (process ${pid}) still runs on ${data} and does not end`)
}

export function isPostmasterOf(pid: number, data: string): boolean {
  try {
    const program = readlinkSync(`/proc/${pid}/exe`).replace(/ \(deleted\)$/, '')
    const sameOwner = statSync(`/proc/${pid}`).uid === statSync(data).uid
    return sameOwner && basename(program) === 'postgres' && readlinkSync(`/proc/${pid}/cwd`) === realpathSync(data)
  } catch {
    // There is no such process, or it is nothing that we may look at: not ours either way.
    return false
  }
}

/** Null when there is no file, or nothing in it that could be a process id. */
function readPid(file: string): number | null {
  try {
    const pid = Number(readFileSync(file, 'utf8').split('\n')[0])
    return Number.isSafeInteger(pid) && pid > 1 ? pid : null
  } catch {
    return null
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It ended in between, which is what the signal is for.
  }
}
