import type { WorkspaceAgent } from '@reeve/sdk'

/**
 * Whether the control plane hears of an agent:
 *
 *   connecting ──▶ connected ◀──▶ disconnected
 *        └───────▶ timeout ─────▶ connected
 *
 * `timeout` is an agent that never came within the time that its template gives it; it may come later. One that is not
 * heard of for `silentAfterMs` counts as disconnected also where nobody saw its connection end, as when the server that
 * held it died.
 */
export const silentAfterMs = 60_000

interface Heard {
  readonly created_at: Date
  readonly connection_timeout_seconds: number
  readonly first_connected_at: Date | null
  readonly last_connected_at: Date | null
  readonly disconnected_at: Date | null
}

export function connectionOf(agent: Heard, now: Date): WorkspaceAgent['status'] {
  const { last_connected_at: last, disconnected_at: left, connection_timeout_seconds: timeout } = agent
  const since = (at: Date): number => now.getTime() - at.getTime()
  if (agent.first_connected_at === null || last === null) {
    return timeout > 0 && since(agent.created_at) > timeout * 1_000 ? 'timeout' : 'connecting'
  }
  return left === null && since(last) <= silentAfterMs ? 'connected' : 'disconnected'
}
