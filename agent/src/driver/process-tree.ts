import { existsSync, readdirSync, readFileSync } from 'node:fs'

/** A process and none that was given its number later. */
export interface ProcessMark {
  readonly pid: number
  /** When it began, in ticks since the machine did (proc(5), field 22). */
  readonly startedTicks: string
}

/** Null when there is no such process. */
export function markOf(pid: number): ProcessMark | null {
  const startedTicks = statOf(pid)?.[19]
  return startedTicks === undefined ? null : { pid, startedTicks }
}

/** Ends a process, its group and all that descends from it, at once; nothing happens when it is not there any more. */
export function killTree(mark: ProcessMark): void {
  if (markOf(mark.pid)?.startedTicks !== mark.startedTicks) return
  const tree = [mark.pid]
  const all = processIds().map((pid) => ({ pid, parent: parentOf(pid) }))
  for (const pid of tree) tree.push(...all.filter(({ parent }) => parent === pid).map((child) => child.pid))
  kill(-mark.pid, 'SIGKILL')
  for (const pid of tree) kill(pid, 'SIGKILL')
}

/** None on a machine that does not show them. */
export function processIds(): number[] {
  return existsSync('/proc/self/stat')
    ? readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name))
        .map(Number)
    : []
}

/** Null when there is no such process, or nothing of it but its exit code. */
export function parentOf(pid: number): number | null {
  const [state, parent] = statOf(pid) ?? []
  return parent === undefined || state === 'Z' || state === 'X' ? null : Number(parent)
}

/** A signal to a process, or with a negative number to a group; one that is gone needs none. */
export function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It ended by itself.
  }
}

/** The fields after the name, which may hold anything: state, parent and so on. */
function statOf(pid: number): string[] | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    return null
  }
}
