import { Fault, type Uuid, uuidv7 } from '@reeve/base'
import { parsePolicy } from '@reeve/policy'
import { AccessRule, type AccessRequest, BoundaryLine, type endpoints } from '@reeve/sdk'
import { sql } from 'kysely'
import type { Actor } from '../access/actor.ts'
import { allows, visibility } from '../access/policy.ts'
import { visibleRows } from '../access/sql-filter.ts'
import { appendAudit } from '../audit/journal.ts'
import type { Tx } from '../db/database.ts'
import { isUniqueViolation } from '../db/failures.ts'
import { demand } from '../http/demand.ts'
import { type Scope, signedIn } from '../http/implement.ts'
import { enqueue } from '../outbox/outbox.ts'
import {
  type AccessRow,
  closeStale,
  countAccess,
  findAccess,
  insertAccess,
  lockAccess,
  selectAccess,
  selectDeciders,
  updateAccess,
} from './access-queries.ts'
import { grantDocument, grantName } from './bundle.ts'
import { accessColumns, identicalTo, isRequestable, readableDenial, risksOf, ruleFor } from './denials.ts'
import { accessApproved, accessAsked, accessClosed } from './events.ts'
import { accessStatus, pendingMs } from './lifecycle.ts'
import { nextBundleVersion } from './policy-queries.ts'
import { presentAccess, whatOf } from './present.ts'
import { objectOf } from './registration.ts'
import type { Room } from './room.ts'
import { all, byUser, contains, matches, readTerms } from './search.ts'
import { type Condition, tellBoundaries } from './session-queries.ts'

/** Requests for what was denied: made, listed, answered. The states are in `lifecycle.ts`. */

const countMax = 10_000

const presentAll = async ({ db, clock }: Room, rows: readonly AccessRow[]): Promise<AccessRequest[]> => {
  const now = clock.now()
  const identical = await identicalTo(db.sql, rows, now)
  return rows.map((row, at) => presentAccess(row, identical[at] ?? { count: 0, people: 0 }, now))
}

const presentOne = async (room: Room, row: AccessRow): Promise<AccessRequest> => {
  const [shown] = await presentAll(room, [row])
  return shown ?? absent()
}

const absent = (): never => {
  throw new Fault('not_found', 'there is no such access request')
}

/** As `accessStatus` says it of a row. */
function statusIs(status: string, now: Date): Condition {
  const stale = sql`r.created_at <= ${new Date(now.getTime() - pendingMs)}`
  const over = sql`r.expires_at <= ${now}`
  if (status === 'pending') return sql`(r.status = 'pending' and not ${stale})`
  if (status === 'approved') return sql`(r.status = 'approved' and not ${over})`
  if (status === 'expired') return sql`((r.status = 'pending' and ${stale}) or (r.status = 'approved' and ${over}))`
  return sql`r.status = ${status}`
}

const statuses = ['pending', 'approved', 'declined', 'withdrawn', 'expired'] as const

export async function listAccess(
  room: Room,
  actor: Actor,
  query: { readonly q?: string | undefined; readonly limit?: number | undefined; readonly after_id?: Uuid | undefined },
): Promise<{ access_requests: AccessRequest[]; count: number; count_is_exact: boolean }> {
  const now = room.clock.now()
  const terms = readTerms(query.q, ['status', 'user', 'host', 'scope', 'denial'])
  const chosen = terms.chosen('status', statuses).map((status) => statusIs(status, now))
  const where = all([
    visibleRows(visibility(actor, 'access_request:read'), accessColumns),
    ...(chosen.length === 0 ? [] : [sql`(${sql.join(chosen, sql` or `)})`]),
    ...byUser(sql`r.user_id`, terms.values('user'), actor.userId),
    ...matches(sql`coalesce(r.host, '')`, terms.values('host')),
    ...matches(sql`coalesce(r.granted_scope, r.scope)`, terms.values('scope')),
    ...(terms.values('denial').length === 0 ? [] : [sql`r.denial = any(${terms.values('denial')}::text[])`]),
    ...terms.words.map((word) => contains(sql`(r.reason || ' ' || r.what)`, word)),
  ])
  const page = { limit: query.limit ?? 100, afterId: query.after_id ?? null }
  const [rows, count] = await Promise.all([
    selectAccess(room.db.sql, where, page),
    countAccess(room.db.sql, where, countMax),
  ])
  return {
    access_requests: await presentAll(room, rows),
    count: Math.min(count, countMax),
    count_is_exact: count <= countMax,
  }
}

/** Whoever asked sees what he asked for, with whichever credential. */
async function readable({ db }: Room, actor: Actor, id: Uuid): Promise<AccessRow> {
  const row = await findAccess(db.sql, id.toLowerCase())
  const isSeen =
    row?.user_id === actor.userId || (row !== undefined && allows(actor, 'access_request:read', objectOf(row)))
  if (row === undefined || !isSeen) return absent()
  return row
}

export const getAccess = async (room: Room, actor: Actor, id: Uuid): Promise<AccessRequest> =>
  presentOne(room, await readable(room, actor, id))

type Asked = ReturnType<NonNullable<typeof endpoints.createAccessRequest.body>['parse']>

/** By whoever ran into it, for what a rule can allow; those who may decide are told. */
export async function askAccess(room: Room, scope: Scope, asked: Asked): Promise<AccessRequest> {
  const { db, clock, metrics } = room
  const actor = signedIn(scope)
  const event = await readableDenial(room, actor, asked.denial)
  demand(actor, 'access_request:create', objectOf(event))
  if (event.user_id !== actor.userId) throw new Fault('conflict', 'whoever was denied something asks for it')
  const line = BoundaryLine.parse(JSON.parse(event.line))
  if (!isRequestable(line)) throw new Fault('conflict', 'this is denied whatever a rule says', { fix: denialHelp })
  const now = clock.now()
  const what = whatOf(event)
  const row = {
    id: uuidv7(now),
    organization_id: event.organization_id,
    user_id: actor.userId,
    session_id: event.session_id,
    denial: asked.denial,
    what,
    host: event.host,
    rule: JSON.stringify(ruleFor(line, event.path)),
    risks: await risksOf(db.sql, event, line, now),
    scope: asked.scope,
    duration_seconds: asked.duration_seconds,
    reason: asked.reason,
    status: 'pending',
    created_at: now,
  }
  const work = db.transaction(async (tx) => {
    await closeStale(tx, actor.userId, asked.denial, new Date(now.getTime() - pendingMs))
    await insertAccess(tx, row)
    await appendAudit(tx, { scope, at: now, ...accessAsked(row) })
    const userIds = await selectDeciders(tx, event.organization_id, actor.userId)
    const facts = { username: actor.username, what, reason: asked.reason, request: row.id }
    await enqueue(tx, { event: 'access-requested', userIds, facts, at: now })
    await tell(tx, row, 'pending')
  })
  await work.catch((thrown: unknown) => {
    if (!isUniqueViolation(thrown, 'boundary_access_requests_pending')) throw thrown
    throw new Fault('conflict', 'this was asked for already, and nobody has answered yet')
  })
  metrics.requests.inc({ status: 'pending' })
  return presentOne(room, (await findAccess(db.sql, row.id)) ?? absent())
}

const denialHelp = 'ask an administrator to change the policy, if it is meant'

const tell = (tx: Tx, row: { readonly id: Uuid; readonly user_id: Uuid; readonly denial: string }, status: string) =>
  tellBoundaries(tx, { kind: 'access', user: row.user_id, request: row.id, denial: row.denial, status })

/** One answer to a request that is pending, by somebody else than who asked. */
async function answer(
  room: Room,
  scope: Scope,
  id: Uuid,
  work: (tx: Tx, row: AccessRow, now: Date) => Promise<string>,
): Promise<AccessRequest> {
  const { db, clock, metrics } = room
  const actor = signedIn(scope)
  const seen = await readable(room, actor, id)
  demand(actor, 'access_request:update', objectOf(seen))
  if (seen.user_id === actor.userId) throw new Fault('forbidden', 'nobody decides about his own request')
  const now = clock.now()
  const status = await db.transaction(async (tx) => {
    const row = (await lockAccess(tx, seen.id)) ?? absent()
    const standing = accessStatus(row, now)
    if (standing !== 'pending') throw new Fault('conflict', `this request is ${standing}`)
    const became = await work(tx, row, now)
    const facts = { what: row.what, status: became, by: actor.username, request: row.id }
    await enqueue(tx, { event: 'access-decided', userIds: [row.user_id], facts, at: now })
    await tell(tx, row, became)
    return became
  })
  metrics.requests.inc({ status })
  return presentOne(room, (await findAccess(db.sql, seen.id)) ?? absent())
}

type Grant = ReturnType<NonNullable<typeof endpoints.approveAccessRequest.body>['parse']>
const scopes = ['session', 'user', 'organization'] as const

export function approveAccess(room: Room, scope: Scope, id: Uuid, grant: Grant): Promise<AccessRequest> {
  const { userId } = signedIn(scope)
  return answer(room, scope, id, async (tx, row, now) => {
    const asked = AccessRule.nullable().parse(row.rule)
    const granted = { scope: grant.scope ?? row.scope, seconds: grant.duration_seconds ?? row.duration_seconds }
    const rule = grant.rule ?? asked
    refuseWider(row, asked, rule, granted)
    const expiresAt = new Date(now.getTime() + granted.seconds * 1_000)
    if (rule !== null) refuseUnreadable(row.id, rule, expiresAt)
    const reply = grant.answer === undefined || grant.answer === '' ? null : grant.answer
    await updateAccess(tx, row.id, {
      status: 'approved',
      decided_at: now,
      decided_by: userId,
      answer: reply,
      granted_rule: rule === null ? null : JSON.stringify(rule),
      granted_scope: granted.scope,
      expires_at: expiresAt,
    })
    await nextBundleVersion(tx)
    await appendAudit(tx, {
      scope,
      at: now,
      ...accessApproved(row, { rule, scope: granted.scope, expiresAt, answer: reply }),
    })
    return 'approved'
  })
}

/** Whoever wants to allow more than was asked for changes the policy, where that is reviewed as such. */
function refuseWider(
  row: AccessRow,
  asked: AccessRule | null,
  rule: AccessRule | null,
  granted: { readonly scope: string; readonly seconds: number },
): void {
  const within = (some: readonly string[], of: readonly string[]) =>
    of.length === 0 || (some.length > 0 && some.every((one) => of.includes(one)))
  const rank = (name: string) => scopes.findIndex((one) => one === name)
  const isSame =
    asked === null || rule === null
      ? asked === rule
      : asked.host === rule.host &&
        asked.port === rule.port &&
        asked.tcp === rule.tcp &&
        within(rule.methods, asked.methods) &&
        within(rule.paths, asked.paths)
  const problems = [
    ...(isSame ? [] : [{ field: 'rule', detail: 'allows something that was not asked for' }]),
    ...(rank(granted.scope) <= rank(row.scope) ? [] : [{ field: 'scope', detail: 'is wider than was asked for' }]),
    ...(granted.seconds <= row.duration_seconds
      ? []
      : [{ field: 'duration_seconds', detail: 'is longer than was asked for' }]),
  ]
  if (problems.length > 0) throw new Fault('invalid', 'more would be granted than was asked for', { problems })
}

function refuseUnreadable(id: Uuid, rule: AccessRule, expiresAt: Date): void {
  const { policy, problems } = parsePolicy(grantDocument(grantName(id), rule, expiresAt))
  if (policy !== null) return
  throw new Fault('invalid', 'the rule cannot be granted', {
    problems: problems.map(({ message }) => ({ field: 'rule', detail: message })),
  })
}

export function declineAccess(room: Room, scope: Scope, id: Uuid, reason: string): Promise<AccessRequest> {
  const { userId } = signedIn(scope)
  return answer(room, scope, id, async (tx, row, now) => {
    await updateAccess(tx, row.id, { status: 'declined', decided_at: now, decided_by: userId, answer: reason })
    await appendAudit(tx, { scope, at: now, ...accessClosed(row, 'decline', reason) })
    return 'declined'
  })
}

export async function withdrawAccess(room: Room, scope: Scope, id: Uuid): Promise<AccessRequest> {
  const { db, clock, metrics } = room
  const actor = signedIn(scope)
  const seen = await readable(room, actor, id)
  demand(actor, 'access_request:create', objectOf(seen))
  if (seen.user_id !== actor.userId) throw new Fault('conflict', 'whoever asked takes a request back')
  const now = clock.now()
  await db.transaction(async (tx) => {
    const row = (await lockAccess(tx, seen.id)) ?? absent()
    const standing = accessStatus(row, now)
    if (standing !== 'pending') throw new Fault('conflict', `this request is ${standing}`)
    await updateAccess(tx, row.id, { status: 'withdrawn', decided_at: now, decided_by: actor.userId })
    await appendAudit(tx, { scope, at: now, ...accessClosed(row, 'withdraw', null) })
    await tell(tx, row, 'withdrawn')
  })
  metrics.requests.inc({ status: 'withdrawn' })
  return presentOne(room, (await findAccess(db.sql, seen.id)) ?? absent())
}
