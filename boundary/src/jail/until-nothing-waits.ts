import { setImmediate as turn } from 'node:timers/promises'

/**
 * What a sandbox asked for just before it ended still waits in the kernel, and Node takes one connection of a listener
 * in each turn of its loop. Resolves when a turn brought nothing more; `heard` counts what came.
 */
export async function untilNothingWaits(heard: () => number): Promise<void> {
  for (let before = -1; before !== heard();) {
    before = heard()
    // Between two of these lies a whole look at everything that is open.
    await turn()
    await turn()
  }
}
