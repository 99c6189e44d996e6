import { Fault, type Uuid } from '@reeve/base'
import type { WorkspaceAgent, WorkspaceAgentLog } from '@reeve/sdk'
import type { Actor } from '../access/actor.ts'
import { allows } from '../access/policy.ts'
import { type Scope, signedIn } from '../http/implement.ts'
import { objectOf, workspaceFor } from '../workspaces/reachable.ts'
import type { AgentRoom } from './agent-room.ts'
import { addressesOf } from './apps/app-address.ts'
import { keepLines } from './hear.ts'
import { blocksShells, planOf } from './manifest.ts'
import { presentAgent, presentLine } from './present.ts'
import { type AgentRow, findAgent, selectAgentsOf, selectAppStatuses, selectLines } from './queries.ts'
import { speaking } from './speaking.ts'

/** Agents, looked at by people; and what whoever has the token of one says over HTTP. */

export async function agentsOf(room: AgentRoom, actor: Actor, workspaceId: Uuid): Promise<WorkspaceAgent[]> {
  const { id } = await workspaceFor(room.db.sql, actor, workspaceId, 'workspace:read')
  return present(room, await selectAgentsOf(room.db.sql, id))
}

async function present(room: AgentRoom, rows: readonly AgentRow[]): Promise<WorkspaceAgent[]> {
  const said = await selectAppStatuses(
    room.db.sql,
    rows.map(({ id }) => id),
  )
  const now = room.clock.now()
  return rows.map((row) => {
    const plan = planOf(room, row)
    return presentAgent(row, { said, addresses: addressesOf(room, row, plan), blocksShells: blocksShells(plan) }, now)
  })
}

export async function agentFor({ db }: AgentRoom, actor: Actor, id: Uuid): Promise<AgentRow> {
  const row = await findAgent(db.sql, id)
  if (row === undefined || !allows(actor, 'workspace:read', objectOf({ ...row, id: row.workspace_id }))) {
    throw new Fault('not_found', 'there is no such agent')
  }
  return row
}

export async function agentById(room: AgentRoom, actor: Actor, id: Uuid): Promise<WorkspaceAgent> {
  const [agent] = await present(room, [await agentFor(room, actor, id)])
  if (agent === undefined) throw new Fault('not_found', 'there is no such agent')
  return agent
}

const linesMax = 5_000

export async function agentLog(
  room: AgentRoom,
  actor: Actor,
  id: Uuid,
  { after = 0 }: { readonly after?: number | undefined },
): Promise<WorkspaceAgentLog[]> {
  await agentFor(room, actor, id)
  return (await selectLines(room.db.sql, id, { after, limit: linesMax })).map(presentLine)
}

/** Notices can get lost; nobody waits for ever. */
const lookMs = 2_000

/** Ends when the agent has, and all that it said is told. */
export async function followAgentLog(
  room: AgentRoom,
  scope: Scope,
  id: Uuid,
  after: number,
): Promise<AsyncIterable<WorkspaceAgentLog>> {
  const { workspace_id: workspaceId } = await agentFor(room, signedIn(scope), id)
  return followLines(room, { id, workspaceId }, after, scope.signal)
}

async function* followLines(
  { db, notices }: AgentRoom,
  { id, workspaceId }: { readonly id: Uuid; readonly workspaceId: Uuid },
  after: number,
  signal: AbortSignal,
): AsyncGenerator<WorkspaceAgentLog> {
  let news = Promise.withResolvers<void>()
  const wake = (): void => news.resolve()
  using _ear = notices.on((told) => {
    if (told === null || told === id || told === workspaceId) wake()
  })
  signal.addEventListener('abort', wake)
  try {
    while (!signal.aborted) {
      news = Promise.withResolvers()
      // Asked before the lines, so that one that has ended has said all of them.
      const agent = await findAgent(db.sql, id)
      const lines = await selectLines(db.sql, id, { after, limit: linesMax })
      for (const line of lines) yield presentLine(line)
      after = lines.at(-1)?.number ?? after
      if (lines.length === linesMax) continue
      if (agent === undefined || agent.token_sha256 === null) return
      const timer = setTimeout(wake, lookMs)
      await news.promise
      clearTimeout(timer)
    }
  } finally {
    signal.removeEventListener('abort', wake)
  }
}

interface Lines {
  readonly log_source_id?: string | undefined
  readonly logs: readonly {
    readonly created_at: string
    readonly level?: WorkspaceAgentLog['level'] | undefined
    readonly output: string
  }[]
}

export async function takeLines(room: AgentRoom, scope: Scope, { log_source_id: source = '', logs }: Lines) {
  const agent = await speaking(room, scope)
  await keepLines(
    room,
    agent,
    logs.map(({ level = 'info', ...line }) => ({ ...line, level, source })),
  )
}
