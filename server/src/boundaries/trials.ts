import { Fault, isUuid, type Uuid } from '@reeve/base'
import { parsePolicy } from '@reeve/policy'
import { BoundaryLine, type endpoints, type ReplayChange } from '@reeve/sdk'
import { sql } from 'kysely'
import type { Actor } from '../access/actor.ts'
import { allows, visibility } from '../access/policy.ts'
import { resolveOrganization } from '../identity/organizations/organizations.ts'
import { findUser } from '../identity/queries.ts'
import { findStanding } from '../identity/roles/queries.ts'
import { holdings } from '../identity/roles/custom-roles.ts'
import { layersOf } from './bundle.ts'
import { selectForReplay } from './event-queries.ts'
import { readablePolicy, readableTemplate } from './policies.ts'
import { type ForWhom, type LayerRow, selectInForce } from './policy-queries.ts'
import { eventsVisible } from './reads.ts'
import type { Room } from './room.ts'
import { checkedRules, compiled, decide, readCommand, readRequest, subjectOf } from './subject.ts'
import { whatOf } from './present.ts'

/** What a policy would say: to one thing, or to everything that was asked for lately. Nothing is changed by it. */

type Asked = ReturnType<NonNullable<typeof endpoints.simulateBoundaryPolicy.body>['parse']>
type Simulated = ReturnType<typeof endpoints.simulateBoundaryPolicy.result.parse>

export async function simulate(room: Room, actor: Actor, asked: Asked): Promise<Simulated> {
  const { request, command, exe, document } = asked
  const exes = exe === undefined ? [] : [exe]
  if ((request === undefined) === (command === undefined)) {
    throw invalid('request', 'or a command is needed, and one of them')
  }
  const subject = request !== undefined ? readRequest(request, exes) : readCommand(command ?? '', exe, exes)
  const now = room.clock.now()
  const policy = compiled(
    document === undefined
      ? layersOf(await selectInForce(room.db.sql, await whoIsMeant(room, actor, asked), now))
      : [readDraft(document)],
  )
  const decision = decide(policy, subject, now)
  return {
    decision: decision.effect,
    rule: decision.rule,
    policy: decision.policy,
    reason: decision.hint ?? decision.reason,
    checked: checkedRules(policy, subject, now),
  }
}

const invalid = (field: string, detail: string): Fault =>
  new Fault('invalid', 'the request has problems', { problems: [{ field, detail }] })

function readDraft(text: string): LayerRow {
  const { policy, problems } = parsePolicy(text)
  if (policy !== null) return { scope: 'deployment', name: policy.name, version: 0, document: text }
  throw new Fault('invalid', 'the policy cannot be read', {
    problems: problems
      .filter(({ level }) => level === 'error')
      .map(({ path, message }) => ({ field: path === '' ? 'document' : `document.${path}`, detail: message })),
  })
}

/** Whoever may not be asked about is not there; everybody may ask about himself. */
async function whoIsMeant(room: Room, actor: Actor, asked: Asked): Promise<ForWhom> {
  const { db } = room
  const { user = 'me', organization, template } = asked
  const place =
    organization === undefined
      ? undefined
      : (await resolveOrganization(db.sql, actor, organization, 'organization:read')).id
  const templateId = template === undefined ? null : (await readableTemplate(room, actor, template, place)).id
  if (user === 'me' && place === undefined) {
    return {
      organizationId: actor.organizationIds[0] ?? '',
      templateId,
      taskId: null,
      userId: actor.userId,
      sessionId: null,
    }
  }
  const by = user === 'me' ? { id: actor.userId } : isUuid(user) ? { id: user } : { username: user }
  const found = await findUser(db.sql, by)
  const standing = found === undefined ? undefined : await findStanding(db.sql, found.id)
  const within: readonly Uuid[] = standing === undefined ? [] : holdings(standing).organizationIds
  const organizationId = place ?? within[0]
  const isThere = organizationId !== undefined && (user === 'me' || within.includes(organizationId))
  const mayAsk =
    found?.id === actor.userId ||
    allows(actor, 'boundary:read', { ownerId: found?.id ?? '', organizationId: organizationId ?? '' })
  if (found === undefined || !isThere || !mayAsk) throw new Fault('not_found', 'there is no such person there')
  return { organizationId, templateId, taskId: null, userId: found.id, sessionId: null }
}

type Replay = ReturnType<NonNullable<typeof endpoints.replayBoundaryPolicy.body>['parse']>
type Replayed = ReturnType<typeof endpoints.replayBoundaryPolicy.result.parse>

const dayMs = 86_400_000
const groupsMax = 5_000
const changesMax = 200

/**
 * A draft in place of the policy that it replaces, or by itself, asked about what boundaries asked for. What is compared
 * is what the policies said, also where they only observed. Of events, as many as the actor may see.
 */
export async function replay(room: Room, actor: Actor, asked: Replay): Promise<Replayed> {
  const { db, clock } = room
  const now = clock.now()
  const since = new Date(now.getTime() - (asked.days ?? 7) * dayMs)
  const draft = readDraft(asked.document)
  const replaced = asked.policy === undefined ? null : await readablePolicy(room, actor, asked.policy)
  const organizationId = replaced?.organization_id ?? actor.organizationIds[0] ?? ''
  const templateId = replaced?.template_id ?? null
  const { layers } = await selectInForce(
    db.sql,
    { organizationId, templateId, taskId: null, userId: null, sessionId: null },
    now,
  )
  const all = replaced === null ? [draft] : layers.map((layer) => (layer.name === replaced.name ? draft : layer))
  const policy = compiled(all)
  const inOrganization =
    replaced?.organization_id == null ? sql`true` : sql`e.organization_id = ${replaced.organization_id}`
  const ofTemplate =
    templateId === null
      ? sql`true`
      : sql`e.session_id in (select id from boundary_sessions where template_id = ${templateId}::uuid)`
  const where = sql`${eventsVisible(visibility(actor, 'boundary:read'))} and ${inOrganization} and ${ofTemplate}`
  const rows = await selectForReplay(db.sql, where, since, groupsMax)
  const changes: ReplayChange[] = []
  let decisions = 0
  for (const row of rows) {
    decisions += row.count
    const line = BoundaryLine.parse(JSON.parse(row.line))
    const subject = subjectOf(line)
    if (subject === null) continue
    const { effect: becomes, rule } = decide(policy, subject, now)
    const was = line.would
    // What was denied for its address, its size or its protocol is so whatever the rules say.
    const byRules = line.reason === null || line.reason === 'rule' || line.reason === 'no-matching-rule'
    if (becomes === was || !byRules) continue
    const { count, people, last } = row
    changes.push({ was, becomes, what: whatOf(row), rule, count, people, last: last.toISOString() })
  }
  return {
    since: since.toISOString(),
    decisions,
    changed: changes.reduce((sum, { count }) => sum + count, 0),
    complete: rows.length < groupsMax,
    changes: changes.slice(0, changesMax),
  }
}
