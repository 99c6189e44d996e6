import type { AgentAppState, WorkspaceAgent, WorkspaceAgentLog } from '@reeve/sdk'
import type { addressesOf } from './apps/app-address.ts'
import { connectionOf } from './lifecycle.ts'
import type { AgentRow, AppStatusRow, selectLines } from './queries.ts'

interface Known {
  /** What apps said of what they do, also those of other agents. */
  readonly said: readonly AppStatusRow[]
  /** Of the apps of this agent, by their slugs. */
  readonly addresses: ReturnType<typeof addressesOf>
  /** Its template wants shells to wait for a start script. */
  readonly blocksShells: boolean
}

const unknownAddress = { url: null, no_url: 'elsewhere' as const, hidden: false }

export function presentAgent(row: AgentRow, { said, addresses, blocksShells }: Known, now: Date): WorkspaceAgent {
  // SAFETY: the columns are written by `keepResult` and `hear` alone, in these shapes.
  const apps = row.apps as unknown as { slug: string; display_name: string }[]
  const health = row.app_health as unknown as Record<string, WorkspaceAgent['apps'][number]['health']>
  const metadata = row.metadata as unknown as Record<string, Omit<WorkspaceAgent['metadata'][number], 'key'>>
  return {
    id: row.id,
    name: row.name,
    workspace_id: row.workspace_id,
    resource_id: row.resource_id,
    operating_system: row.os,
    architecture: row.arch,
    directory: row.directory,
    version: row.version,
    status: connectionOf(row, now),
    // SAFETY: as above.
    lifecycle_state: row.lifecycle as WorkspaceAgent['lifecycle_state'],
    startup_script_behavior: blocksShells ? 'blocking' : 'non-blocking',
    created_at: row.created_at.toISOString(),
    first_connected_at: row.first_connected_at?.toISOString() ?? null,
    last_connected_at: row.last_connected_at?.toISOString() ?? null,
    disconnected_at: row.disconnected_at?.toISOString() ?? null,
    started_at: row.started_at?.toISOString() ?? null,
    ready_at: row.ready_at?.toISOString() ?? null,
    logs_length: row.log_chars,
    logs_overflowed: row.logs_overflowed,
    apps: apps.map(({ slug, display_name }) => {
      const own = said.filter(({ agent_id: id, app_slug }) => id === row.id && app_slug === slug)
      return {
        slug,
        display_name,
        health: health[slug] ?? 'disabled',
        ...(addresses.get(slug) ?? unknownAddress),
        statuses: own.map(presentStatus),
      }
    }),
    metadata: Object.entries(metadata).map(([key, fact]) => ({ key, ...fact })),
    // SAFETY: as above.
    stats: row.stats as unknown as WorkspaceAgent['stats'],
    // SAFETY: as above.
    app_status: row.app_status as unknown as WorkspaceAgent['app_status'],
  }
}

const presentStatus = ({ app_slug, state, message, uri, created_at }: AppStatusRow) => ({
  app_slug,
  // SAFETY: the schema of the endpoint has no other values.
  state: state as AgentAppState,
  message,
  uri,
  created_at: created_at.toISOString(),
})

export const presentLine = (row: Awaited<ReturnType<typeof selectLines>>[number]): WorkspaceAgentLog => ({
  id: row.number,
  created_at: row.created_at.toISOString(),
  // SAFETY: the schema of the protocol has no other values.
  level: row.level as WorkspaceAgentLog['level'],
  source: row.source,
  output: row.output,
})
