import { setTimeout as wait } from 'node:timers/promises'
import type { Clock, Uuid } from '@reeve/base'
import type { Executor } from '../db/database.ts'
import { selectStopping } from './build-queries.ts'

/**
 * A workspace is stopped from inside first: its agents run their stop scripts and bring in what they know, while what they
 * run on is still there. Nobody waits for an agent that is not connected, nor for ever.
 */

const withinMs = 60_000
const lookAgainMs = 100
/** As the agents' room has it: who is not heard of for longer is not connected. */
const silentAfterMs = 60_000

export const hasShutDown = (lifecycle: string): boolean => /^(?:off|shutdown_timeout|shutdown_error)$/.test(lifecycle)

interface Waiting {
  readonly clock: Clock
  readonly signal: AbortSignal
}

export async function agentsStopped(db: Executor, workspaceId: Uuid, { clock, signal }: Waiting): Promise<void> {
  const deadline = clock.monotonicMs() + withinMs
  while (!signal.aborted && clock.monotonicMs() < deadline) {
    const since = clock.now().getTime() - silentAfterMs
    const isThere = (at: Date | null): boolean => at !== null && at.getTime() > since
    const left = (await selectStopping(db, workspaceId)).filter(
      ({ lifecycle, last_connected_at: heard, disconnected_at: gone }) =>
        !hasShutDown(lifecycle) && gone === null && isThere(heard),
    )
    if (left.length === 0) return
    await wait(lookAgainMs, undefined, { signal }).catch(() => {})
  }
}
