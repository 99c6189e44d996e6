import { readdirSync, readFileSync } from 'node:fs'
import type { Reins } from './deletion-brake.ts'

/** A program with everything that it started, by signals: a group in the kernel is not to be had in every container. */
export const processReins: Reins = {
  stop: (pid) => signalAll(pid, 'SIGSTOP'),
  resume: (pid) => signalAll(pid, 'SIGCONT'),
  kill: (pid) => signalAll(pid, 'SIGKILL'),
}

function signalAll(pid: number, signal: NodeJS.Signals): void {
  // The parent first: what it starts meanwhile is found among its children.
  for (const one of [pid, ...descendants(pid)]) {
    try {
      process.kill(one, signal)
    } catch {
      // It has ended meanwhile.
    }
  }
}

function descendants(pid: number): readonly number[] {
  const found = [pid]
  for (const parent of found) found.push(...children(parent))
  return found.slice(1)
}

function children(pid: number): readonly number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
    )
  } catch {
    return []
  }
}
