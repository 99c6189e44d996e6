import { Fault, type Uuid } from '@reeve/base'
import type { ProvisionerJob, ProvisionerJobLog } from '@reeve/sdk'
import type { Actor } from '../access/actor.ts'
import { allows } from '../access/policy.ts'
import type { Tx } from '../db/database.ts'
import { type Scope, signedIn } from '../http/implement.ts'
import { cancelJob, enqueueJob, followLines } from '../jobs/jobs.ts'
import { presentJobs, presentLine } from '../jobs/present.ts'
import { findJob, selectLines } from '../jobs/queries.ts'
import type { Room } from '../templates/room.ts'
import { templateFor } from '../templates/templates.ts'
import type { VersionRow } from '../templates/version-queries.ts'
import { readableVersion } from '../templates/versions.ts'
import { dryRunJob, type FoundByPlan, sealedVariablesContext } from './jobs.ts'
import { findDryRun, insertDryRun } from './queries.ts'

/** Plans of workspaces that are not made: by whoever may make one, to see what it would be. */

const missing = (): Fault => new Fault('not_found', 'there is no such dry run')

type Named = readonly { readonly name: string; readonly value: string }[]

interface NewDryRun {
  readonly workspace_name?: string | undefined
  readonly rich_parameter_values?: Named | undefined
  readonly user_variable_values?: Named | undefined
}

export async function startDryRun(room: Room, scope: Scope, id: Uuid, given: NewDryRun): Promise<ProvisionerJob> {
  const { db, clock } = room
  const actor = signedIn(scope)
  const version = await plannableVersion(room, actor, id)
  const variables = pairsOf('user_variable_values', given.user_variable_values)
  // Whoever pushed the template has decided what a variable is; some of them say where things are made.
  if (variables.length > 0 && version.template_id !== null) {
    await templateFor(room, actor, version.template_id, 'template:update')
  }
  const parameters = pairsOf('rich_parameter_values', given.rich_parameter_values)
  const { workspace_name: name = 'dry-run' } = given
  const now = clock.now()
  const jobId = await db.transaction((tx) =>
    begin(tx, room, { version, type: dryRunJob, actor, ownerId: actor.userId, name, parameters, variables, now }),
  )
  return presentOne(room, jobId)
}

interface Begin {
  readonly version: VersionRow
  readonly type: string
  readonly actor: Actor
  readonly ownerId: Uuid
  readonly name: string
  readonly parameters: readonly (readonly [string, string])[]
  readonly variables: readonly (readonly [string, string])[]
  readonly priority?: number
  readonly now: Date
}

export async function begin(tx: Tx, { keyring }: Pick<Room, 'keyring'>, given: Begin): Promise<Uuid> {
  const { version, type, actor, ownerId, name, parameters, variables, priority = 0, now } = given
  const jobId = await enqueueJob(tx, {
    type,
    organizationId: version.organization_id,
    initiatorId: actor.userId,
    fileId: version.file_id,
    input: { template_version_id: version.id },
    priority,
    now,
  })
  const sealed = variables.length === 0 ? null : keyring.seal(JSON.stringify(variables), sealedVariablesContext(jobId))
  await insertDryRun(tx, {
    job_id: jobId,
    template_version_id: version.id,
    owner_id: ownerId,
    workspace_name: name,
    parameters: JSON.stringify(Object.fromEntries(parameters)),
    sealed_variables: sealed,
  })
  return jobId
}

/** One that was imported, of a template that the actor may make workspaces of; or of none yet, for who makes templates. */
export async function plannableVersion(room: Room, actor: Actor, id: Uuid): Promise<VersionRow> {
  const version = await readableVersion(room, actor, id)
  if (version.template_id !== null) await templateFor(room, actor, version.template_id, 'template:use')
  const job = await findJob(room.db.sql, version.job_id)
  if (job?.status === 'succeeded') return version
  throw new Fault('conflict', `the version cannot be planned: its import ${job?.status ?? 'is unknown'}`)
}

function pairsOf(field: string, named: Named = []): [string, string][] {
  const twice = named.find(({ name }, index) => named.findIndex((other) => other.name === name) < index)
  if (twice === undefined) return named.map(({ name, value }) => [name, value])
  const problems = [{ field, detail: `has ${twice.name} twice` }]
  throw new Fault('invalid', 'the version cannot be planned so', { problems })
}

interface Which {
  readonly version: Uuid
  readonly job: Uuid
}

/** Who started it sees it, and who may change the template: values of parameters are somebody's own. */
async function dryRunFor(room: Room, actor: Actor, { version: versionId, job: jobId }: Which) {
  const version = await readableVersion(room, actor, versionId)
  const [row, job] = await Promise.all([findDryRun(room.db.sql, jobId), findJob(room.db.sql, jobId)])
  if (row?.template_version_id !== version.id || job?.type !== dryRunJob) throw missing()
  const object = { organizationId: version.organization_id }
  if (job.initiator_id !== actor.userId && !allows(actor, 'template:update', object)) throw missing()
  return { row, job }
}

async function presentOne({ db }: Room, jobId: Uuid): Promise<ProvisionerJob> {
  const shown = (await presentJobs(db.sql, [jobId])).get(jobId)
  if (shown === undefined) throw missing()
  return shown
}

export async function readDryRun(room: Room, actor: Actor, which: Which): Promise<ProvisionerJob> {
  await dryRunFor(room, actor, which)
  return presentOne(room, which.job)
}

export async function resourcesOfDryRun(
  room: Room,
  actor: Actor,
  which: Which,
): Promise<FoundByPlan['resources'][number][]> {
  const { row, job } = await dryRunFor(room, actor, which)
  if (job.completed_at === null) throw new Fault('conflict', 'the dry run has not ended yet')
  // SAFETY: the column is written by the job alone, from this type.
  const found = row.found as unknown as FoundByPlan | null
  return [...(found?.resources ?? [])]
}

export async function cancelDryRun(room: Room, scope: Scope, which: Which): Promise<ProvisionerJob> {
  await dryRunFor(room, signedIn(scope), which)
  await room.db.transaction((tx) => cancelJob(tx, which.job, room.clock.now()))
  return presentOne(room, which.job)
}

const linesMax = 10_000

export async function dryRunLog(
  room: Room,
  actor: Actor,
  which: Which,
  { after = 0, before }: { readonly after?: number | undefined; readonly before?: number | undefined },
): Promise<ProvisionerJobLog[]> {
  await dryRunFor(room, actor, which)
  return (await selectLines(room.db.sql, which.job, { after, before: before ?? null, limit: linesMax })).map(
    presentLine,
  )
}

export async function followDryRunLog(
  room: Room,
  scope: Scope,
  which: Which,
  after: number,
): Promise<AsyncIterable<ProvisionerJobLog>> {
  await dryRunFor(room, signedIn(scope), which)
  const lines = followLines(room, which.job, after, scope.signal)
  return (async function* () {
    for await (const line of lines) yield presentLine(line)
  })()
}
