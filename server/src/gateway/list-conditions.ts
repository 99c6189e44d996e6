import { isUuid, type Uuid, uuidv7Floor } from '@reeve/base'
import type { SessionStatus } from '@reeve/sdk'
import { type RawBuilder, sql } from 'kysely'
import type { Visibility } from '../access/policy.ts'
import { visibleRows } from '../access/sql-filter.ts'
import type { Executor } from '../db/database.ts'
import { factConditions, sessionFactConditions } from './fact-conditions.ts'
import { inLifetime } from './queries.ts'
import type { SessionFilter } from './search.ts'
import { outcomesOf } from './session-status.ts'

/** What the lists ask for, as conditions on sessions `s` and on interceptions `i`. */

export type Condition = RawBuilder<unknown>

/** Which rows somebody may see, and of which of them the words: a search for words finds nothing in the others. */
export interface Sight {
  readonly rows: Visibility
  readonly words: Visibility
}

const all = (conditions: readonly Condition[]): Condition =>
  conditions.length === 0 ? sql`true` : sql.join(conditions, sql` and `)
const oneOf = (expression: Condition, values: readonly string[]): Condition[] =>
  values.length === 0 ? [] : [sql`${expression} = any(${values}::text[])`]
const overlaps = (expression: Condition, values: readonly string[]): Condition[] =>
  values.length === 0 ? [] : [sql`${expression} && ${values}::text[]`]
const contains = (word: string): string => `%${word.replace(/[\\%_]/g, '\\$&')}%`
/** Of the session `s`, whether it is one of those that are named by our id or by the client's. */
const isNamed = (ids: readonly string[]): Condition =>
  sql`(s.id = any(${ids.filter(isUuid)}::uuid[]) or s.client_session_id = any(${ids}::text[]))`

export const visibleOf = (visible: Visibility, table: Condition): Condition =>
  visibleRows(visible, {
    id: sql`${table}.id`,
    owner: sql`${table}.user_id`,
    organization: sql`${table}.organization_id`,
    accessList: null,
  })

/** By id or by name; no join is needed to know whose a row is. */
function initiatedBy(column: Condition, who: readonly string[]): Condition[] {
  if (who.length === 0) return []
  return [
    sql`${column} in (select id from users where id::text = any(${who}::text[]) or lower(username) = any(${who}::text[]))`,
  ]
}

/** Looks up where words were said: only sessions that are few can be listed beforehand. */
export async function sessionsMatching(db: Executor, sight: Sight, filter: SessionFilter): Promise<Condition> {
  const said = await Promise.all(filter.words.map((word) => inWhichSaid(db, sight, filter, word)))
  return all([
    // Lists of models and counts of tokens that belong to no conversation are requests, and make no session to read.
    sql`s.threads > 0`,
    visibleOf(sight.rows, sql`s`),
    ...(filter.words.length === 0 ? [] : [visibleOf(sight.words, sql`s`)]),
    ...initiatedBy(sql`s.user_id`, filter.initiators),
    ...oneOf(sql`lower(s.client)`, filter.clients),
    ...overlaps(sql`s.models`, filter.models),
    ...overlaps(sql`s.providers`, filter.providers),
    ...overlaps(sql`s.provider_names`, filter.providerNames),
    ...oneOf(sql`s.last_outcome`, filter.outcomes),
    ...(filter.statuses.length === 0 ? [] : [sql`(${sql.join(filter.statuses.map(hasStatus), sql` or `)})`]),
    ...(filter.sessionIds.length === 0 ? [] : [isNamed(filter.sessionIds)]),
    ...(filter.startedAfter === null ? [] : [sql`s.started_at > ${filter.startedAfter}`]),
    ...(filter.startedBefore === null ? [] : [sql`s.started_at < ${filter.startedBefore}`]),
    ...sessionFactConditions(filter.facts),
    ...said,
  ])
}

function hasStatus(status: SessionStatus): Condition {
  if (status === 'live') return sql`s.open_requests > 0`
  const outcomes = status === 'done' ? [...outcomesOf.live, ...outcomesOf.done] : outcomesOf[status]
  return sql`(s.open_requests = 0 and s.last_outcome = any(${outcomes}::text[]))`
}

/** A word that was said more often than this is found on the way through the sessions. */
const saidMax = 2_000

/**
 * Sessions with a prompt that has a word. Where few prompts have it, the index of the prompts knows them, and to look
 * into each session would take seconds; where many do, a page of such sessions is full before long. The offset keeps
 * PostgreSQL from turning that into one look at everything.
 */
async function inWhichSaid(db: Executor, sight: Sight, filter: SessionFilter, word: string): Promise<Condition> {
  const since = filter.startedAfter === null ? [] : [sql`i.id >= ${floor(filter.startedAfter, -60_000)}::uuid`]
  const hasWord = sql`i.prompt ilike ${contains(word)}`
  const { rows } = await sql<{ session_id: Uuid }>`
    select i.session_id from interceptions i where ${all([hasWord, visibleOf(sight.words, sql`i`), ...since])}
    limit ${saidMax + 1}`.execute(db)
  if (rows.length > saidMax) {
    return sql`exists (select from interceptions i where i.session_id = s.id and ${hasWord} and ${inLifetime} offset 0)`
  }
  return sql`s.id = any(${[...new Set(rows.map((row) => row.session_id))]}::uuid[])`
}

/** The conditions of a named session are its lifetime too, which says in which partitions its requests are. */
async function ofNamedSessions(db: Executor, ids: readonly string[]): Promise<Condition> {
  const { rows } = await sql<{ ids: Uuid[] | null; low: Uuid | null; high: Uuid | null }>`
    select array_agg(s.id) as ids, uuidv7_floor(min(s.started_at) - interval '1 day') as low,
      uuidv7_floor(max(s.last_active_at) + interval '1 day') as high
    from sessions s where ${isNamed(ids)}`.execute(db)
  const [found] = rows
  if (found === undefined || found.ids === null) return sql`false`
  return sql`i.session_id = any(${found.ids}::uuid[]) and i.id between ${found.low}::uuid and ${found.high}::uuid`
}

export async function interceptionsMatching(db: Executor, sight: Sight, filter: SessionFilter): Promise<Condition> {
  // The bounds on the id leave out the partitions of other days; they are a minute wider than what is asked for, as the
  // id is a little older than the start.
  const { startedAfter, startedBefore } = filter
  return all([
    visibleOf(sight.rows, sql`i`),
    ...(filter.words.length === 0 && filter.fingerprint === null ? [] : [visibleOf(sight.words, sql`i`)]),
    ...(filter.fingerprint === null
      ? []
      : [sql`i.masked > 0 and i.masked_fingerprints @> array[${filter.fingerprint}::text]`]),
    ...initiatedBy(sql`i.user_id`, filter.initiators),
    ...oneOf(sql`lower(i.client)`, filter.clients),
    ...(filter.models.length === 0
      ? []
      : [
          // Said like this, each side has an index.
          sql`(i.model = any(${filter.models}::text[]) or (i.model_served <> i.model and i.model_served = any(${filter.models}::text[])))`,
        ]),
    ...oneOf(sql`i.provider`, filter.providers),
    ...oneOf(sql`i.provider_name`, filter.providerNames),
    ...oneOf(sql`i.outcome`, filter.outcomes),
    ...(filter.statuses.length === 0
      ? []
      : oneOf(
          sql`i.outcome`,
          filter.statuses.flatMap((status) => outcomesOf[status]),
        )),
    ...(filter.sessionIds.length === 0 ? [] : [await ofNamedSessions(db, filter.sessionIds)]),
    ...(startedAfter === null
      ? []
      : [sql`i.started_at > ${startedAfter} and i.id >= ${floor(startedAfter, -60_000)}::uuid`]),
    ...(startedBefore === null
      ? []
      : [sql`i.started_at < ${startedBefore} and i.id <= ${floor(startedBefore, 60_000)}::uuid`]),
    ...factConditions(filter.facts),
    ...filter.words.map((word) => sql`i.prompt ilike ${contains(word)}`),
  ])
}

const floor = (instant: Date, ms: number): Uuid => uuidv7Floor(new Date(Math.max(instant.getTime() + ms, 0)))
