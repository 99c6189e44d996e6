import type { Uuid } from '@reeve/base'
import { uuidv7Floor } from '@reeve/base'
import { turnRoutes } from '@reeve/bridge'
import type { CredentialKind } from '@reeve/sdk'
import { type RawBuilder, sql } from 'kysely'
import type { Visibility } from '../access/policy.ts'
import { visibleRows } from '../access/sql-filter.ts'
import type { Executor } from '../db/database.ts'
import type { TokenColumns } from './record/token-classes.ts'
import type { SessionFilter } from './search.ts'

/** All SQL of the bridge's pages. What the drain runs is in `drain/queries.ts`. */

export interface UserColumns {
  readonly user_id: Uuid
  readonly username: string
  readonly user_name: string
  readonly avatar_url: string
}

export interface SessionRow extends UserColumns, TokenColumns {
  readonly id: Uuid
  readonly organization_id: Uuid
  readonly grouped_by: 'client_id' | 'content_prefix' | 'request'
  readonly client: string
  readonly client_version: string | null
  readonly client_session_id: string | null
  readonly providers: string[]
  readonly models: string[]
  readonly agents: string[]
  readonly started_at: Date
  readonly last_active_at: Date
  readonly open_requests: number
  readonly last_outcome: string
  readonly requests: number
  readonly threads: number
  readonly tool_calls: number
  readonly first_prompt: string | null
  readonly last_prompt: string | null
}

export interface InterceptionRow extends UserColumns, TokenColumns {
  readonly id: Uuid
  readonly organization_id: Uuid
  readonly session_id: Uuid
  readonly thread_id: Uuid
  readonly api_key_id: string
  readonly provider: string
  readonly provider_name: string
  readonly route: string
  readonly model: string
  readonly model_served: string | null
  readonly streaming: boolean
  readonly client: string
  readonly client_version: string | null
  readonly user_agent: string | null
  readonly client_session_id: string | null
  readonly agent_id: string | null
  readonly parent_agent_id: string | null
  readonly source_ip: string | null
  readonly started_at: Date
  readonly ended_at: Date | null
  readonly outcome: string
  readonly error_type: string | null
  readonly error_message: string | null
  readonly status_code: number | null
  readonly stop_reason: string | null
  readonly provider_response_id: string | null
  readonly provider_request_id: string | null
  readonly credential_kind: CredentialKind
  readonly credential_hint: string
  readonly attempts: unknown
  readonly capture: string
  readonly request_bytes: number
  readonly response_bytes: number
  readonly request_sha256: Buffer | null
  readonly response_sha256: Buffer | null
  readonly request_slices: unknown
  readonly response_slices: unknown
  readonly duration_ms: number | null
  readonly first_byte_ms: number | null
  readonly gateway_ms: number | null
  readonly usage_source: string
  readonly tool_calls: number
  readonly prompt: string | null
  readonly retry_of: Uuid | null
  readonly masked: number
}

export interface Page {
  readonly limit: number
  readonly offset: number
}

/** Counting further helps nobody and costs more with every row. */
export const countMax = 10_000

const user = sql`coalesce(u.username, '') as username, coalesce(u.name, '') as user_name, coalesce(u.avatar_url, '') as avatar_url`
const sessionStatus = sql`case when s.open_requests > 0 then 'live'
  when s.last_outcome in ('ok', 'live', 'client_disconnected') then 'done' else 'error' end`

type Condition = RawBuilder<unknown>

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
const visibleOf = (visible: Visibility, table: Condition): Condition =>
  visibleRows(visible, {
    id: sql`${table}.id`,
    owner: sql`${table}.user_id`,
    organization: sql`${table}.organization_id`,
    accessList: null,
  })
const contains = (word: string): string => `%${word.replace(/[\\%_]/g, '\\$&')}%`

/** By id or by name; no join is needed to know whose a row is. */
function initiatedBy(column: Condition, who: readonly string[]): Condition[] {
  if (who.length === 0) return []
  return [
    sql`${column} in (select id from users where id::text = any(${who}::text[]) or lower(username) = any(${who}::text[]))`,
  ]
}

export function sessionConditions(sight: Sight, filter: SessionFilter): Condition {
  return all([
    // Lists of models and counts of tokens that belong to no conversation are requests, and make no session to read.
    sql`s.threads > 0`,
    visibleOf(sight.rows, sql`s`),
    ...(filter.words.length === 0 ? [] : [visibleOf(sight.words, sql`s`)]),
    ...initiatedBy(sql`s.user_id`, filter.initiators),
    ...oneOf(sql`lower(s.client)`, filter.clients),
    ...overlaps(sql`s.models`, filter.models),
    ...overlaps(sql`s.providers`, filter.providers),
    ...oneOf(sql`s.last_outcome`, filter.outcomes),
    ...oneOf(sessionStatus, filter.statuses),
    ...(filter.providerNames.length === 0
      ? []
      : [
          sql`exists (select from interceptions i where i.session_id = s.id and i.provider_name = any(${filter.providerNames}::text[]))`,
        ]),
    ...(filter.sessionIds.length === 0
      ? []
      : [
          sql`(s.id::text = any(${filter.sessionIds}::text[]) or s.client_session_id = any(${filter.sessionIds}::text[]))`,
        ]),
    ...(filter.startedAfter === null ? [] : [sql`s.started_at > ${filter.startedAfter}`]),
    ...(filter.startedBefore === null ? [] : [sql`s.started_at < ${filter.startedBefore}`]),
    ...filter.words.map(
      (word) => sql`(s.first_prompt ilike ${contains(word)} or s.last_prompt ilike ${contains(word)}
        or exists (select from interceptions i where i.session_id = s.id and i.prompt ilike ${contains(word)}))`,
    ),
  ])
}

export async function findSessions(
  db: Executor,
  sight: Sight,
  filter: SessionFilter,
  page: Page & { readonly afterId: Uuid | null },
): Promise<SessionRow[]> {
  const after =
    page.afterId === null
      ? sql`true`
      : sql`(s.last_active_at, s.id) < (select last_active_at, id from sessions where id = ${page.afterId})`
  const { rows } = await sql<SessionRow>`
    select s.*, ${user} from sessions s left join users u on u.id = s.user_id
    where ${sessionConditions(sight, filter)} and ${after}
    order by s.last_active_at desc, s.id desc limit ${page.limit} offset ${page.offset}`.execute(db)
  return rows
}

export async function countSessions(db: Executor, sight: Sight, filter: SessionFilter): Promise<number> {
  return counted(db, sql`select from sessions s where ${sessionConditions(sight, filter)} limit ${countMax + 1}`)
}

export async function findSession(db: Executor, id: Uuid): Promise<SessionRow | undefined> {
  const { rows } = await sql<SessionRow>`
    select s.*, ${user} from sessions s left join users u on u.id = s.user_id where s.id = ${id}`.execute(db)
  return rows[0]
}

export function interceptionConditions(sight: Sight, filter: SessionFilter): Condition {
  const status = sql`case i.outcome when 'live' then 'live' when 'ok' then 'done' when 'client_disconnected' then 'done' else 'error' end`
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
      : [sql`(i.model = any(${filter.models}::text[]) or i.model_served = any(${filter.models}::text[]))`]),
    ...oneOf(sql`i.provider`, filter.providers),
    ...oneOf(sql`i.provider_name`, filter.providerNames),
    ...oneOf(sql`i.outcome`, filter.outcomes),
    ...oneOf(status, filter.statuses),
    ...(filter.sessionIds.length === 0
      ? []
      : [
          sql`(i.session_id::text = any(${filter.sessionIds}::text[]) or i.client_session_id = any(${filter.sessionIds}::text[]))`,
        ]),
    ...(startedAfter === null
      ? []
      : [sql`i.started_at > ${startedAfter} and i.id >= ${floor(startedAfter, -60_000)}::uuid`]),
    ...(startedBefore === null
      ? []
      : [sql`i.started_at < ${startedBefore} and i.id <= ${floor(startedBefore, 60_000)}::uuid`]),
    ...filter.words.map((word) => sql`i.prompt ilike ${contains(word)}`),
  ])
}

const floor = (instant: Date, ms: number): Uuid => uuidv7Floor(new Date(Math.max(instant.getTime() + ms, 0)))

export async function findInterceptions(
  db: Executor,
  sight: Sight,
  filter: SessionFilter,
  page: Page & { readonly afterId: Uuid | null },
): Promise<InterceptionRow[]> {
  const after = page.afterId === null ? sql`true` : sql`i.id < ${page.afterId}::uuid`
  const { rows } = await sql<InterceptionRow>`
    select i.*, ${user} from interceptions i left join users u on u.id = i.user_id
    where ${interceptionConditions(sight, filter)} and ${after}
    order by i.id desc limit ${page.limit} offset ${page.offset}`.execute(db)
  return rows
}

export async function countInterceptions(db: Executor, sight: Sight, filter: SessionFilter): Promise<number> {
  return counted(
    db,
    sql`select from interceptions i where ${interceptionConditions(sight, filter)} limit ${countMax + 1}`,
  )
}

export async function findInterception(db: Executor, id: Uuid): Promise<InterceptionRow | undefined> {
  const { rows } = await sql<InterceptionRow>`
    select i.*, ${user} from interceptions i left join users u on u.id = i.user_id where i.id = ${id}`.execute(db)
  return rows[0]
}

export interface ThreadRow extends TokenColumns {
  readonly thread_id: Uuid
  readonly prompt: string | null
  readonly prompt_origin: 'human' | 'agent' | 'client' | null
  readonly agent_id: string | null
  readonly model: string
  readonly provider: string
  readonly credential_kind: CredentialKind
  readonly credential_hint: string
  readonly started_at: Date
  readonly ended_at: Date | null
  readonly requests: number
  readonly tool_calls: number
  readonly error_type: string | null
  readonly error_message: string | null
}

export async function findThreads(
  db: Executor,
  sessionId: Uuid,
  page: { readonly limit: number; readonly afterId: Uuid | null },
): Promise<ThreadRow[]> {
  const after = page.afterId === null ? sql`true` : sql`thread_id > ${page.afterId}::uuid`
  const { rows } = await sql<ThreadRow>`
    select t.*, begun.text as prompt, begun.origin as prompt_origin
    from (
      select thread_id,
        (array_agg(agent_id order by id))[1] as agent_id,
        (array_agg(model order by id) filter (where model <> ''))[1] as model,
        (array_agg(provider order by id))[1] as provider,
        (array_agg(credential_kind order by id))[1] as credential_kind,
        (array_agg(credential_hint order by id))[1] as credential_hint,
        min(started_at) as started_at,
        case when bool_and(ended_at is not null) then max(ended_at) end as ended_at,
        count(*)::int as requests, sum(tool_calls)::int as tool_calls,
        sum(input_tokens)::bigint as input_tokens, sum(output_tokens)::bigint as output_tokens,
        sum(cache_read_tokens)::bigint as cache_read_tokens, sum(cache_write_tokens)::bigint as cache_write_tokens,
        sum(cache_write_1h_tokens)::bigint as cache_write_1h_tokens, sum(reasoning_tokens)::bigint as reasoning_tokens,
        sum(audio_input_tokens)::bigint as audio_input_tokens, sum(audio_output_tokens)::bigint as audio_output_tokens,
        (array_agg(error_type order by id desc) filter (where error_type is not null))[1] as error_type,
        (array_agg(error_message order by id desc) filter (where error_type is not null))[1] as error_message
      from interceptions where session_id = ${sessionId} and ${after}
      group by thread_id having bool_or(route = any(${turnRoutes})) order by thread_id limit ${page.limit}) as t
    left join lateral (
      select text, origin from interception_items
      where interception_id = t.thread_id and kind = 'prompt' order by seq limit 1) as begun on true
    order by t.thread_id`.execute(db)
  return rows
}

/** The interceptions of a session, in the order in which they began. */
export async function findInterceptionsOf(db: Executor, sessionId: Uuid): Promise<InterceptionRow[]> {
  const { rows } = await sql<InterceptionRow>`
    select i.*, ${user} from interceptions i left join users u on u.id = i.user_id
    where i.session_id = ${sessionId} order by i.id`.execute(db)
  return rows
}

export interface ItemMark {
  readonly interception_id: Uuid
  readonly seq: number
  readonly kind: string
  readonly tool_call_id: string | null
}

export interface ItemRow extends ItemMark {
  readonly origin: string
  readonly at: Date
  readonly text: string | null
  readonly text_bytes: number
  readonly truncated: boolean
  readonly not_captured: boolean
  readonly tool_name: string | null
  readonly is_error: boolean
}

/** Everything about the items that their order depends on, without their texts. `ids` in order. */
export async function findItemMarks(db: Executor, ids: readonly Uuid[]): Promise<ItemMark[]> {
  if (ids.length === 0) return []
  const { rows } = await sql<ItemMark>`
    select interception_id, seq, kind, tool_call_id from interception_items
    where interception_id = any(${ids}::uuid[])
      and interception_id >= ${ids[0]}::uuid and interception_id <= ${ids.at(-1)}::uuid
    order by interception_id, seq`.execute(db)
  return rows
}

export async function findItems(
  db: Executor,
  marks: readonly Pick<ItemMark, 'interception_id' | 'seq'>[],
): Promise<ItemRow[]> {
  if (marks.length === 0) return []
  const ids = marks.map((mark) => mark.interception_id).toSorted()
  const { rows } = await sql<ItemRow>`
    select item.* from unnest(${marks.map((mark) => mark.interception_id)}::uuid[], ${marks.map((mark) => mark.seq)}::int[])
      as wanted (interception_id, seq)
    join interception_items item on item.interception_id = wanted.interception_id and item.seq = wanted.seq
    where item.interception_id >= ${ids[0]}::uuid and item.interception_id <= ${ids.at(-1)}::uuid`.execute(db)
  return rows
}

export interface BlobRow {
  readonly sha256: string
  readonly encoding: 'identity' | 'zstd'
  readonly raw_bytes: number
  readonly bytes: Buffer
}

export async function findBlobs(db: Executor, organizationId: Uuid, names: readonly string[]): Promise<BlobRow[]> {
  const { rows } = await sql<BlobRow>`
    select encode(sha256, 'hex') as sha256, encoding, raw_bytes, bytes from blobs
    where organization_id = ${organizationId}
      and sha256 in (select decode(hex, 'hex') from unnest(${names}::text[]) as hex)`.execute(db)
  return rows
}

/** Distinct values over the sessions of these owners, by prefix. */
export async function findNames(
  db: Executor,
  of: 'models' | 'clients',
  visible: Visibility,
  { prefix, limit }: { readonly prefix: string; readonly limit: number },
): Promise<string[]> {
  const from =
    of === 'models' ? sql`sessions s, unnest(s.models) as name` : sql`sessions s, lateral (select s.client) as c (name)`
  const { rows } = await sql<{ name: string }>`
    select distinct name from ${from}
    where ${visibleOf(visible, sql`s`)} and name ilike ${`${prefix.replace(/[\\%_]/g, '\\$&')}%`}
    order by name limit ${limit}`.execute(db)
  return rows.map((row) => row.name)
}

/** What people call a key; null when there is none. */
export async function findKeyName(db: Executor, id: string): Promise<string | null> {
  const key = await db.selectFrom('api_keys').select('token_name').where('id', '=', id).executeTakeFirst()
  return key === undefined ? null : key.token_name === '' ? id : key.token_name
}

async function counted(db: Executor, query: RawBuilder<unknown>): Promise<number> {
  const { rows } = await sql<{ count: number }>`select count(*)::int as count from (${query}) as counted`.execute(db)
  return rows[0]?.count ?? 0
}
