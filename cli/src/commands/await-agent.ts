import { setTimeout as delay } from 'node:timers/promises'
import { Fault } from '@reeve/base'
import type { WorkspaceAgent } from '@reeve/sdk'
import type { Io } from '../io.ts'

const lookMs = 1_000

/**
 * An agent whose machine is being made comes by itself: until then it is waited for, and no longer than its template
 * says. One that was there and is gone is left to whoever opens streams to it, who says so.
 */
export async function awaitAgent(
  first: WorkspaceAgent,
  look: () => Promise<WorkspaceAgent>,
  { stderr, signal }: Pick<Io, 'stderr' | 'signal'>,
  everyMs = lookMs,
): Promise<void> {
  if (first.status === 'connecting') stderr.write(`waiting for the agent ${first.name} to connect\n`)
  for (let agent = first; ; agent = await look()) {
    if (agent.status === 'timeout') {
      throw new Fault('unavailable', `the agent ${agent.name} has not connected in time`, {
        fix: 'see what its machine says, or start the workspace again',
      })
    }
    if (agent.status !== 'connecting') return
    await delay(everyMs, null, { signal }).catch(() => {
      throw new Fault('unavailable', `the agent ${agent.name} was not waited for`)
    })
  }
}
