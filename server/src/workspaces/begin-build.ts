import { Fault, type Uuid, uuidv7 } from '@reeve/base'
import type { WorkspaceTransition } from '@reeve/sdk'
import { appendAudit, type AuditEntry } from '../audit/journal.ts'
import type { Tx } from '../db/database.ts'
import { enqueueJob } from '../jobs/jobs.ts'
import { findJob } from '../jobs/queries.ts'
import { type Found, nothingFound } from '../templates/found.ts'
import { findVersion, type VersionRow } from '../templates/version-queries.ts'
import { findSucceeded, insertBuild, selectBuilds, selectParameters } from './build-queries.ts'
import { awake } from './deadlines.ts'
import { buildBegun } from './events.ts'
import { type Choice, chooseParameters, lasting } from './parameters.ts'
import { updateWorkspace } from './time-queries.ts'

export const buildJob = 'workspace_build'

export interface Values {
  readonly template_version_preset_id?: string | undefined
  readonly rich_parameter_values?: readonly { readonly name: string; readonly value: string }[] | undefined
}

interface Begin {
  readonly workspace: {
    readonly id: Uuid
    readonly name: string
    readonly organization_id: Uuid
    readonly template_id: Uuid
  }
  readonly transition: WorkspaceTransition
  /** Null goes on with the version of the build before. */
  readonly versionId: Uuid | null
  readonly values: Values
  readonly reason: string
  readonly orphan: boolean
  readonly now: Date
}

/**
 * The next build, for a worker to take up. The caller holds the workspace, and has seen that this may be done. A scope
 * without an actor is the server itself.
 */
export async function beginBuild(tx: Tx, scope: AuditEntry['scope'], begin: Begin): Promise<Uuid> {
  const { workspace, transition, values, reason, orphan, now } = begin
  const [latest] = await selectBuilds(tx, workspace.id, { afterId: null, limit: 1 })
  if (latest !== undefined) await demandEnded(tx, latest.job_id)
  const number = (latest?.number ?? 0) + 1
  const version = await usableVersion(tx, begin, latest?.template_version_id)
  const before = latest === undefined ? new Map<string, string>() : await selectParameters(tx, latest.id)
  const { parameters: declared, dynamic = false } = foundIn(version)
  const parameters = transition === 'start' ? await chosen() : lasting(before, declared)
  const [id, initiatorId] = [uuidv7(now), scope.actor?.userId ?? null]
  const jobId = await enqueueJob(tx, {
    type: buildJob,
    organizationId: workspace.organization_id,
    initiatorId,
    fileId: version.file_id,
    input: { workspace_build_id: id },
    now,
  })
  const row = {
    id,
    workspace_id: workspace.id,
    number,
    transition,
    template_version_id: version.id,
    job_id: jobId,
    initiator_id: initiatorId,
    reason,
    orphan,
    // What is there costs what it cost until this build has made it cost something else.
    daily_cost: latest?.daily_cost ?? 0,
    created_at: now,
    updated_at: now,
  }
  await insertBuild(tx, row, parameters)
  // Whoever starts it needs it; a schedule needs nothing.
  if (transition === 'start' && initiatorId !== null) await updateWorkspace(tx, workspace.id, awake(now))
  await appendAudit(tx, { scope, at: now, ...buildBegun(row, workspace) })
  return id

  async function chosen(): Promise<Map<string, string>> {
    const settled = await findSucceeded(tx, workspace.id, number)
    return chooseParameters({
      declared,
      before,
      settled: settled === undefined ? new Map() : await selectParameters(tx, settled.id),
      given: givenValues(version, values),
      dynamic,
    })
  }
}

async function demandEnded(tx: Tx, jobId: Uuid): Promise<void> {
  const job = await findJob(tx, jobId)
  if (job?.completed_at !== null) return
  throw new Fault('conflict', 'another build of this workspace is under way', { fix: 'wait for its end, or cancel it' })
}

async function usableVersion(
  tx: Tx,
  { workspace, versionId, transition }: Begin,
  latestId: Uuid | undefined,
): Promise<VersionRow> {
  const wanted = versionId ?? latestId
  const version = wanted === undefined ? undefined : await findVersion(tx, wanted)
  if (version?.template_id !== workspace.template_id) throw refused('is no version of the template of this workspace')
  // What was built with it has to go the way that it came, whatever became of the version.
  if (transition !== 'start') return version
  if (version.archived_at !== null) throw refused('is archived')
  const job = await findJob(tx, version.job_id)
  if (job?.status !== 'succeeded') throw refused(`cannot be used: its import ${job?.status ?? 'is unknown'}`)
  return version
}

const refused = (detail: string, field = 'template_version_id'): Fault =>
  new Fault('invalid', 'the workspace cannot be built so', { problems: [{ field, detail }] })

/** What a version asks of those who build with it. */
export const askedBy = (version: VersionRow): Pick<Choice, 'declared' | 'dynamic'> => {
  const { parameters: declared, dynamic = false } = foundIn(version)
  return { declared, dynamic }
}

export function foundIn({ found }: VersionRow): Found {
  // SAFETY: the column is written by the import alone, from this type.
  return found === null ? nothingFound : (found as unknown as Found)
}

/**
 * A preset is some values under one name; what is said beside it goes before it. A value that it has for what the version
 * does not ask is of no effect, whatever its author thought.
 */
function givenValues(version: VersionRow, values: Values): Map<string, string> {
  const { template_version_preset_id: presetId, rich_parameter_values: named = [] } = values
  const preset = presetId === undefined ? null : foundIn(version).presets.find(({ id }) => id === presetId)
  if (preset === undefined) throw refused('is no preset of this version', 'template_version_preset_id')
  const twice = named.find(({ name }, index) => named.findIndex((other) => other.name === name) < index)
  if (twice !== undefined) throw refused(`has ${twice.name} twice`, 'rich_parameter_values')
  const { parameters: declared, dynamic = false } = foundIn(version)
  const known = (preset?.parameters ?? []).filter(({ name }) => dynamic || declared.some((one) => one.name === name))
  return new Map([...known, ...named].map(({ name, value }) => [name, value]))
}
