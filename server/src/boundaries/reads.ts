import { isUuid, Fault, type Uuid } from '@reeve/base'
import { parsePolicy } from '@reeve/policy'
import {
  type BoundaryBucket,
  type BoundaryDestination,
  type BoundaryEvent,
  type BoundaryRuleHits,
  type BoundarySession,
  queryPieces,
} from '@reeve/sdk'
import { sql } from 'kysely'
import type { Actor } from '../access/actor.ts'
import { type Visibility, visibility } from '../access/policy.ts'
import { visibleRows } from '../access/sql-filter.ts'
import { countEvents, selectBuckets, selectDestinations, selectEvents, selectHits } from './event-queries.ts'
import { sessionStatuses } from './lifecycle.ts'
import { selectPolicies } from './policy-queries.ts'
import { presentEvent, presentSession } from './present.ts'
import type { Room } from './room.ts'
import { all, byUser, contains, matches, readTerms } from './search.ts'
import { type Condition, countSessions, selectSessions, statusIs } from './session-queries.ts'

/** The lists of what boundaries are and did. Of each, what the actor may see. */

interface Query {
  readonly q?: string | undefined
  readonly limit?: number | undefined
  readonly after_id?: Uuid | undefined
}

const countMax = 10_000
const dayMs = 86_400_000
/** What is summed up without a time being asked for. */
const summedMs = 30 * dayMs

const columnsOf = (table: string) => ({
  id: sql.ref(`${table}.id`),
  owner: sql.ref(`${table}.user_id`),
  organization: sql.ref(`${table}.organization_id`),
  accessList: null,
})

export const eventsVisible = (visible: Visibility): Condition => visibleRows(visible, columnsOf('e'))

export async function listSessions(
  { db, clock }: Room,
  actor: Actor,
  { q, limit = 100, after_id: afterId = null }: Omit<Query, 'after_id'> & { after_id?: Uuid | null | undefined },
): Promise<{ sessions: BoundarySession[]; count: number; count_is_exact: boolean }> {
  const now = clock.now()
  const terms = readTerms(q, ['status', 'user', 'command', 'tier', 'policy', 'host', ...placeKeys])
  const statuses = terms.chosen('status', sessionStatuses).map((status) => statusIs(status, now))
  const where = all([
    visibleRows(visibility(actor, 'boundary:read'), columnsOf('s')),
    ...(statuses.length === 0 ? [] : [sql`(${sql.join(statuses, sql` or `)})`]),
    ...byUser(sql`s.user_id`, terms.values('user'), actor.userId),
    ...matches(sql`s.command`, terms.values('command')),
    ...matches(sql`s.tier::text`, terms.values('tier')),
    ...matches(sql`coalesce(s.policy_name, '')`, terms.values('policy')),
    ...matches(sql`s.hostname`, terms.values('host')),
    ...placedAt((key) => terms.values(key)),
    ...terms.words.map((word) => contains(sql`(s.command || ' ' || s.hostname || ' ' || u.username)`, word)),
  ])
  const [rows, count] = await Promise.all([
    selectSessions(db.sql, where, { limit, afterId }),
    countSessions(db.sql, where, countMax),
  ])
  return {
    sessions: rows.map((row) => presentSession(row, now)),
    count: Math.min(count, countMax),
    count_is_exact: count <= countMax,
  }
}

const placeKeys = ['workspace', 'template', 'task'] as const

/** By id or name, of the sessions `s`. */
const placedAt = (values: (key: (typeof placeKeys)[number]) => readonly string[]): Condition[] =>
  placeKeys.flatMap((key) => {
    const given = values(key)
    if (given.length === 0) return []
    const byId = sql`${sql.ref(`s.${key}_id`)} = any(${given.filter(isUuid)}::uuid[])`
    return [sql`(${byId} or ${all(matches(sql`coalesce(${sql.ref(`s.${key}_name`)}, '')`, given))})`]
  })

const eventKeys = [
  'verdict',
  'kind',
  'host',
  'method',
  'path',
  'rule',
  'policy',
  'process',
  'proto',
  'session',
  'seq',
  'user',
  ...placeKeys,
  'denial',
  'id',
  'reason',
  'started_after',
  'started_before',
] as const

const verdicts = {
  allowed: sql`(e.decision = 'allow' and e.would = 'allow')`,
  denied: sql`e.decision = 'deny'`,
  observed: sql`(e.decision = 'allow' and e.would <> 'allow')`,
} as const

interface EventFilter {
  readonly where: Condition
  readonly after: Date | null
  readonly before: Date | null
}

/** The `q` of everything about events; the table is `e`. */
export function eventFilter(actor: Actor, q: string | undefined): EventFilter {
  const terms = readTerms(q, eventKeys)
  const after = terms.instant('started_after')
  const before = terms.instant('started_before')
  const chosen = terms.chosen('verdict', ['allowed', 'denied', 'observed']).map((verdict) => verdicts[verdict])
  const sessions = terms.values('session')
  const places = placedAt((key) => terms.values(key))
  const where = all([
    eventsVisible(visibility(actor, 'boundary:read')),
    ...(chosen.length === 0 ? [] : [sql`(${sql.join(chosen, sql` or `)})`]),
    ...matches(sql`e.kind`, terms.values('kind')),
    ...matches(sql`coalesce(e.host, '')`, terms.values('host')),
    ...matches(sql`coalesce(e.method, '')`, terms.values('method')),
    ...matches(sql`coalesce(e.path, e.object, '')`, terms.values('path')),
    ...matches(sql`e.rule`, terms.values('rule')),
    ...matches(sql`coalesce(e.policy_name, '')`, terms.values('policy')),
    ...matches(sql`coalesce(e.process, '')`, terms.values('process')),
    ...matches(sql`coalesce(e.protocol, '')`, terms.values('proto')),
    ...(sessions.length === 0 ? [] : [sql`e.session_id = any(${sessions.filter(isUuid)}::uuid[])`]),
    ...(places.length === 0 ? [] : [sql`e.session_id in (select s.id from boundary_sessions s where ${all(places)})`]),
    ...terms.ranges('seq').map(([from, to]) => sql`e.seq between ${from}::bigint and ${to}::bigint`),
    ...byUser(sql`e.user_id`, terms.values('user'), actor.userId),
    ...(terms.values('denial').length === 0 ? [] : [sql`e.denial = any(${terms.values('denial')}::text[])`]),
    ...(terms.values('id').length === 0 ? [] : [sql`e.id = any(${terms.values('id').filter(isUuid)}::uuid[])`]),
    ...matches(sql`coalesce(e.reason, '')`, terms.values('reason')),
    ...(after === null ? [] : [sql`e.at > ${after} and e.id >= uuidv7_floor(${after})`]),
    ...(before === null
      ? []
      : [sql`e.at < ${before} and e.id < uuidv7_floor(${before}::timestamptz + interval '1 second')`]),
    ...terms.words.map((word) => contains(sql`concat_ws(' ', e.host, e.path, e.object)`, word)),
  ])
  return { where, after, before }
}

export async function listEvents(
  { db, clock }: Room,
  actor: Actor,
  { q, limit = 100, after_id: afterId = null }: Omit<Query, 'after_id'> & { after_id?: Uuid | null | undefined },
): Promise<{ events: BoundaryEvent[]; count: number; count_is_exact: boolean }> {
  const { where } = eventFilter(actor, q)
  const [rows, count] = await Promise.all([
    selectEvents(db.sql, where, { limit, afterId, now: clock.now() }),
    countEvents(db.sql, where, countMax),
  ])
  return {
    events: rows.map((row) => presentEvent(row)),
    count: Math.min(count, countMax),
    count_is_exact: count <= countMax,
  }
}

export async function listDestinations(
  { db, clock }: Room,
  actor: Actor,
  { q, limit = 100 }: Query,
): Promise<{ destinations: BoundaryDestination[]; count: number }> {
  const now = clock.now().getTime()
  const { where, after } = eventFilter(actor, q)
  const { rows, count } = await selectDestinations(db.sql, where, after ?? new Date(now - summedMs), limit)
  return {
    destinations: rows.map((row) => ({
      ...row,
      first_seen: row.first_seen.toISOString(),
      last_seen: row.last_seen.toISOString(),
      is_new: row.first_seen.getTime() > now - 7 * dayMs,
    })),
    count,
  }
}

/** The rules that decided, and those of the policies in force that never did. */
export async function listRules(
  { db, clock }: Room,
  actor: Actor,
  { q, limit = 1000 }: Query,
): Promise<{ rules: BoundaryRuleHits[]; count: number }> {
  const { where, after } = eventFilter(actor, q)
  const since = after ?? new Date(clock.now().getTime() - summedMs)
  const [hits, policies] = await Promise.all([
    selectHits(db.sql, where, since, limit),
    selectPolicies(db.sql, visibility(actor, 'boundary_policy:read'), actor.organizationIds),
  ])
  const known = policies.flatMap(({ name, version, document }) => {
    const { policy } = parsePolicy(document)
    const rules = policy === null ? [] : [...policy.network.rules, ...policy.commands]
    return rules.map(({ id, effect }) => ({ policy: name, version, rule: id, effect }))
  })
  const effects = new Map(known.map((rule) => [`${rule.policy} ${rule.rule}`, rule.effect]))
  const hit = new Set(hits.map(({ policy, rule }) => `${policy} ${rule}`))
  const rules: BoundaryRuleHits[] = [
    ...hits.map((row) => ({
      ...row,
      effect: effects.get(`${row.policy} ${row.rule}`) ?? null,
      last_hit: row.last_hit.toISOString(),
    })),
    // A search narrows events, and not the rules that no event is of; a time is no search.
    ...(queryPieces(q ?? '').every(({ key }) => key === 'started_after' || key === 'started_before')
      ? known.filter(({ policy, rule }) => !hit.has(`${policy} ${rule}`))
      : []
    ).map((rule) => ({
      ...rule,
      hits: 0,
      denied: 0,
      last_hit: null,
    })),
  ]
  return { rules: rules.slice(0, limit), count: rules.length }
}

const steps = [60, 300, 900, 3_600, 10_800, 21_600, 86_400, 604_800, 2_592_000] as const
const bucketsMax = 100

export async function countOverTime(
  { db, clock }: Room,
  actor: Actor,
  q: string | undefined,
): Promise<{ step_seconds: number; buckets: BoundaryBucket[] }> {
  const { where, after, before } = eventFilter(actor, q)
  const end = before ?? new Date(clock.now().getTime() + 1)
  const begin = after ?? new Date(end.getTime() - 7 * dayMs)
  if (begin >= end) throw new Fault('invalid', 'started_after is not before started_before')
  const span = (end.getTime() - begin.getTime()) / 1_000
  const step = steps.find((seconds) => span / seconds <= bucketsMax - 1) ?? Math.ceil(span / (bucketsMax - 1))
  const from = new Date(Math.floor(begin.getTime() / 1_000 / step) * step * 1_000)
  const rows = new Map(
    (await selectBuckets(db.sql, where, { from, to: end, stepSeconds: step })).map((row) => [row.step, row]),
  )
  const length = Math.ceil((end.getTime() - from.getTime()) / 1_000 / step)
  return {
    step_seconds: step,
    buckets: Array.from({ length }, (_, at) => {
      const { allowed = 0, denied = 0, observed = 0 } = rows.get(at) ?? {}
      return { from: new Date(from.getTime() + at * step * 1_000).toISOString(), allowed, denied, observed }
    }),
  }
}
