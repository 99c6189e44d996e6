import { createHash } from 'node:crypto'
import { Fault, isUuid, type Problem, type Uuid, uuidv7 } from '@reeve/base'
import { lintPolicy, parsePolicy, type PolicyDocument, runTests } from '@reeve/policy'
import type { BoundaryPolicy, BoundaryPolicyVersion, endpoints } from '@reeve/sdk'
import type { Actor } from '../access/actor.ts'
import { allows, visibility } from '../access/policy.ts'
import { appendAudit } from '../audit/journal.ts'
import { isUniqueViolation } from '../db/failures.ts'
import { demand } from '../http/demand.ts'
import { type Scope, signedIn } from '../http/implement.ts'
import { resolveOrganization } from '../identity/organizations/organizations.ts'
import { mayWithTemplate } from '../templates/policy.ts'
import { findTemplate, findTemplateByName, type TemplateRow } from '../templates/queries.ts'
import { policyPublished, policyRemoved } from './events.ts'
import {
  countDenials,
  findPolicy,
  insertPolicy,
  insertVersion,
  lockPolicy,
  nextBundleVersion,
  type PolicyRow,
  removePolicy,
  selectPolicies,
  selectVersions,
} from './policy-queries.ts'
import { presentPolicy, presentVersion } from './present.ts'
import type { Room } from './room.ts'

/** Policies: read, checked, published and taken out of force. */

const weekMs = 7 * 86_400_000

export async function presentAll(room: Room, rows: readonly PolicyRow[]): Promise<BoundaryPolicy[]> {
  const since = new Date(room.clock.now().getTime() - weekMs)
  const names = rows.map(({ name }) => name)
  const denials = names.length === 0 ? new Map() : await countDenials(room.db.sql, names, since)
  return rows.map((row) => {
    const { policy } = parsePolicy(row.document)
    const { denied = 0, observed = 0 } = denials.get(row.name) ?? {}
    const rules = (policy?.network.rules.length ?? 0) + (policy?.commands.length ?? 0)
    return presentPolicy(row, { rules, mode: policy?.mode ?? null, denied, observed })
  })
}

export async function listPolicies(room: Room, actor: Actor): Promise<BoundaryPolicy[]> {
  const visible = visibility(actor, 'boundary_policy:read')
  return presentAll(room, await selectPolicies(room.db.sql, visible, actor.organizationIds))
}

/** What holds for somebody is no secret to him: of the deployment, and of the organizations that he is in. */
export const mayRead = (actor: Actor, { id, organization_id }: Pick<PolicyRow, 'id' | 'organization_id'>): boolean =>
  organization_id === null ||
  actor.organizationIds.includes(organization_id) ||
  allows(actor, 'boundary_policy:read', { id, organizationId: organization_id })

export async function readablePolicy({ db }: Room, actor: Actor, ref: string): Promise<PolicyRow> {
  const row = await findPolicy(db.sql, isUuid(ref) ? { id: ref.toLowerCase() } : { name: ref })
  if (row === undefined || !mayRead(actor, row)) throw new Fault('not_found', 'there is no such policy')
  return row
}

const objectOf = ({ id, organization_id }: Pick<PolicyRow, 'id' | 'organization_id'>) => ({
  id,
  organizationId: organization_id,
})

export function checkPolicy(text: string, now: Date): ReturnType<typeof endpoints.checkBoundaryPolicy.result.parse> {
  const { policy, problems } = parsePolicy(text)
  const tests = policy === null ? [] : runTests(policy, now)
  return {
    problems: [...problems, ...(policy === null ? [] : lintPolicy(policy, now))],
    tests: tests.map(({ test, decision, passed }) => ({
      test: 'command' in test ? test.command : test.request,
      expected: test.rule === null ? test.expect : `${test.expect} by ${test.rule}`,
      decision: decision.effect,
      rule: decision.rule,
      passed,
    })),
    publishable: policy !== null && tests.every(({ passed }) => passed),
  }
}

/** Throws `invalid` with everything that keeps the text from being published. */
function publishable(text: string, now: Date): PolicyDocument {
  const { policy } = parsePolicy(text)
  const { problems, tests } = checkPolicy(text, now)
  const found: Problem[] = [
    ...problems
      .filter(({ level }) => level === 'error')
      .map(({ path, line, message, fix }) => ({
        field: path === '' ? 'document' : `document.${path}`,
        detail: `${line === null ? '' : `line ${line}: `}${message}${fix === null ? '' : ` (${fix})`}`,
      })),
    ...tests
      .filter(({ passed }) => !passed)
      .map(({ test, expected, decision, rule }) => ({
        field: 'document.tests',
        detail: `${test}: expected ${expected}, and it is ${decision} by ${rule}`,
      })),
  ]
  if (policy !== null && found.length === 0) return policy
  throw new Fault('invalid', 'the policy cannot be published', { problems: found.slice(0, 50) })
}

/** By id, or by name in an organization: without one, in the first that the actor is in. */
export async function readableTemplate(
  { db }: Room,
  actor: Actor,
  ref: string,
  organizationId: Uuid | undefined,
): Promise<TemplateRow> {
  const within = organizationId ?? actor.organizationIds[0] ?? ''
  const row = isUuid(ref)
    ? await findTemplate(db.sql, ref.toLowerCase())
    : await findTemplateByName(db.sql, within, ref)
  const isThere = row !== undefined && mayWithTemplate(actor, 'template:read', row)
  if (!isThere || (organizationId !== undefined && row.organization_id !== organizationId)) {
    throw new Fault('not_found', 'there is no such template there')
  }
  return row
}

interface NewPolicy {
  readonly organization?: string | undefined
  readonly template?: string | undefined
  readonly document: string
  readonly message: string
}

export async function createPolicy(room: Room, scope: Scope, given: NewPolicy): Promise<BoundaryPolicy> {
  const { db, clock } = room
  const actor = signedIn(scope)
  const organization =
    given.organization === undefined
      ? null
      : await resolveOrganization(db.sql, actor, given.organization, 'boundary_policy:create')
  const template =
    given.template === undefined ? null : await readableTemplate(room, actor, given.template, organization?.id)
  const organizationId = template?.organization_id ?? organization?.id ?? null
  demand(actor, 'boundary_policy:create', organizationId === null ? {} : { organizationId })
  const now = clock.now()
  const { name } = publishable(given.document, now)
  const id = uuidv7(now)
  const row = {
    id,
    organization_id: organizationId,
    template_id: template?.id ?? null,
    name,
    version: 1,
    created_at: now,
    deleted_at: null,
  }
  const work = db.transaction(async (tx) => {
    await insertPolicy(tx, row)
    await insertVersion(tx, versionRow(row, 1, actor, given, now))
    await nextBundleVersion(tx)
    await appendAudit(tx, { scope, at: now, ...policyPublished(row, 1, factsOf(given)) })
  })
  await work.catch((thrown: unknown) => {
    if (!isUniqueViolation(thrown, 'boundary_policies_name')) throw thrown
    throw new Fault('conflict', `there is a policy of the name ${name} already`, { fix: 'give it another name' })
  })
  const stored = await findPolicy(db.sql, { id })
  const [shown] = stored === undefined ? [] : await presentAll(room, [stored])
  if (shown === undefined) throw new Fault('not_found', 'there is no such policy')
  return shown
}

interface Published extends NewPolicy {
  readonly based_on: number
  readonly reverts?: number | undefined
}

export async function publishPolicy(
  room: Room,
  scope: Scope,
  ref: string,
  given: Published,
): Promise<BoundaryPolicyVersion> {
  const { db, clock } = room
  const actor = signedIn(scope)
  const policy = await readablePolicy(room, actor, ref)
  demand(actor, 'boundary_policy:update', objectOf(policy))
  const now = clock.now()
  const { name } = publishable(given.document, now)
  if (name !== policy.name) {
    const detail = `says ${name}, and this is the policy ${policy.name}`
    throw new Fault('invalid', 'the policy cannot be published', { problems: [{ field: 'document.name', detail }] })
  }
  const version = await db.transaction(async (tx) => {
    const locked = await lockPolicy(tx, policy.id)
    if (locked === undefined) throw new Fault('not_found', 'there is no such policy')
    if (locked.version !== given.based_on) {
      throw new Fault('conflict', `somebody published version ${locked.version} since this was read`, {
        fix: 'read it again, and publish once more if that is still meant',
      })
    }
    const next = locked.version + 1
    await insertVersion(tx, versionRow(policy, next, actor, given, now))
    await nextBundleVersion(tx)
    await appendAudit(tx, { scope, at: now, ...policyPublished(policy, next, factsOf(given)) })
    return next
  })
  const stored = (await selectVersions(db.sql, policy.id)).find((row) => row.version === version)
  if (stored === undefined) throw new Fault('not_found', 'there is no such version')
  return presentVersion(stored)
}

const versionRow = (
  { id }: { readonly id: string },
  version: number,
  actor: Actor,
  given: NewPolicy & { readonly reverts?: number | undefined },
  now: Date,
) => ({
  policy_id: id,
  version,
  document: given.document,
  message: given.message,
  reverts: given.reverts ?? null,
  published_at: now,
  published_by: actor.userId,
})

const factsOf = (given: NewPolicy & { readonly reverts?: number | undefined }) => ({
  digest: createHash('sha256').update(given.document).digest('hex'),
  message: given.message,
  reverts: given.reverts ?? null,
})

export async function deletePolicy(room: Room, scope: Scope, ref: string): Promise<void> {
  const { db, clock } = room
  const policy = await readablePolicy(room, signedIn(scope), ref)
  demand(signedIn(scope), 'boundary_policy:delete', objectOf(policy))
  const now = clock.now()
  await db.transaction(async (tx) => {
    const locked = await lockPolicy(tx, policy.id)
    if (locked === undefined) throw new Fault('not_found', 'there is no such policy')
    await removePolicy(tx, policy.id, now)
    await nextBundleVersion(tx)
    await appendAudit(tx, { scope, at: now, ...policyRemoved(locked) })
  })
}
