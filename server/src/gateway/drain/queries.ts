import { turnRoutes } from '@reeve/bridge'
import { tokenColumns } from '../record/token-classes.ts'

/** The routes of turns, as the inside of an SQL list. */
const turns = turnRoutes.map((route) => `'${route}'`).join(', ')

const eachColumn = (write: (name: string) => string): string => Object.values(tokenColumns).map(write).join(', ')
const columns = eachColumn((name) => name)

const namesIn = (text: string): string[] => text.trim().split(/\s+/)

/** What an end says of its interception, in the place of what stood there. */
const endColumns = namesIn(`
  ended_at outcome error_type error_message status_code stop_reason model_served provider_response_id
  provider_request_id attempts decisions response_bytes response_sha256 response_slices duration_ms first_byte_ms
  gateway_ms usage_source usage_raw tool_calls record_no`).concat(Object.values(tokenColumns))

const rowColumns = namesIn(`
  id replica_id replica_seq organization_id user_id api_key_id session_id thread_id provider provider_name route model
  streaming credential_kind credential_hint client client_version user_agent client_session_id agent_id parent_agent_id
  source_ip started_at capture request_bytes request_sha256 request_slices prompt turn_sha256 retry_of masked
  masked_fingerprints sent boundary_session_id boundary_seq boundary_verified`)
  .concat(endColumns)
  .join(', ')

/** What usage is made of. */
const countedColumns = (of: '' | 'i.'): string =>
  namesIn('ended_at outcome organization_id user_id provider provider_name model client')
    .concat(Object.values(tokenColumns))
    .map((name) => of + name)
    .join(', ')

/**
 * Every statement of the drain, by name: PostgreSQL plans each once a connection. Rows travel as one JSON document or as
 * arrays, so that a batch of any size is the same few statements.
 */
export const statements = {
  makeCheckpoint: `
    insert into journal_checkpoints (replica_id, segment, byte_offset, seq, updated_at)
    values ($1, 0, 0, 0, $2) on conflict do nothing`,

  readCheckpoint: `
    select segment, byte_offset, seq, encode(chain_hash, 'hex') as chain_hash
    from journal_checkpoints where replica_id = $1`,

  /**
   * Moves only from where this drain believes it to stand: whoever comes second changes nothing. Also counts what ends:
   * each end has its number.
   */
  moveCheckpoint: `
    update journal_checkpoints set segment = $2, byte_offset = $3, seq = $4, updated_at = $5, chain_hash = decode($8, 'hex'),
      records = records + $9
    where replica_id = $1 and segment = $6 and byte_offset = $7 returning records`,

  ensureDay: 'select ensure_day_partitions($1::date)',

  keepDay: 'select keep_day($1::date)',

  findBlobs: `
    select b.organization_id, encode(b.sha256, 'hex') as sha256, b.last_referenced_at
    from unnest($1::uuid[], $2::text[]) as wanted (organization_id, sha256)
    join blobs b on b.organization_id = wanted.organization_id and b.sha256 = decode(wanted.sha256, 'hex')`,

  /** Locks in the order in which every replica does. */
  touchBlobs: `
    with locked as (
      select b.organization_id, b.sha256
      from unnest($1::uuid[], $2::text[]) as wanted (organization_id, sha256)
      join blobs b on b.organization_id = wanted.organization_id and b.sha256 = decode(wanted.sha256, 'hex')
      order by b.organization_id, b.sha256 for update of b)
    update blobs b set last_referenced_at = $3 from locked
    where b.organization_id = locked.organization_id and b.sha256 = locked.sha256
    returning b.organization_id, encode(b.sha256, 'hex') as sha256`,

  /** All bytes are one binary parameter, cut up by offset and length: arrays of bytes would travel as text. */
  insertBlobs: `
    insert into blobs (organization_id, sha256, encoding, raw_bytes, bytes, last_referenced_at)
    select organization_id, decode(sha256, 'hex'), encoding, raw_bytes, substring($7::bytea from "from" for length), $8
    from unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::int[], $6::int[])
      as blob (organization_id, sha256, encoding, raw_bytes, "from", length)
    order by organization_id, sha256
    on conflict (organization_id, sha256) do update set last_referenced_at = excluded.last_referenced_at`,

  loadBody: `
    select organization_id, user_id, request_slices from interceptions where id = $1`,

  loadBlobs: `
    select encode(sha256, 'hex') as sha256, encoding, raw_bytes, bytes from blobs
    where organization_id = $1 and sha256 in (select decode(hex, 'hex') from unnest($2::text[]) as hex)`,

  findSessions: `
    select s.id, s.user_id, s.session_key
    from unnest($1::uuid[], $2::text[]) as wanted (user_id, session_key)
    join sessions s on s.user_id = wanted.user_id and s.session_key = wanted.session_key`,

  /** The latest session of a user that begins like this. */
  findBeginnings: `
    select wanted.user_id, wanted.beginning, s.session_key, s.last_outcome
    from unnest($1::uuid[], $2::text[]) as wanted (user_id, beginning)
    cross join lateral (
      select session_key, last_outcome from sessions
      where user_id = wanted.user_id
        and session_key >= 'prefix:' || wanted.beginning || ':' and session_key < 'prefix:' || wanted.beginning || ';'
      order by last_active_at desc limit 1) as s`,

  insertSessions: `
    insert into sessions (id, organization_id, user_id, session_key, grouped_by, client, client_version,
      client_session_id, started_at, last_active_at)
    select id, organization_id, user_id, session_key, grouped_by, client, client_version, client_session_id,
      started_at, started_at
    from json_to_recordset($1::json) as made (id uuid, organization_id uuid, user_id uuid, session_key text,
      grouped_by text, client text, client_version text, client_session_id text, started_at timestamptz)
    order by user_id, session_key collate "C"
    on conflict (user_id, session_key) do nothing`,

  lockSessions: 'select id from sessions where id = any($1::uuid[]) order by id for update',

  /** Which interception issued a tool call. Looked for among the same user's only: ids from clients are not to be trusted. */
  findToolCalls: `
    select wanted.user_id, wanted.tool_call_id, i.session_id, i.thread_id, s.session_key
    from unnest($1::uuid[], $2::text[]) as wanted (user_id, tool_call_id)
    cross join lateral (
      select interception_id from interception_items
      where user_id = wanted.user_id and tool_call_id = wanted.tool_call_id and kind = 'tool_call'
        and interception_id >= $3::uuid
      order by interception_id desc limit 1) as call
    join interceptions i on i.id = call.interception_id and i.id >= $3::uuid
    join sessions s on s.id = i.session_id`,

  /** Which interception a response came from, among the same user's only. */
  findResponses: `
    select wanted.user_id, wanted.provider_name, wanted.response_id, i.session_id, i.thread_id, s.session_key
    from unnest($1::uuid[], $2::text[], $3::text[]) as wanted (user_id, provider_name, response_id)
    cross join lateral (
      select session_id, thread_id from interceptions
      where provider_response_id = wanted.response_id and provider_response_id is not null and route = 'responses'
        and user_id = wanted.user_id and provider_name = wanted.provider_name and id >= $4::uuid
      order by id desc limit 1) as i
    join sessions s on s.id = i.session_id`,

  findLatestThreads: `
    select wanted.session_id, wanted.agent, latest.thread_id
    from unnest($1::uuid[], $2::text[]) as wanted (session_id, agent)
    cross join lateral (
      select thread_id from interceptions
      where session_id = wanted.session_id and coalesce(agent_id, '') = wanted.agent and route in (${turns})
        and id >= $3::uuid
      order by id desc limit 1) as latest`,

  findTurns: `
    select wanted.session_id, wanted.turn, first.id, first.thread_id
    from unnest($1::uuid[], $2::text[]) as wanted (session_id, turn)
    cross join lateral (
      select id, thread_id from interceptions
      where session_id = wanted.session_id and turn_sha256 = decode(wanted.turn, 'hex') and id >= $3::uuid
      order by id limit 1) as first`,

  findInterceptions: `
    select i.id, i.session_id, i.thread_id, i.user_id, i.organization_id, i.capture, i.route, i.provider_name, i.model, i.agent_id,
      i.outcome <> 'live' as ended, s.session_key
    from interceptions i join sessions s on s.id = i.session_id
    where i.id = any($1::uuid[]) and i.id >= $2::uuid and i.id <= $3::uuid`,

  /**
   * What began, whole where it has ended in the same batch: a second version of a row costs as much as the first, in
   * every index once more. What ended of earlier batches is changed. Ends and their usage are one statement, so that
   * whatever is ended is counted, and once. Rows of usage are what replicas share here: each merges its own in the order
   * of the key, as the last rows that it waits for.
   */
  writeInterceptions: `
    with begun as (
      insert into interceptions (${rowColumns})
      select ${rowColumns} from json_populate_recordset(null::interceptions, $1::json)
      returning ${countedColumns('')}),
    ended as (
      update interceptions i set ${endColumns.map((name) => `${name} = e.${name}`).join(', ')},
        credential_hint = coalesce(e.credential_hint, i.credential_hint), masked = i.masked + e.masked,
        masked_fingerprints = i.masked_fingerprints || e.masked_fingerprints
      from json_populate_recordset(null::interceptions, $2::json) as e
      where i.id = e.id and i.id >= $3::uuid and i.id <= $4::uuid
      returning ${countedColumns('i.')})
    insert into usage_hourly as u (hour, organization_id, user_id, provider, provider_name, model, client, requests, errors,
      ${columns})
    select date_trunc('hour', ended_at, 'UTC'), organization_id, user_id, provider, provider_name, model, client,
      count(*), count(*) filter (where outcome not in ('ok', 'client_disconnected')),
      ${eachColumn((name) => `sum(${name})`)}
    from (select * from begun where ended_at is not null union all select * from ended) as counted
    group by 1, 2, 3, 4, 5, 6, 7 order by 1, 2, 3, 4, 5, 6, 7
    on conflict (hour, organization_id, user_id, provider, provider_name, model, client) do update set
      requests = u.requests + excluded.requests, errors = u.errors + excluded.errors,
      ${eachColumn((name) => `${name} = u.${name} + excluded.${name}`)}`,

  addTrailers: `
    update interceptions i set response_bytes = t.response_bytes, response_sha256 = t.response_sha256,
      response_slices = coalesce(i.response_slices, '[]') || t.added_slices
    from json_to_recordset($1::json)
      as t (id uuid, response_bytes bigint, response_sha256 bytea, added_slices jsonb)
    where i.id = t.id and i.id >= $2::uuid and i.id <= $3::uuid`,

  insertItems: `
    insert into interception_items (interception_id, seq, session_id, user_id, kind, origin, at, text, text_bytes,
      truncated, not_captured, tool_name, tool_call_id, is_error)
    select interception_id, seq, session_id, user_id, kind, origin, at, text, text_bytes,
      truncated, not_captured, tool_name, tool_call_id, is_error
    from json_populate_recordset(null::interception_items, $1::json)`,

  /** Merges what a batch adds, and tells live views of it: notifications leave with the commit. */
  changeSessions: `
    with changed as (
      update sessions s set
        client_version = coalesce(c.client_version, s.client_version),
        providers = (select array_agg(distinct x order by x) from unnest(s.providers || c.providers) as x),
        provider_names = (select array_agg(distinct x order by x) from unnest(s.provider_names || c.provider_names) as x),
        models = (select coalesce(array_agg(distinct x order by x), '{}') from unnest(s.models || c.models) as x),
        agents = (select coalesce(array_agg(distinct x order by x), '{}') from unnest(s.agents || c.agents) as x),
        started_at = least(s.started_at, c.started_at),
        last_active_at = greatest(s.last_active_at, c.last_active_at),
        requests = s.requests + c.requests,
        open_requests = greatest(s.open_requests + c.open_requests, 0),
        threads = s.threads + c.threads,
        tool_calls = s.tool_calls + c.tool_calls,
        input_tokens = s.input_tokens + c.input_tokens,
        output_tokens = s.output_tokens + c.output_tokens,
        cache_read_tokens = s.cache_read_tokens + c.cache_read_tokens,
        cache_write_tokens = s.cache_write_tokens + c.cache_write_tokens,
        cache_write_1h_tokens = s.cache_write_1h_tokens + c.cache_write_1h_tokens,
        reasoning_tokens = s.reasoning_tokens + c.reasoning_tokens,
        audio_input_tokens = s.audio_input_tokens + c.audio_input_tokens,
        audio_output_tokens = s.audio_output_tokens + c.audio_output_tokens,
        first_prompt = case when earlier then c.first_prompt else s.first_prompt end,
        first_prompt_from = case when earlier then c.first_prompt_from else s.first_prompt_from end,
        last_prompt = case when later then c.last_prompt else s.last_prompt end,
        last_prompt_from = case when later then c.last_prompt_from else s.last_prompt_from end,
        last_outcome = case when newer then c.last_outcome else s.last_outcome end,
        last_outcome_from = case when newer then c.last_outcome_from else s.last_outcome_from end
      from json_to_recordset($1::json) as c (id uuid, client_version text, providers text[], provider_names text[],
          models text[], agents text[], started_at timestamptz, last_active_at timestamptz, requests int, open_requests int, threads int,
          tool_calls int, input_tokens bigint, output_tokens bigint, cache_read_tokens bigint,
          cache_write_tokens bigint, cache_write_1h_tokens bigint, reasoning_tokens bigint, audio_input_tokens bigint,
          audio_output_tokens bigint, first_prompt text, first_prompt_from uuid, last_prompt text,
          last_prompt_from uuid, last_outcome text, last_outcome_from uuid)
        join sessions old on old.id = c.id
        cross join lateral (select
          coalesce(c.first_prompt_from < old.first_prompt_from, c.first_prompt_from is not null) as earlier,
          coalesce(c.last_prompt_from >= old.last_prompt_from, c.last_prompt_from is not null) as later,
          coalesce(c.last_outcome_from >= old.last_outcome_from, c.last_outcome_from is not null) as newer) as wins
      where s.id = c.id
      returning s.id, s.user_id, s.organization_id, s.last_active_at, s.open_requests, s.last_outcome, s.threads)
    select pg_notify('reeve_sessions', json_build_object('id', id, 'user_id', user_id, 'organization_id', organization_id, 'last_active_at',
      last_active_at, 'open_requests', open_requests, 'last_outcome', last_outcome)::text) from changed
    where threads > 0`,

  insertReject: `
    insert into drain_rejects (replica_id, segment, byte_offset, seq, kind, interception_id, reason, payload, rejected_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing`,
} as const

export type StatementName = keyof typeof statements
