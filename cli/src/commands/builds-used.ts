import { Fault } from '@reeve/base'
import { type Client, endpoints } from '@reeve/sdk'
import type { Context } from '../context.ts'

/** What a start of a task counts, and of how many; how many are used is for those who may read licences. */
export async function countsOne({ io: { signal } }: Context, client: Client): Promise<string> {
  const counts = 'counts 1 Agent Workspace Build'
  try {
    const { features } = await client.call(endpoints.getEntitlements, { signal })
    const { limit, actual } = features['managed_agent_limit'] ?? {}
    if (actual === undefined || limit === undefined) return counts
    return `${counts} (${exact(actual)} of ${exact(limit)} used)`
  } catch (thrown) {
    // What it would say is no reason not to do it.
    if (thrown instanceof Fault && !signal.aborted) return counts
    throw thrown
  }
}

const exact = (count: number): string => count.toLocaleString('en-US')
