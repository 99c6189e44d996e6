import { type Uuid, uuidv7Floor } from '@reeve/base'
import { turnRoutes } from '@reeve/bridge'
import type { CredentialKind } from '@reeve/sdk'
import { sql } from 'kysely'
import type { Executor } from '../db/database.ts'
import type { TokenColumns } from './record/token-classes.ts'

/** The SQL of the bridge's pages but its lists, which are in `list-queries.ts`; what the drain runs is in `drain/queries.ts`. */

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
  readonly content_removed_at: Date | null
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
  readonly boundary_session_id: Uuid | null
  readonly boundary_seq: number | null
  readonly boundary_verified: boolean | null
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
  readonly decisions: unknown
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
  readonly content_removed_at: Date | null
  readonly tool_names: string[] | null
  readonly sent: unknown
}

/** The columns of `UserColumns`, where `u` is the user. */
export const userColumns = sql`coalesce(u.username, '') as username, coalesce(u.name, '') as user_name, coalesce(u.avatar_url, '') as avatar_url`
/**
 * Between which ids the requests of a session `s` are, so that PostgreSQL looks into the partitions of its days alone. An
 * id is made a moment after the start of its request, and clocks are set: a day is enough for both.
 */
export const inLifetime = sql`i.id >= uuidv7_floor(s.started_at - interval '1 day')
  and i.id <= uuidv7_floor(s.last_active_at + interval '1 day')`

/** The same bounds, for statements that are about one session. */
export function boundsOf({ started_at, last_active_at }: SessionSpan): { low: Uuid; high: Uuid } {
  const dayMs = 86_400_000
  const [low, high] = [started_at.getTime() - dayMs, last_active_at.getTime() + dayMs]
  return { low: uuidv7Floor(new Date(Math.max(low, 0))), high: uuidv7Floor(new Date(Math.max(high, 0))) }
}

export type SessionSpan = Pick<SessionRow, 'id' | 'started_at' | 'last_active_at'>

export async function findSession(db: Executor, id: Uuid): Promise<SessionRow | undefined> {
  const { rows } = await sql<SessionRow>`
    select s.*, ${userColumns} from sessions s left join users u on u.id = s.user_id where s.id = ${id}`.execute(db)
  return rows[0]
}

export async function findInterception(db: Executor, id: Uuid): Promise<InterceptionRow | undefined> {
  const { rows } = await sql<InterceptionRow>`
    select i.*, ${userColumns} from interceptions i left join users u on u.id = i.user_id where i.id = ${id}`.execute(
    db,
  )
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
  readonly content_removed_at: Date | null
}

export async function findThreads(
  db: Executor,
  session: SessionSpan,
  { limit, afterId, beforeId }: { limit: number; afterId: Uuid | null; beforeId: Uuid | null },
): Promise<ThreadRow[]> {
  const { low, high } = boundsOf(session)
  const after = afterId === null ? sql`true` : sql`thread_id > ${afterId}::uuid`
  const before = beforeId === null ? sql`true` : sql`thread_id < ${beforeId}::uuid`
  const order = beforeId === null ? sql`asc` : sql`desc`
  const { rows } = await sql<Omit<ThreadRow, 'prompt' | 'prompt_origin'>>`
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
      (array_agg(error_message order by id desc) filter (where error_type is not null))[1] as error_message,
      max(content_removed_at) filter (where id = thread_id) as content_removed_at
    from interceptions where session_id = ${session.id} and id between ${low}::uuid and ${high}::uuid and ${after} and ${before}
    group by thread_id having bool_or(route = any(${turnRoutes})) order by thread_id ${order}
    limit ${limit}`.execute(db)
  if (beforeId !== null) rows.reverse()
  const begun = await findBeginnings(
    db,
    rows.map((row) => row.thread_id),
  )
  return rows.map((row) => {
    const { prompt = null, prompt_origin = null } = begun.get(row.thread_id) ?? {}
    return { ...row, prompt, prompt_origin }
  })
}

type Beginning = Pick<ThreadRow, 'prompt' | 'prompt_origin'>

/** The first prompt of each of these requests. `ids` in order: they say in which partitions to look. */
async function findBeginnings(db: Executor, ids: readonly Uuid[]): Promise<Map<Uuid, Beginning>> {
  if (ids.length === 0) return new Map()
  const { rows } = await sql<Beginning & { interception_id: Uuid }>`
    select distinct on (interception_id) interception_id, text as prompt, origin as prompt_origin from interception_items
    where interception_id = any(${ids}::uuid[]) and interception_id between ${ids[0]}::uuid and ${ids.at(-1)}::uuid
      and kind = 'prompt'
    order by interception_id, seq`.execute(db)
  return new Map(rows.map((row) => [row.interception_id, row]))
}

export async function hasThread(db: Executor, session: SessionSpan, threadId: Uuid): Promise<boolean> {
  const { low, high } = boundsOf(session)
  const { rows } = await sql`
    select from interceptions
    where session_id = ${session.id} and id between ${low}::uuid and ${high}::uuid and thread_id = ${threadId}
    limit 1`.execute(db)
  return rows.length > 0
}

/** The interceptions of a session, in the order in which they began. */
export async function findInterceptionsOf(db: Executor, session: SessionSpan): Promise<InterceptionRow[]> {
  const { low, high } = boundsOf(session)
  const { rows } = await sql<InterceptionRow>`
    select i.*, ${userColumns} from interceptions i left join users u on u.id = i.user_id
    where i.session_id = ${session.id} and i.id between ${low}::uuid and ${high}::uuid order by i.id`.execute(db)
  return rows
}

/** More than this of one boundary are of no session that is read beside it. */
const foreignMax = 10_000
const foreignDays = 7

/** The turns of other sessions that came out of these boundaries in the same week. */
export async function findForeignCalls(
  db: Executor,
  session: SessionSpan,
  boundaryIds: readonly Uuid[],
): Promise<{ readonly boundary_session_id: Uuid; readonly boundary_seq: number }[]> {
  const weekMs = foreignDays * 86_400_000
  const { low, high } = boundsOf({
    id: session.id,
    started_at: new Date(session.started_at.getTime() - weekMs),
    last_active_at: new Date(session.last_active_at.getTime() + weekMs),
  })
  const { rows } = await sql<{ boundary_session_id: Uuid; boundary_seq: number }>`
    select boundary_session_id, boundary_seq from interceptions
    where boundary_session_id = any(${boundaryIds}::uuid[]) and boundary_verified and session_id <> ${session.id}
      and route = any(${turnRoutes}) and id between ${low}::uuid and ${high}::uuid
    limit ${foreignMax}`.execute(db)
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

/** What people call a key; null when there is none. */
export async function findKeyName(db: Executor, id: string): Promise<string | null> {
  const key = await db.selectFrom('api_keys').select('token_name').where('id', '=', id).executeTakeFirst()
  return key === undefined ? null : key.token_name === '' ? id : key.token_name
}
