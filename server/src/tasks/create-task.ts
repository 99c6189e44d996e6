import { createHash } from 'node:crypto'
import { Fault, type Uuid, uuidv7 } from '@reeve/base'
import { parsePolicy } from '@reeve/policy'
import type { TaskDetails } from '@reeve/sdk'
import { appendAudit } from '../audit/journal.ts'
import { isUniqueViolation } from '../db/failures.ts'
import { type Scope, signedIn } from '../http/implement.ts'
import { resolveUser } from '../identity/identity.ts'
import { enqueue } from '../outbox/outbox.ts'
import { findTemplate } from '../templates/queries.ts'
import { templateFor } from '../templates/templates.ts'
import { findVersion, type VersionRow } from '../templates/version-queries.ts'
import type { Values } from '../workspaces/begin-build.ts'
import { createWorkspace } from '../workspaces/workspaces.ts'
import { taskCreated } from './events.ts'
import { legacyPrompt } from './legacy-prompt.ts'
import { nameOfPrompt } from './name-of-prompt.ts'
import { findTaskByKey, insertTask } from './queries.ts'
import { demand, freshTask, objectOf } from './reachable.ts'
import type { TaskRoom } from './task-room.ts'
import { detailsOf, type Limits } from './tasks.ts'

export interface NewTask extends Values, Limits {
  readonly template_id?: string | undefined
  readonly template_version_id?: string | undefined
  readonly input: string
  readonly name?: string | undefined
  readonly display_name?: string | undefined
  readonly labels?: Readonly<Record<string, string>> | undefined
  readonly boundary_policy?: string | undefined
  readonly idempotency_key?: string | undefined
}

export interface Made {
  readonly result: TaskDetails
  /** It was made before, with this key. */
  readonly isRepeated: boolean
}

/** The task, its workspace and the first build are there together or not at all. */
export async function createTask(
  room: TaskRoom,
  scope: Scope,
  ref: string,
  given: NewTask,
  forkedFrom: Uuid | null = null,
): Promise<Made> {
  const { db } = room
  const actor = signedIn(scope)
  const owner = await resolveUser(db.sql, actor, ref, 'user:read')
  const request = hashOf(given)
  const before = await repeated()
  if (before !== null) return before
  const version = await versionOf(room, given)
  const template = await templateFor(room, actor, version.template_id, 'template:use')
  demand(actor, 'task:create', { ownerId: owner.id, organizationId: template.organization_id })
  demandAiTask(version)
  demandPolicy(given.boundary_policy)
  const values = {
    ...given,
    rich_parameter_values: [...legacyPrompt(version, given), ...(given.rich_parameter_values ?? [])],
  }

  for (let attempt = 1; ; attempt++) {
    try {
      return { result: await detailsOf(room, actor, await freshTask(room, await make())), isRepeated: false }
    } catch (thrown) {
      // Somebody else was quicker with this name, or with this key.
      const made = isTaken(thrown) ? await repeated() : null
      if (made !== null) return made
      if (given.name !== undefined || attempt === attemptsMax || !isTaken(thrown)) throw thrown
    }
  }

  async function make(): Promise<Uuid> {
    const name = given.name ?? nameOfPrompt(given.input)
    const { template_version_preset_id: preset, rich_parameter_values } = values
    const wish = { name, template_version_id: version.id, template_version_preset_id: preset, rich_parameter_values }
    let id: Uuid | null = null
    await createWorkspace(room, scope, owner.id, wish, async (tx, workspace) => {
      const { created_at: at, organization_id } = workspace
      const row = {
        id: uuidv7(at),
        organization_id,
        owner_id: owner.id,
        name,
        display_name: given.display_name ?? '',
        workspace_id: workspace.id,
        template_version_id: version.id,
        preset_id: preset ?? null,
        template_parameters: JSON.stringify(given.rich_parameter_values ?? []),
        prompt: given.input,
        labels: JSON.stringify(given.labels ?? {}),
        boundary_policy: given.boundary_policy ?? null,
        idempotency_key: given.idempotency_key ?? null,
        request_sha256: given.idempotency_key === undefined ? null : request,
        token_budget: given.token_budget ?? null,
        time_limit_seconds: given.time_limit_seconds ?? null,
        on_limit: given.on_limit ?? 'pause',
        forked_from: forkedFrom,
        noted_at: at,
        created_at: at,
        updated_at: at,
      }
      await insertTask(tx, row)
      await appendAudit(tx, { scope, at, ...taskCreated(row) })
      const facts = { task: row.display_name || name, id: row.id, template: template.name, by: actor.username }
      await enqueue(tx, { event: 'task-created', userIds: [owner.id], facts, at })
      id = row.id
    })
    if (id === null) throw new Error('a workspace was made without its task')
    room.metrics.transition('created')
    return id
  }

  async function repeated(): Promise<Made | null> {
    const { idempotency_key: key } = given
    const row = key === undefined ? undefined : await findTaskByKey(db.sql, owner.id, key, room.clock.now())
    if (row === undefined) return null
    demand(actor, 'task:create', objectOf(row))
    if (row.request_sha256?.equals(request) !== true) {
      throw new Fault('conflict', 'this idempotency key is that of another request', {
        fix: 'use a key of its own for each task',
      })
    }
    return { result: await detailsOf(room, actor, row), isRepeated: true }
  }
}

const attemptsMax = 3

const isTaken = (thrown: unknown): boolean =>
  isUniqueViolation(thrown, 'tasks_idempotency') ||
  (thrown instanceof Fault && thrown.code === 'conflict' && thrown.message.includes('of this name'))

/** Of what was asked for, in whichever order it was written down. */
const hashOf = (given: NewTask): Buffer =>
  createHash('sha256')
    .update(JSON.stringify(sorted(given)))
    .digest()

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, inner]) => [key, sorted(inner)] as const)
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  )
}

type TemplatesVersion = VersionRow & { readonly template_id: Uuid }

/** Of a version that is no template's nothing can be made, and it is told to nobody here. */
async function versionOf(room: TaskRoom, given: NewTask): Promise<TemplatesVersion> {
  const { template_id: templateId, template_version_id: versionId } = given
  if (templateId === undefined && versionId === undefined) {
    throw refused('template_id', 'is needed, or one of its versions')
  }
  const row = await findVersion(room.db.sql, versionId ?? (await activeVersion(room, templateId!)))
  if (row?.template_id == null) throw new Fault('not_found', 'there is no such template')
  if (templateId !== undefined && row.template_id !== templateId) {
    throw refused('template_version_id', 'is no version of this template')
  }
  return { ...row, template_id: row.template_id }
}

async function activeVersion({ db }: TaskRoom, templateId: Uuid): Promise<Uuid> {
  const row = await findTemplate(db.sql, templateId)
  if (row === undefined) throw new Fault('not_found', 'there is no such template')
  return row.active_version_id
}

/** A version that is not imported yet is refused by the build, which knows why. */
function demandAiTask({ has_ai_task: has, found }: VersionRow): void {
  if (!has && found !== null) {
    throw refused(
      'template_version_id',
      'has no resource coder_ai_task: no tasks are made of this version of the template',
    )
  }
}

/** It takes away and cannot give, so whoever may make a task may give it one. */
function demandPolicy(text: string | undefined): void {
  if (text === undefined) return
  const { policy, problems } = parsePolicy(text)
  if (policy !== null) return
  const errors = problems.filter(({ level }) => level === 'error')
  throw new Fault('invalid', 'the task cannot be made', {
    problems: errors.slice(0, 50).map(({ path, line, message }) => ({
      field: path === '' ? 'boundary_policy' : `boundary_policy.${path}`,
      detail: line === null ? message : `line ${line}: ${message}`,
    })),
  })
}

const refused = (field: string, detail: string): Fault =>
  new Fault('invalid', 'the task cannot be made', { problems: [{ field, detail }] })
