import { createHash } from 'node:crypto'
import type { Uuid } from '@reeve/base'
import type { AgentLine } from '@reeve/sdk'
import { type Insertable, type Selectable, sql, type Updateable } from 'kysely'
import type { Schema } from '../db/__generated__/schema.ts'
import type { Executor, Tx } from '../db/database.ts'
import { agentChannel } from '../workspaces/build-queries.ts'

/** SQL of agents, and of what they say. */

export interface AgentRow extends Selectable<Schema['workspace_agents']> {
  readonly workspace_id: Uuid
  readonly workspace_name: string
  readonly owner_id: Uuid
  readonly owner_username: string
  readonly organization_id: Uuid
  readonly access_list: Selectable<Schema['workspaces']>['access_list']
  /** The task that has the workspace, and the app of this agent that it is talked to through. */
  readonly task_id: Uuid | null
  readonly task_app_slug: string | null
}

const agents = (db: Executor) =>
  db
    .selectFrom('workspace_agents as a')
    .innerJoin('workspace_resources as r', 'r.id', 'a.resource_id')
    .innerJoin('workspace_builds as b', 'b.id', 'r.build_id')
    .innerJoin('workspaces as w', 'w.id', 'b.workspace_id')
    .innerJoin('users as u', 'u.id', 'w.owner_id')
    .selectAll('a')
    .select(['b.workspace_id', 'w.name as workspace_name', 'w.owner_id', 'w.organization_id', 'w.access_list'])
    .select('u.username as owner_username')
    .leftJoin('tasks as t', (join) =>
      join.onRef('t.workspace_id', '=', 'w.id').onRef('b.task_agent_id', '=', 'a.id').on('t.deleted_at', 'is', null),
    )
    .select(['t.id as task_id', 'b.task_app_slug'])

const sha256 = (token: string): Buffer => createHash('sha256').update(token).digest()

/** The agent whose token this is; none once its workspace is stopped or built anew. */
export const findByToken = (db: Executor, token: string): Promise<AgentRow | undefined> =>
  agents(db).where('a.token_sha256', '=', sha256(token)).executeTakeFirst()

/** The same agent until the end of the transaction. */
export const lockAgent = (tx: Tx, id: Uuid): Promise<AgentRow | undefined> =>
  agents(tx).where('a.id', '=', id).where('a.token_sha256', 'is not', null).forUpdate('a').executeTakeFirst()

export const findAgent = (db: Executor, id: Uuid): Promise<AgentRow | undefined> =>
  agents(db).where('a.id', '=', id).executeTakeFirst()

interface Names {
  readonly workspace: string
  readonly owner: string
}

const agentsByName = (db: Executor, { owner, workspace }: Names) =>
  agents(db)
    .where(sql`lower(u.username)`, '=', owner.toLowerCase())
    .where(sql`lower(w.name)`, '=', workspace.toLowerCase())
    .where('w.deleted_at', 'is', null)
    .where('u.deleted_at', 'is', null)
    .where('b.number', '=', sql<number>`(select max(number) from workspace_builds where workspace_id = w.id)`)

/** Of the latest build of a workspace that is there, by its names in any case. */
export const findAgentByName = (
  db: Executor,
  name: Names & { readonly agent: string },
): Promise<AgentRow | undefined> =>
  agentsByName(db, name)
    .where(sql`lower(a.name)`, '=', name.agent.toLowerCase())
    .executeTakeFirst()

export const selectAgentsByName = (db: Executor, names: Names): Promise<AgentRow[]> => agentsByName(db, names).execute()

/** Those of the latest build. */
export const selectAgentsOf = (db: Executor, workspaceId: Uuid): Promise<AgentRow[]> =>
  agents(db)
    .where('b.workspace_id', '=', workspaceId)
    .where('b.number', '=', sql<number>`(select max(number) from workspace_builds where workspace_id = ${workspaceId})`)
    .orderBy('a.name')
    .execute()

/** False where its token has ended: nothing that it says counts any more. */
export async function updateLive(
  db: Executor,
  id: Uuid,
  set: Updateable<Schema['workspace_agents']>,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('workspace_agents')
    .set(set)
    .where('id', '=', id)
    .where('token_sha256', 'is not', null)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** Puts these keys over those that are there. */
export async function mergeFacts(
  db: Executor,
  id: Uuid,
  column: 'metadata' | 'app_health',
  facts: Readonly<Record<string, unknown>>,
): Promise<void> {
  const merged = sql<string>`${sql.ref(column)} || ${JSON.stringify(facts)}::jsonb`
  await updateLive(db, id, { [column]: merged })
}

/** One connection among those that there were: an agent's newest is the one that counts. */
export interface HeldConnection {
  readonly agentId: Uuid
  readonly id: Uuid
}

/** That it was heard of now, if it is still its agent's newest; and what the agent is to do: nothing, shut down, or go. */
export async function touchConnection(
  db: Executor,
  { agentId, id }: HeldConnection,
  at: Date,
): Promise<'live' | 'stopping' | 'replaced' | 'ended'> {
  const row = await db
    .updateTable('workspace_agents')
    .set((eb) => ({
      last_connected_at: eb.case().when('connection_id', '=', id).then(at).else(eb.ref('last_connected_at')).end(),
    }))
    .where('id', '=', agentId)
    .where('token_sha256', 'is not', null)
    .returning(['connection_id', 'stop_asked_at'])
    .executeTakeFirst()
  if (row === undefined) return 'ended'
  if (row.connection_id !== id) return 'replaced'
  return row.stop_asked_at === null ? 'live' : 'stopping'
}

export async function markDisconnected(db: Executor, { agentId, id }: HeldConnection, at: Date): Promise<void> {
  await db
    .updateTable('workspace_agents')
    .set({ disconnected_at: at })
    .where('id', '=', agentId)
    .where('connection_id', '=', id)
    .execute()
}

/** Whoever holds a connection of an agent of this workspace looks whether it is still the newest. */
export async function tellHolders(db: Executor, workspaceId: Uuid): Promise<void> {
  await sql`select pg_notify(${agentChannel}, ${workspaceId})`.execute(db)
}

/** Whoever follows what this agent says looks again. */
export async function tellFollowers(tx: Tx, agentId: Uuid): Promise<void> {
  await sql`select pg_notify(${agentChannel}, ${agentId})`.execute(tx)
}

export async function insertLines(tx: Tx, agentId: Uuid, lines: readonly AgentLine[]): Promise<void> {
  if (lines.length === 0) return
  const rows = lines.map(({ created_at, ...line }) => ({
    ...line,
    agent_id: agentId,
    created_at: new Date(created_at),
  }))
  await tx.insertInto('workspace_agent_logs').values(rows).execute()
}

export const selectLines = (
  db: Executor,
  agentId: Uuid,
  { after, limit }: { readonly after: number; readonly limit: number },
) =>
  db
    .selectFrom('workspace_agent_logs')
    .selectAll()
    .where('agent_id', '=', agentId)
    .where('number', '>', after)
    .orderBy('number')
    .limit(limit)
    .execute()

export type AppStatusRow = Selectable<Schema['workspace_app_statuses']>

/** Of one agent as many are kept; the oldest go. */
const appStatusesMax = 200
const scriptRunsMax = 1_000

export async function insertAppStatus(tx: Tx, row: Insertable<Schema['workspace_app_statuses']>): Promise<void> {
  await tx.insertInto('workspace_app_statuses').values(row).execute()
  await trim(tx, 'workspace_app_statuses', row.agent_id, appStatusesMax)
}

async function trim(
  tx: Tx,
  table: 'workspace_app_statuses' | 'workspace_script_runs',
  agentId: Uuid,
  most: number,
): Promise<void> {
  await tx
    .deleteFrom(table)
    .where('agent_id', '=', agentId)
    .where('id', '<=', (where) =>
      where.selectFrom(table).select('id').where('agent_id', '=', agentId).orderBy('id', 'desc').offset(most).limit(1),
    )
    .execute()
}

/** The latest first, of each agent and app the last few. */
export async function selectAppStatuses(db: Executor, agentIds: readonly Uuid[]): Promise<AppStatusRow[]> {
  if (agentIds.length === 0) return []
  return db
    .selectFrom((from) =>
      from
        .selectFrom('workspace_app_statuses')
        .selectAll()
        .select(sql<number>`row_number() over (partition by agent_id, app_slug order by id desc)`.as('place'))
        .where('agent_id', 'in', agentIds)
        .as('said'),
    )
    .select(['id', 'agent_id', 'app_slug', 'state', 'message', 'uri', 'created_at'])
    .where('place', '<=', 20)
    .orderBy('id', 'desc')
    .execute()
}

export async function insertScriptRun(tx: Tx, row: Insertable<Schema['workspace_script_runs']>): Promise<void> {
  await tx.insertInto('workspace_script_runs').values(row).execute()
  await trim(tx, 'workspace_script_runs', row.agent_id, scriptRunsMax)
}
