import { type Clock, Fault, isUuid, type Uuid } from '@reeve/base'
import type { AiRulesContent, Grantable, RulesCheck, UsedModel } from '@reeve/sdk'
import type { Actor } from '../access/actor.ts'
import { allows, visibility } from '../access/policy.ts'
import { appendAudit } from '../audit/journal.ts'
import type { Database, Executor } from '../db/database.ts'
import { isUniqueViolation } from '../db/failures.ts'
import { demand } from '../http/demand.ts'
import { type Scope, signedIn } from '../http/implement.ts'
import { findGroup } from '../identity/organizations/group-queries.ts'
import { resolveOrganization } from '../identity/organizations/organizations.ts'
import { findUser } from '../identity/queries.ts'
import { holdings } from '../identity/roles/custom-roles.ts'
import { findStanding } from '../identity/roles/queries.ts'
import { rulesChanged } from './events.ts'
import { patternOf } from './patterns.ts'
import { type NamedHolder, ruleSetOf } from './present.ts'
import {
  deleteRules,
  insertRules,
  lockRules,
  type RulesRow,
  selectRulesOf,
  selectUsedModels,
  type StoredRules,
  updateRules,
} from './queries.ts'
import { allowsModel, decideModel, decideTool, rulingOf } from './ruling.ts'

/** What somebody may do about rules: set them, take them away, see whom they would hit, ask what holds for whom. */

/** The organization, or the group in it, that a request names, for somebody who may do this there. */
export async function resolveHolder(
  db: Executor,
  actor: Actor,
  given: { readonly organization: string; readonly group?: string | undefined },
  needs: Grantable,
): Promise<NamedHolder> {
  const { id: organization_id, name } = await resolveOrganization(db, actor, given.organization, needs)
  const inside = { organization_id, organization_name: name }
  const group = given.group === undefined ? null : await findGroup(db, named(given.group, organization_id))
  if (group === undefined) throw new Fault('not_found', 'there is no such group')
  demand(actor, needs, { id: group?.id ?? organization_id, organizationId: organization_id })
  return { ...inside, group_id: group?.id ?? null, group_name: group?.name ?? null }
}

const named = (ref: string, organizationId: Uuid) => ({
  ...(isUuid(ref) ? { id: ref } : { name: ref }),
  organizationId,
})

export interface RulesWork {
  readonly db: Database
  readonly clock: Clock
}

export async function putRules(
  { db, clock }: RulesWork,
  scope: Scope,
  holder: NamedHolder,
  { version, ...content }: AiRulesContent & { readonly version?: number | undefined },
): Promise<RulesRow> {
  const at = clock.now()
  const { organization_id, group_id } = holder
  const work = db.transaction(async (tx) => {
    const before = await lockRules(tx, holder)
    if (version !== undefined && version !== (before?.version ?? 0)) throw changedMeanwhile()
    const event = rulesChanged(holder, before ?? null, content)
    if (event === undefined && before !== undefined) return before
    const row: StoredRules = {
      organization_id,
      group_id,
      ...content,
      version: (before?.version ?? 0) + 1,
      updated_at: at,
    }
    await (before === undefined ? insertRules(tx, row) : updateRules(tx, row))
    if (event !== undefined) await appendAudit(tx, { scope, at, ...event })
    return { ...holder, ...row }
  })
  return work.catch((thrown: unknown) => {
    throw isUniqueViolation(thrown, 'ai_rules_holder') ? changedMeanwhile() : thrown
  })
}

const changedMeanwhile = (): Fault =>
  new Fault('conflict', 'somebody has changed these rules since they were read', {
    fix: 'read them again, and set them once more if that is still meant',
  })

export async function removeRules({ db, clock }: RulesWork, scope: Scope, holder: NamedHolder): Promise<void> {
  await db.transaction(async (tx) => {
    const gone = await lockRules(tx, holder)
    if (gone === undefined) throw new Fault('not_found', 'there are no rules')
    await deleteRules(tx, holder)
    const event = rulesChanged(holder, gone, null)
    if (event !== undefined) await appendAudit(tx, { scope, at: clock.now(), ...event })
  })
}

const previewDays = 30
const previewRows = 200

/** What the patterns alone would deny of what was asked lately; of the usage, as much as the actor may see. */
export async function previewModels(
  { db, clock }: RulesWork,
  actor: Actor,
  holder: NamedHolder,
  models: readonly string[] | null,
): Promise<{ since: string; models: UsedModel[] }> {
  const since = new Date(clock.now().getTime() - previewDays * 86_400_000)
  const visible = visibility(actor, 'usage:read')
  const rows = await selectUsedModels(db.sql, holder, { since, visible, limit: previewRows })
  const patterns = models?.map(patternOf) ?? null
  const isDenied = (model: string, provider: string) => patterns !== null && !allowsModel(patterns, { provider, model })
  return {
    since: since.toISOString(),
    models: rows.map((row) => ({ ...row, denied: isDenied(row.model, row.provider_name) })),
  }
}

export interface RulesQuestion {
  readonly user?: string | undefined
  readonly organization?: string | undefined
  readonly provider: string
  readonly model: string
  readonly tool?: string | undefined
}

/** The answer comes from the function that decides each request, and from what is stored now. */
export async function checkRules({ db }: RulesWork, scope: Scope, asked: RulesQuestion): Promise<RulesCheck> {
  const actor = signedIn(scope)
  const { userId, organizationId, organizationName } = await whoIsMeant(db.sql, actor, asked)
  const rows = await selectRulesOf(db.sql, organizationId, userId)
  const own = rows.find(({ group_id }) => group_id === null)
  const groups = rows.filter(({ group_id }) => group_id !== null)
  const ruling = rulingOf(
    own === undefined ? null : ruleSetOf(own, own),
    groups.map((row) => ruleSetOf(row, own)),
  )
  const { model, tool } = asked
  const asks = [
    { subject: 'model' as const, name: model, denial: decideModel(ruling, asked) },
    ...(tool === undefined ? [] : [{ subject: 'tool_call' as const, name: tool, denial: decideTool(ruling, tool) }]),
  ]
  return {
    organization_name: organizationName,
    groups: groups.map(({ group_name }) => group_name ?? ''),
    allowed: asks.every(({ denial }) => denial === null),
    decisions: asks.map(({ subject, name, denial }) => ({
      subject,
      name,
      allowed: denial === null,
      rule: denial?.rule ?? null,
      message: denial?.message ?? null,
    })),
  }
}

/** Whoever may not be asked about is not there; everybody may ask about himself. */
async function whoIsMeant(db: Executor, actor: Actor, { user = 'me', organization }: RulesQuestion) {
  const by = user === 'me' ? { id: actor.userId } : isUuid(user) ? { id: user } : { username: user }
  const found = await findUser(db, by)
  const standing = found === undefined ? undefined : await findStanding(db, found.id)
  const organizationIds = standing === undefined ? [] : holdings(standing).organizationIds
  const place =
    organization === undefined
      ? organizationIds[0]
      : (await resolveOrganization(db, actor, organization, 'organization:read')).id
  const isThere = place !== undefined && organizationIds.includes(place)
  const object = { ownerId: found?.id ?? '', organizationId: place ?? '' }
  if (found === undefined || !isThere || !allows(actor, 'ai_rules:read', object))
    throw new Fault('not_found', 'there is no such person in an organization whose rules you may read')
  const { name } = await resolveOrganization(db, actor, place, 'organization:read')
  return { userId: found.id, organizationId: place, organizationName: name }
}
