import type { Uuid } from '@reeve/base'
import { type Insertable, type Selectable, sql, type Updateable } from 'kysely'
import type { Schema } from '../db/__generated__/schema.ts'
import type { Executor, Tx } from '../db/database.ts'

/** SQL of builds, their states, and what they have made. */

type WorkspaceAccess = Selectable<Schema['workspaces']>['access_list']

export interface BuildRow extends Selectable<Schema['workspace_builds']> {
  readonly workspace_name: string
  readonly owner_id: Uuid
  readonly access_list: WorkspaceAccess
  readonly owner_username: string
  readonly organization_id: Uuid
  readonly organization_name: string
  readonly template_id: Uuid
  readonly template_name: string
  readonly version_name: string
  /** The task that has this workspace, also one that was deleted. */
  readonly task_id: Uuid | null
  readonly job_status: string
  readonly job_completed_at: Date | null
  readonly initiator_username: string | null
  readonly initiator_name: string | null
  readonly initiator_avatar_url: string | null
}

const builds = (db: Executor) =>
  db
    .selectFrom('workspace_builds as b')
    .innerJoin('workspaces as w', 'w.id', 'b.workspace_id')
    .innerJoin('users as u', 'u.id', 'w.owner_id')
    .innerJoin('organizations as o', 'o.id', 'w.organization_id')
    .innerJoin('templates as t', 't.id', 'w.template_id')
    .innerJoin('template_versions as v', 'v.id', 'b.template_version_id')
    .innerJoin('provisioner_jobs as j', 'j.id', 'b.job_id')
    .leftJoin('users as i', 'i.id', 'b.initiator_id')
    .leftJoin('tasks as k', 'k.workspace_id', 'w.id')
    .selectAll('b')
    .select(['j.status as job_status', 'j.completed_at as job_completed_at'])
    .select([
      'w.access_list',
      'w.name as workspace_name',
      'w.owner_id',
      'u.username as owner_username',
      'w.organization_id',
    ])
    .select(['o.name as organization_name', 'w.template_id', 't.name as template_name', 'v.name as version_name'])
    .select('k.id as task_id')
    .select(['i.username as initiator_username', 'i.name as initiator_name', 'i.avatar_url as initiator_avatar_url'])

export const findBuild = (db: Executor, id: Uuid): Promise<BuildRow | undefined> =>
  builds(db).where('b.id', '=', id).executeTakeFirst()

export const selectBuildsById = (db: Executor, ids: readonly Uuid[]): Promise<BuildRow[]> =>
  ids.length === 0 ? Promise.resolve([]) : builds(db).where('b.id', 'in', ids).execute()

/** The latest first. */
export function selectBuilds(
  db: Executor,
  workspaceId: Uuid,
  { afterId, limit }: { readonly afterId: Uuid | null; readonly limit: number },
): Promise<BuildRow[]> {
  const found = builds(db).where('b.workspace_id', '=', workspaceId)
  const after = sql<number>`(select number from workspace_builds where id = ${afterId})`
  return (afterId === null ? found : found.where('b.number', '<', after))
    .orderBy('b.number', 'desc')
    .limit(limit)
    .execute()
}

export async function insertBuild(
  tx: Tx,
  row: Insertable<Schema['workspace_builds']>,
  parameters: ReadonlyMap<string, string>,
): Promise<void> {
  await tx.insertInto('workspace_builds').values(row).execute()
  await keepParameters(tx, row.id, parameters)
}

/** In place of those that it was begun with. */
export async function keepParameters(tx: Tx, id: Uuid, parameters: ReadonlyMap<string, string>): Promise<void> {
  await tx.deleteFrom('workspace_build_parameters').where('build_id', '=', id).execute()
  if (parameters.size === 0) return
  const rows = [...parameters].map(([name, value]) => ({ build_id: id, name, value }))
  await tx.insertInto('workspace_build_parameters').values(rows).execute()
}

export async function selectParameters(db: Executor, id: Uuid): Promise<Map<string, string>> {
  const rows = await db
    .selectFrom('workspace_build_parameters')
    .select(['name', 'value'])
    .where('build_id', '=', id)
    .orderBy('name')
    .execute()
  return new Map(rows.map(({ name, value }) => [name, value]))
}

/** The last one below this number whose job succeeded. */
export const findSucceeded = (db: Executor, workspaceId: Uuid, below: number): Promise<{ id: Uuid } | undefined> =>
  db
    .selectFrom('workspace_builds as b')
    .innerJoin('provisioner_jobs as j', 'j.id', 'b.job_id')
    .select('b.id')
    .where('b.workspace_id', '=', workspaceId)
    .where('b.number', '<', below)
    .where('j.status', '=', 'succeeded')
    .orderBy('b.number', 'desc')
    .limit(1)
    .executeTakeFirst()

/** What is known of the things of a workspace when this build begins, or has ended: its own state, or one before. */
export const findState = (
  db: Executor,
  { workspace_id: workspaceId, number }: Pick<BuildRow, 'workspace_id' | 'number'>,
): Promise<{ build_id: Uuid; sealed_state: string } | undefined> =>
  db
    .selectFrom('workspace_states as s')
    .innerJoin('workspace_builds as b', 'b.id', 's.build_id')
    .select(['s.build_id', 's.sealed_state'])
    .where('b.workspace_id', '=', workspaceId)
    .where('b.number', '<=', number)
    .orderBy('b.number', 'desc')
    .limit(1)
    .executeTakeFirst()

export async function keepState(db: Executor, buildId: Uuid, sealed: string, at: Date): Promise<void> {
  await db
    .insertInto('workspace_states')
    .values({ build_id: buildId, sealed_state: sealed, updated_at: at })
    .onConflict((conflict) => conflict.column('build_id').doUpdateSet({ sealed_state: sealed, updated_at: at }))
    .execute()
}

export async function isLatest(
  db: Executor,
  { workspace_id: workspaceId, number }: Pick<BuildRow, 'workspace_id' | 'number'>,
): Promise<boolean> {
  const later = await db
    .selectFrom('workspace_builds')
    .select('id')
    .where('workspace_id', '=', workspaceId)
    .where('number', '>', number)
    .limit(1)
    .executeTakeFirst()
  return later === undefined
}

/**
 * Whether somebody has taken up a later build of this workspace. One that waits is not taken up before the transaction
 * ends; one that is being taken up right now counts as taken.
 */
export async function hasLaterBegun(
  tx: Tx,
  { workspace_id: workspaceId, number }: Pick<BuildRow, 'workspace_id' | 'number'>,
): Promise<boolean> {
  const later = tx
    .selectFrom('workspace_builds')
    .select('job_id')
    .where('workspace_id', '=', workspaceId)
    .where('number', '>', number)
  const held = await tx
    .selectFrom('provisioner_jobs')
    .select('id')
    .where('id', 'in', later)
    .where('started_at', 'is', null)
    .forUpdate()
    .skipLocked()
    .execute()
  return (await later.execute()).length > held.length
}

/** Only the worker whose job it still is changes what is kept. */
export async function isHeldBy(tx: Tx, jobId: Uuid, workerId: Uuid | null): Promise<boolean> {
  const held = await tx
    .selectFrom('provisioner_jobs')
    .select('id')
    .where('id', '=', jobId)
    .where('worker_id', '=', workerId)
    .where('completed_at', 'is', null)
    .forUpdate()
    .executeTakeFirst()
  return held !== undefined
}

export async function updateBuild(tx: Tx, id: Uuid, set: Updateable<Schema['workspace_builds']>): Promise<void> {
  await tx.updateTable('workspace_builds').set(set).where('id', '=', id).execute()
}

export interface TaskOfWorkspace {
  readonly id: Uuid
  readonly name: string
  readonly prompt: string
  readonly deleted_at: Date | null
}

/** The task that has this workspace, also one that was deleted. */
export const findTaskOf = (db: Executor, workspaceId: Uuid): Promise<TaskOfWorkspace | undefined> =>
  db
    .selectFrom('tasks')
    .select(['id', 'name', 'prompt', 'deleted_at'])
    .where('workspace_id', '=', workspaceId)
    .executeTakeFirst()

export type ResourceRow = Selectable<Schema['workspace_resources']>
export type AgentRow = Selectable<Schema['workspace_agents']>

export async function insertResource(
  tx: Tx,
  row: Insertable<Schema['workspace_resources']>,
  agents: readonly Insertable<Schema['workspace_agents']>[],
): Promise<void> {
  await tx.insertInto('workspace_resources').values(row).execute()
  if (agents.length > 0) await tx.insertInto('workspace_agents').values(agents).execute()
}

export const selectResources = (db: Executor, buildId: Uuid): Promise<ResourceRow[]> =>
  db.selectFrom('workspace_resources').selectAll().where('build_id', '=', buildId).orderBy('address').execute()

export const selectAgents = (db: Executor, buildId: Uuid): Promise<AgentRow[]> =>
  db
    .selectFrom('workspace_agents as a')
    .innerJoin('workspace_resources as r', 'r.id', 'a.resource_id')
    .selectAll('a')
    .where('r.build_id', '=', buildId)
    .orderBy('a.name')
    .execute()

export interface ScriptRunRow extends Selectable<Schema['workspace_script_runs']> {
  readonly agent_name: string
}

export const selectScriptRuns = (db: Executor, buildId: Uuid): Promise<ScriptRunRow[]> =>
  db
    .selectFrom('workspace_script_runs as s')
    .innerJoin('workspace_agents as a', 'a.id', 's.agent_id')
    .innerJoin('workspace_resources as r', 'r.id', 'a.resource_id')
    .selectAll('s')
    .select('a.name as agent_name')
    .where('r.build_id', '=', buildId)
    .orderBy('s.started_at')
    .execute()

/** Hears the id of a workspace whose agents are to be looked at again, and that of an agent which said something. */
export const agentChannel = 'reeve_agents'

/** Tells the agents of a workspace that it is being stopped. */
export async function askAgentsToStop(tx: Tx, workspaceId: Uuid, at: Date): Promise<void> {
  await tx
    .updateTable('workspace_agents')
    .set({ stop_asked_at: at })
    .where('token_sha256', 'is not', null)
    .where('resource_id', 'in', (where) =>
      where
        .selectFrom('workspace_resources as r')
        .innerJoin('workspace_builds as b', 'b.id', 'r.build_id')
        .select('r.id')
        .where('b.workspace_id', '=', workspaceId),
    )
    .execute()
  await sql`select pg_notify(${agentChannel}, ${workspaceId})`.execute(tx)
}

/** Those that were told to stop, and have a token still. */
export const selectStopping = (db: Executor, workspaceId: Uuid) =>
  db
    .selectFrom('workspace_agents as a')
    .innerJoin('workspace_resources as r', 'r.id', 'a.resource_id')
    .innerJoin('workspace_builds as b', 'b.id', 'r.build_id')
    .select(['a.lifecycle', 'a.last_connected_at', 'a.disconnected_at'])
    .where('b.workspace_id', '=', workspaceId)
    .where('a.token_sha256', 'is not', null)
    .where('a.stop_asked_at', 'is not', null)
    .execute()

/** What the agents of the builds so far prove who they are with is nobody's from now on. */
export async function endAgentTokens(tx: Tx, workspaceId: Uuid): Promise<void> {
  await tx
    .updateTable('workspace_agents')
    .set({ token_sha256: null, sealed_gateway_token: null, sealed_boundary_token: null, boundary_key_id: null })
    .where('token_sha256', 'is not', null)
    .where('resource_id', 'in', (where) =>
      where
        .selectFrom('workspace_resources as r')
        .innerJoin('workspace_builds as b', 'b.id', 'r.build_id')
        .select('r.id')
        .where('b.workspace_id', '=', workspaceId),
    )
    .execute()
  await sql`select pg_notify(${agentChannel}, ${workspaceId})`.execute(tx)
}
