import { Fault, isUuid, toError, type Uuid } from '@reeve/base'
import type { DynamicParameters } from '@reeve/sdk'
import type { Actor } from '../access/actor.ts'
import { allows } from '../access/policy.ts'
import { findUser } from '../identity/queries.ts'
import { awaitEnd, cancelJob } from '../jobs/jobs.ts'
import type { Room } from '../templates/room.ts'
import type { VersionRow } from '../templates/version-queries.ts'
import { begin, plannableVersion } from './dry-runs.ts'
import { type FoundByPlan, formJob } from './jobs.ts'
import { countWaiting, findDryRun, removeEnded, removeJob } from './queries.ts'

/**
 * The form of a version with some values in it. What a field offers may depend on what others have, and only Terraform
 * knows: so each question is a plan, which a server with Terraform makes, and whose job goes with the answer.
 */

export interface FormQuestion {
  readonly id: number
  readonly inputs: Readonly<Record<string, string>>
  readonly owner_id?: string | undefined
}

const waitMs = 20_000
const waitingMax = 4

export async function evaluateForm(
  room: Room,
  actor: Actor,
  versionId: Uuid,
  question: FormQuestion,
  signal: AbortSignal,
): Promise<DynamicParameters> {
  const version = await plannableVersion(room, actor, versionId)
  const ownerId = await ownerOf(room, actor, version, question.owner_id)
  const { db, clock } = room
  await removeEnded(db.sql, formJob, actor.userId)
  if ((await countWaiting(db.sql, formJob, actor.userId)) >= waitingMax) {
    throw new Fault('conflict', 'other questions of yours are not answered yet')
  }
  const parameters = Object.entries(question.inputs)
  const rest = { name: 'dry-run', parameters, variables: [], priority: 100, now: clock.now() }
  const jobId = await db.transaction((tx) => begin(tx, room, { version, type: formJob, actor, ownerId, ...rest }))
  const within = AbortSignal.any([signal, AbortSignal.timeout(waitMs)])
  const job = await awaitEnd(room, jobId, within)
  if (job?.completed_at == null) {
    await giveUp(room, jobId)
    throw new Fault('timeout', 'no server with Terraform has answered in time', { fix: 'try again' })
  }
  const row = await findDryRun(db.sql, jobId)
  await removeJob(db.sql, jobId)
  // SAFETY: the column is written by the job alone, from this type.
  const found = (row?.found ?? null) as unknown as FoundByPlan | null
  if (found === null) throw new Fault('unavailable', job.error ?? 'the form could not be made')
  return { id: question.id, diagnostics: [...found.diagnostics], parameters: [...found.parameters] }
}

/** Whose groups and roles the template sees. */
async function ownerOf(room: Room, actor: Actor, version: VersionRow, id: string | undefined): Promise<Uuid> {
  if (id === undefined || id === actor.userId) return actor.userId
  const object = { ownerId: id, organizationId: version.organization_id }
  const owner =
    isUuid(id) && allows(actor, 'workspace:create', object) ? await findUser(room.db.sql, { id }) : undefined
  if (owner?.organization_ids.includes(version.organization_id) !== true) {
    throw new Fault('not_found', 'there is nobody like that whom you could make a workspace for')
  }
  return owner.id
}

async function giveUp(room: Room, jobId: Uuid): Promise<void> {
  const { db, clock, log } = room
  await db
    .transaction((tx) => cancelJob(tx, jobId, clock.now()))
    // It has ended in between.
    .catch((thrown: unknown) => log.debug({ err: toError(thrown), job: jobId }, 'a form was given up'))
}
