import { isUuid, type Log, type Uuid } from '@reeve/base'
import type { Connection } from '../db/database.ts'
import { listen } from '../db/listen.ts'
import { agentChannel } from '../workspaces/build-queries.ts'

/**
 * What happens to agents on any server of the deployment, behind one connection to the database. The id is that of a
 * workspace whose agents are others now, or are to stop, or that of an agent which said something; null: the connection
 * was away, and whoever waits must look.
 */
export interface AgentNotices extends AsyncDisposable {
  on(hear: (id: Uuid | null) => void): Disposable
}

export async function openAgentNotices(connection: Connection, log: Log): Promise<AgentNotices> {
  const ears = new Set<(id: Uuid | null) => void>()
  const tell = (id: Uuid | null): void => {
    for (const hear of ears) hear(id)
  }
  // Anybody who can reach the database may notify; what is no id says nothing.
  const hear = (payload: string): void => void (isUuid(payload) && tell(payload))
  const listener = await listen(connection, agentChannel, hear, { log, onReconnect: () => tell(null) })
  return {
    on(added) {
      ears.add(added)
      return { [Symbol.dispose]: () => ears.delete(added) }
    },
    [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose](),
  }
}
