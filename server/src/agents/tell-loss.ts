import type { Uuid } from '@reeve/base'
import type { AgentRoom } from './agent-room.ts'
import { keepLines } from './hear.ts'
import { selectAgentsOf } from './queries.ts'

const source = 'Reeve'

/**
 * Why a workspace is gone that nobody stopped, among the last words of its agents: that they are disconnected is seen by
 * itself, as their connection has ended.
 */
export async function tellLoss(
  { db, clock }: Pick<AgentRoom, 'db' | 'clock'>,
  workspaceId: Uuid,
  why: string,
): Promise<void> {
  const line = {
    created_at: clock.now().toISOString(),
    level: 'error' as const,
    source,
    output: `This workspace is not running any more: ${why}. Start it again.`,
  }
  for (const agent of await selectAgentsOf(db.sql, workspaceId)) {
    if (agent.token_sha256 !== null) await keepLines({ db }, agent, [line])
  }
}
