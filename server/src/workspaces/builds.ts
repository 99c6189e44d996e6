import { Fault, type Uuid } from '@reeve/base'
import type {
  ProvisionerJobLog,
  WorkspaceBuild,
  WorkspaceBuildTimings,
  WorkspaceResource,
  WorkspaceTransition,
} from '@reeve/sdk'
import type { Actor } from '../access/actor.ts'
import { appendAudit } from '../audit/journal.ts'
import type { Tx } from '../db/database.ts'
import { type FileAnswer, type Scope, signedIn } from '../http/implement.ts'
import { cancelJob, followLines } from '../jobs/jobs.ts'
import { presentJobs, presentLine } from '../jobs/present.ts'
import { selectLines } from '../jobs/queries.ts'
import { mayWithTemplate } from '../templates/policy.ts'
import { findTemplate } from '../templates/queries.ts'
import type { Room } from '../templates/room.ts'
import { beginBuild, type Values } from './begin-build.ts'
import {
  type BuildRow,
  findBuild,
  findState,
  keepState,
  selectAgents,
  selectBuilds,
  selectBuildsById,
  selectParameters,
  selectResources,
  selectScriptRuns,
} from './build-queries.ts'
import { buildCanceled, stateRead, stateWritten } from './events.ts'
import { permissionFor } from './lifecycle.ts'
import { presentBuild, presentConnecting, presentResource, presentScriptRun } from './present.ts'
import { lockWorkspace } from './queries.ts'
import { buildFor, demandOfBuild, workspaceFor } from './reachable.ts'
import { readState } from './read-state.ts'
import { openState, sealState } from './state.ts'

/** Builds: begun, canceled, and looked at. */

export async function presentBuilds(room: Room, rows: readonly BuildRow[]): Promise<WorkspaceBuild[]> {
  const jobs = await presentJobs(
    room.db.sql,
    rows.map(({ job_id: id }) => id),
  )
  // One that ended after its row was read is read again: what a build came to is written as its job ends.
  const older = rows.filter((row) => jobs.get(row.job_id)?.status !== row.job_status).map(({ id }) => id)
  const again = new Map((await selectBuildsById(room.db.sql, older)).map((row) => [row.id, row]))
  return rows.flatMap((row) => {
    const job = jobs.get(row.job_id)
    return job === undefined ? [] : [presentBuild(again.get(row.id) ?? row, job)]
  })
}

export async function presentOneBuild(room: Room, row: BuildRow | undefined): Promise<WorkspaceBuild> {
  const [shown] = row === undefined ? [] : await presentBuilds(room, [row])
  if (shown === undefined) throw new Fault('not_found', 'there is no such build')
  return shown
}

export const buildById = async (room: Room, actor: Actor, id: Uuid): Promise<WorkspaceBuild> =>
  presentOneBuild(room, await buildFor(room.db.sql, actor, id))

export async function listBuilds(
  room: Room,
  actor: Actor,
  workspaceId: Uuid,
  query: { readonly after_id?: string | undefined; readonly limit?: number | undefined },
): Promise<WorkspaceBuild[]> {
  const { id } = await workspaceFor(room.db.sql, actor, workspaceId, 'workspace:read')
  const { after_id: afterId = null, limit = 25 } = query
  return presentBuilds(room, await selectBuilds(room.db.sql, id, { afterId, limit }))
}

interface NewBuild extends Values {
  readonly transition: WorkspaceTransition
  readonly template_version_id?: string | undefined
  readonly orphan?: boolean | undefined
  readonly state?: string | undefined
  readonly reason?: string | undefined
}

/** `within` is done in the transaction of the build, with the workspace held. */
export async function createBuild(
  room: Room,
  scope: Scope,
  id: Uuid,
  given: NewBuild,
  within?: (tx: Tx, at: Date) => Promise<void>,
): Promise<WorkspaceBuild> {
  const { db, clock } = room
  const actor = signedIn(scope)
  const { transition, orphan = false, reason = 'initiator' } = given
  const workspace = await workspaceFor(db.sql, actor, id, permissionFor[transition])
  refuseNonsense(given)
  const template = await findTemplate(db.sql, workspace.template_id)
  const administers = template !== undefined && mayWithTemplate(actor, 'template:update', template)
  const state = given.state === undefined ? null : readState(given.state)
  if (state !== null && !administers) throw needsTemplate('states are for those who may change the template')
  if (orphan && !administers) throw needsTemplate('a workspace is left behind by those who may change its template')
  const versionId = transition === 'start' ? startVersion() : null
  const now = clock.now()
  const buildId = await db.transaction(async (tx) => {
    if (!(await lockWorkspace(tx, id))) throw new Fault('not_found', 'there is no such workspace')
    await within?.(tx, now)
    const begun = await beginBuild(tx, scope, { workspace, transition, versionId, values: given, reason, orphan, now })
    if (state !== null) await giveState(room, tx, scope, begun, state, now)
    return begun
  })
  return presentOneBuild(room, await findBuild(db.sql, buildId))

  /** Null goes on with the version of the build before. */
  function startVersion(): Uuid | null {
    if (template === undefined || !mayWithTemplate(actor, 'template:use', template)) {
      throw new Fault('conflict', 'the template of this workspace is gone, or not for you to use', {
        fix: 'the workspace can be stopped and deleted',
      })
    }
    const { active_version_id: active, require_active_version: mustBeActive } = template
    const wanted = given.template_version_id ?? null
    if (!mustBeActive || wanted === active || (wanted !== null && administers)) return wanted
    if (wanted !== null) throw needsTemplate('workspaces of this template are started with its active version')
    return active
  }
}

/** It goes on from this one, and not from what the build before left. */
async function giveState({ keyring }: Room, tx: Tx, scope: Scope, id: Uuid, state: Buffer, at: Date): Promise<void> {
  await keepState(tx, id, sealState(keyring, id, state), at)
  const build = await findBuild(tx, id)
  if (build !== undefined) await appendAudit(tx, { scope, at, ...stateWritten(build, workspaceOf(build)) })
}

const needsTemplate = (message: string): Fault =>
  new Fault('forbidden', message, { fix: 'needs the permission template:update on the template' })

function refuseNonsense({ transition, orphan, template_version_id: version, ...values }: NewBuild): void {
  const refuse = (field: string, detail: string): never => {
    throw new Fault('invalid', 'the build cannot be made so', { problems: [{ field, detail }] })
  }
  if (orphan === true && transition !== 'delete') refuse('orphan', 'is for a delete')
  if (transition === 'start') return
  if (version !== undefined) refuse('template_version_id', 'is for a start')
  const { rich_parameter_values: given = [], template_version_preset_id: preset } = values
  if (given.length > 0) refuse('rich_parameter_values', 'are for a start')
  if (preset !== undefined) refuse('template_version_preset_id', 'is for a start')
}

export async function cancelBuild(room: Room, scope: Scope, id: Uuid): Promise<WorkspaceBuild> {
  const { db, clock } = room
  const actor = signedIn(scope)
  const row = await buildFor(db.sql, actor, id)
  // SAFETY: the column has no other values.
  demandOfBuild(actor, row, permissionFor[row.transition as WorkspaceTransition])
  const template = await findTemplate(db.sql, row.template_id)
  if (template?.allow_user_cancel_workspace_jobs === false && !mayWithTemplate(actor, 'template:update', template)) {
    throw needsTemplate('builds of this template are not canceled by those who use it')
  }
  const now = clock.now()
  await db.transaction(async (tx) => {
    await cancelJob(tx, row.job_id, now)
    await appendAudit(tx, { scope, at: now, ...buildCanceled(row, workspaceOf(row)) })
  })
  return presentOneBuild(room, await findBuild(db.sql, id))
}

export const workspaceOf = (row: BuildRow) => ({
  id: row.workspace_id,
  name: row.workspace_name,
  organization_id: row.organization_id,
})

export async function parametersOf({ db }: Room, actor: Actor, id: Uuid): Promise<{ name: string; value: string }[]> {
  const row = await buildFor(db.sql, actor, id)
  return [...(await selectParameters(db.sql, row.id))].map(([name, value]) => ({ name, value }))
}

export async function resourcesOf({ db }: Room, actor: Actor, id: Uuid): Promise<WorkspaceResource[]> {
  const row = await buildFor(db.sql, actor, id)
  const [resources, agents] = await Promise.all([selectResources(db.sql, row.id), selectAgents(db.sql, row.id)])
  return resources.map((resource) => presentResource(resource, agents))
}

export interface KeptTiming {
  readonly stage: string
  readonly resource: string
  readonly action: string
  readonly source: string
  readonly started_at: string
  readonly ended_at: string
}

export async function timingsOf({ db }: Room, actor: Actor, id: Uuid): Promise<WorkspaceBuildTimings> {
  const { timings } = await buildFor(db.sql, actor, id)
  const [agents, runs] = await Promise.all([selectAgents(db.sql, id), selectScriptRuns(db.sql, id)])
  return {
    // SAFETY: the column is written by the job alone, from this type.
    provisioner_timings: timings as unknown as KeptTiming[],
    agent_connection_timings: agents.flatMap(presentConnecting),
    agent_script_timings: runs.map(presentScriptRun),
  }
}

/** States hold the secrets of all that was made: they are for who administers the template, and each look is on record. */
export async function stateOf({ db, keyring, clock }: Room, scope: Scope, id: Uuid): Promise<FileAnswer> {
  const actor = signedIn(scope)
  const row = await buildFor(db.sql, actor, id)
  const template = await findTemplate(db.sql, row.template_id)
  if (template === undefined || !mayWithTemplate(actor, 'template:update', template)) {
    throw needsTemplate('states are for those who may change the template')
  }
  const kept = await findState(db.sql, row)
  if (kept === undefined) throw new Fault('not_found', 'there is no state: nothing was made yet')
  await db.transaction((tx) => appendAudit(tx, { scope, at: clock.now(), ...stateRead(row, workspaceOf(row)) }))
  return { bytes: openState(keyring, kept), contentType: 'application/json', fileName: `${row.workspace_name}.tfstate` }
}

const linesMax = 10_000

export async function buildLog(
  { db }: Room,
  actor: Actor,
  id: Uuid,
  { after = 0, before }: { readonly after?: number | undefined; readonly before?: number | undefined },
): Promise<ProvisionerJobLog[]> {
  const { job_id: jobId } = await buildFor(db.sql, actor, id)
  return (await selectLines(db.sql, jobId, { after, before: before ?? null, limit: linesMax })).map(presentLine)
}

export async function followBuildLog(
  room: Room,
  scope: Scope,
  id: Uuid,
  after: number,
): Promise<AsyncIterable<ProvisionerJobLog>> {
  const { job_id: jobId } = await buildFor(room.db.sql, signedIn(scope), id)
  const lines = followLines(room, jobId, after, scope.signal)
  return (async function* () {
    for await (const line of lines) yield presentLine(line)
  })()
}
