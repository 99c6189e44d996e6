import { Fault, uuidv7 } from '@reeve/base'
import type { Scope } from '../http/implement.ts'
import { touch } from '../workspaces/activity.ts'
import type { AgentRoom } from './agent-room.ts'
import { ended, storable } from './hear.ts'
import { planOf } from './manifest.ts'
import { insertAppStatus, lockAgent, updateLive } from './queries.ts'
import { speaking } from './speaking.ts'

interface AppStatus {
  readonly app_slug: string
  readonly state: string
  readonly message: string
  readonly uri?: string | undefined
}

/** What an app says that it does: the last stands on its agent, and some before it are kept. */
export async function takeAppStatus(room: AgentRoom, scope: Scope, { uri = '', ...given }: AppStatus): Promise<void> {
  const agent = await speaking(room, scope)
  if (!planOf(room, agent).apps.some(({ slug }) => slug === given.app_slug)) {
    throw new Fault('invalid', 'this agent has no such app', {
      problems: [{ field: 'app_slug', detail: 'is no app of this agent' }],
    })
  }
  const now = room.clock.now()
  const status = { ...given, message: storable(given.message), uri: storable(uri) }
  await room.db.transaction(async (tx) => {
    const locked = await lockAgent(tx, agent.id)
    if (locked === undefined) throw ended()
    await updateLive(tx, agent.id, { app_status: JSON.stringify({ ...status, created_at: now.toISOString() }) })
    await insertAppStatus(tx, { id: uuidv7(now), agent_id: agent.id, ...status, created_at: now })
  })
  // Being at work counts as use, and so does having come to an end: a task is idle from here on.
  await touch(room, agent.workspace_id)
}
