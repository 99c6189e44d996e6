import { readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import type { Clock } from '@reeve/base'
import { kill, parentOf, processIds } from './driver/process-tree.ts'

/**
 * The init script gives every process of a workspace its folder in this variable, and starts the agent again when somebody
 * has killed it. A process group or a list of children would not do to find what that agent left: coding agents and
 * whatever makes itself a daemon have groups and parents of their own, but who made them shows in the environment.
 */
export const folderVariable = 'REEVE_AGENT_FOLDER'

interface Ending {
  readonly clock: Clock
  /** For what is asked to end, to write down where it stands. */
  readonly withinMs: number
}

const lookAgainMs = 50
/** Nothing survives SIGKILL but what the kernel holds. */
const killedWithinMs = 2_000

/**
 * Ends the processes of this folder but for the one that asks, which has to have no children of its own that it wants to
 * keep. Whoever started others is asked first, as it may want to end them in order; then those, as they have nobody any
 * more. Returns how many there were.
 */
export async function endProcessesOf(folder: string, { clock, withinMs }: Ending): Promise<number> {
  const asked = new Set<number>()
  const deadline = clock.monotonicMs() + withinMs
  for (;;) {
    const left = processesOf(folder)
    const isLate = clock.monotonicMs() >= deadline
    if (left.size === 0 || clock.monotonicMs() >= deadline + killedWithinMs) return asked.size
    for (const [pid, parent] of left) {
      if (isLate) kill(pid, 'SIGKILL')
      else if (!left.has(parent) && !asked.has(pid)) kill(pid, 'SIGTERM')
      else continue
      asked.add(pid)
    }
    await wait(lookAgainMs)
  }
}

/** The processes that have this folder, but for this one, and all that descend from them, each with its parent. */
export function processesOf(folder: string, own = process.pid): Map<number, number> {
  const parents = new Map<number, number>()
  for (const pid of processIds()) {
    const parent = parentOf(pid)
    if (parent !== null) parents.set(pid, parent)
  }
  const known = new Map([[own, false]])
  function isTheirs(pid: number): boolean {
    const parent = parents.get(pid)
    const answer = known.get(pid) ?? (hasFolder(pid, folder) || (parent !== undefined && isTheirs(parent)))
    known.set(pid, answer)
    return answer
  }
  return new Map([...parents].filter(([pid]) => isTheirs(pid)))
}

/** False also for processes of others, whose environment is not shown, and for what has ended already. */
function hasFolder(pid: number, folder: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(`${folderVariable}=${folder}`)
  } catch {
    return false
  }
}
