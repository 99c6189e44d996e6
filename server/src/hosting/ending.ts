import { setTimeout as wait } from 'node:timers/promises'
import type { Clock } from '@reeve/base'
import type { OpenedJail } from './open-jail.ts'
import { knownProcess } from './process-record.ts'

/** How processes that are not our children are waited for: the kernel does not tell of them. */
const pollMs = 25
export const killedWithinMs = 10_000

export async function untilGone(isGone: () => boolean, withinMs: number, clock: Clock): Promise<boolean> {
  for (const deadline = clock.monotonicMs() + withinMs; !isGone();) {
    if (clock.monotonicMs() > deadline) return false
    await wait(pollMs)
  }
  return true
}

/** Ends one that has just been opened. */
export async function endJail({ pid, kill, lifeline }: OpenedJail, clock: Clock): Promise<void> {
  lifeline.destroy()
  signalTo(pid, 'SIGKILL')
  kill()
  await untilGone(() => knownProcess(pid) === null, killedWithinMs, clock)
}

export function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended in between.
  }
}
