import { setTimeout as wait } from 'node:timers/promises'
import type { Clock } from '@reeve/base'

/** What scripts left running, to be ended in order when the workspace stops: an agent that works saves what it knows. */
export interface ProcessGroups {
  add(group: number): void
  /** Asks all of them to end, and ends what does not. */
  end(withinMs: number): Promise<void>
}

const lookAgainMs = 50

export function createProcessGroups(clock: Clock): ProcessGroups {
  const groups = new Set<number>()
  const living = (): number[] => [...groups].filter((group) => signal(group, 0))
  return {
    add(group) {
      if (signal(group, 0)) groups.add(group)
    },
    async end(withinMs) {
      for (const group of living()) signal(group, 'SIGTERM')
      const deadline = clock.monotonicMs() + withinMs
      while (living().length > 0 && clock.monotonicMs() < deadline) await wait(lookAgainMs)
      for (const group of living()) signal(group, 'SIGKILL')
      groups.clear()
    },
  }
}

/** False where there is nobody to hear it. */
function signal(group: number, name: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-group, name)
    return true
  } catch {
    return false
  }
}
