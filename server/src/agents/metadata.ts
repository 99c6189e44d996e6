import { setTimeout } from 'node:timers/promises'
import type { Uuid } from '@reeve/base'
import type { WorkspaceAgentMetadata } from '@reeve/sdk'
import { type Scope, signedIn } from '../http/implement.ts'
import type { AgentRoom } from './agent-room.ts'
import { agentFor } from './agents.ts'
import { planOf } from './manifest.ts'
import { type AgentRow, findAgent } from './queries.ts'
import type { UserSocket } from './user-sockets.ts'

/** What a template measures in a workspace. Agents measure each fact when its interval says so, and tell several at once. */
const lookMs = 1_000

/** All that the template names, measured or not, in its order. */
export function metadataOf(room: AgentRoom, row: AgentRow): WorkspaceAgentMetadata[] {
  // SAFETY: the column is written by `hear` alone, in this shape.
  const facts = row.metadata as unknown as Record<string, { value: string; error: string; collected_at: string }>
  const now = room.clock.now().getTime()
  return planOf(room, row)
    .metadata.toSorted((one, other) => one.order - other.order)
    .map(({ key, displayName, intervalSeconds, timeoutSeconds }) => {
      const fact = facts[key]
      const age = fact === undefined ? 0 : Math.max(0, Math.round((now - Date.parse(fact.collected_at)) / 1_000))
      return {
        description: { key, display_name: displayName, interval: intervalSeconds, timeout: timeoutSeconds },
        result: { collected_at: fact?.collected_at ?? null, age, value: fact?.value ?? '', error: fact?.error ?? '' },
      }
    })
}

/** Ends with the agent. */
export async function followMetadata(room: AgentRoom, scope: Scope, id: Uuid) {
  return follow(room, await agentFor(room, signedIn(scope), id), scope.signal)
}

async function* follow(
  room: AgentRoom,
  first: AgentRow,
  signal: AbortSignal,
): AsyncGenerator<WorkspaceAgentMetadata[]> {
  let told: string | null = null
  for (let row: AgentRow | undefined = first; row !== undefined; row = await findAgent(room.db.sql, first.id)) {
    // Its age alone is no change.
    const facts = JSON.stringify(row.metadata)
    if (facts !== told) yield metadataOf(room, row)
    told = facts
    if (row.token_sha256 === null || signal.aborted) return
    await setTimeout(lookMs, null, { signal }).catch(() => {})
    if (signal.aborted) return
  }
}

/** The same over a WebSocket; closed with 1000 when the agent has ended. */
export async function serveMetadata(room: AgentRoom, { socket, agent, signal }: UserSocket): Promise<void> {
  try {
    for await (const data of follow(room, agent, signal)) socket.send(JSON.stringify({ type: 'data', data }))
    socket.close(1000, 'the agent has ended')
  } catch {
    socket.close(1011, 'what is measured could not be read')
  }
}
