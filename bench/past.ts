import type { Client } from 'pg'

/**
 * A past for a database: what a company of some hundred people leaves behind in half a year, written by PostgreSQL itself
 * into the partitions that the drain would have made. The same every time, up to the day on which it ends.
 *
 * A few people and models do most of it, as everywhere. A session is 25 requests in the mean and one can be hundreds; a
 * thread is eight of them, begun by what a person typed, and each request calls a tool whose result the next one brings.
 */
export interface Past {
  readonly interceptions: number
  readonly people: number
  readonly days: number
}

/** A common word is in every other prompt, a rare one in one of ten thousand. */
export const words = { common: 'keeping', rare: 'quartzite', absent: 'nevertyped' }

const requestsPerSession = 25

export async function writePast(client: Client, past: Past): Promise<void> {
  const sessions = Math.round(past.interceptions / requestsPerSession)
  const run = (text: string, values: readonly unknown[] = []): Promise<unknown> => client.query(text, [...values])
  await run('set synchronous_commit = off')
  await run('select setseed(0.5)')
  for (const text of helpers) await run(text)
  await run(people, [past.people])
  await run(conversations, [sessions, past.days, past.people])
  await run(`select ensure_day_partitions(day::date) from generate_series((select min(started_at) from past) at time zone 'UTC',
    now() at time zone 'UTC' + interval '1 day', '1 day') as day`)
  await run(requests, [past.interceptions])
  await run(interceptions)
  await run(items)
  await run(sessionRows)
  await run(usage)
  await run('drop table past, past_requests')
  await run('vacuum (analyze)')
}

const helpers = [
  // A UUIDv7 of this instant, and the same for the same number.
  `create function pg_temp.id_at(instant timestamptz, n bigint) returns uuid language sql immutable as $$
    select (lpad(to_hex((extract(epoch from instant) * 1000)::bigint), 12, '0') || '7' || substr(hash, 1, 3) || '8' ||
      substr(hash, 4, 15))::uuid from (select md5(n::text) as hash) as hashed $$`,
  `create function pg_temp.pick(n bigint, among text[]) returns text language sql immutable as $$
    select among[1 + floor(cardinality(among) * power((hashint8(n)::bigint & 65535) / 65536.0, 2))::int] $$`,
  `create function pg_temp.said(n bigint, length int) returns text language sql immutable as $$
    select substr(concat_ws(' ', case when n % 2 = 0 then '${words.common}' end,
      case when n % 10000 = 0 then '${words.rare}' end, string_agg(md5((n * 31 + k)::text), ' ')), 1, length)
    from generate_series(1, length / 33 + 1) as k $$`,
]

const people = `
  with made as (
    insert into users (id, username, name, email, login_type, created_at, updated_at)
    select pg_temp.id_at(now() - interval '300 days', n), 'person' || n, 'Person ' || n, 'person' || n || '@example.com', 'none',
      now() - interval '300 days', now() from generate_series(1, $1::int) as n on conflict do nothing returning id)
  insert into organization_members (organization_id, user_id, created_at, updated_at)
  select o.id, made.id, now(), now() from made, organizations o where o.is_default`

/** One row a session: whose it is, when it began and how many requests it has. */
const conversations = `
  create temp table past as
  select n, pg_temp.id_at(began, n) as id, o.id as organization_id, u.id as user_id, began as started_at,
    1 + floor(-ln(1 - random()) * ${requestsPerSession - 0.5})::int as requests,
    pg_temp.pick(n, '{Claude Code,Codex,opencode,Gemini CLI,Cursor,Cline,Zed,curl}') as client,
    pg_temp.pick(n * 7, '{claude-opus-4-5,gpt-5.2-codex,claude-sonnet-4-5,gemini-3-pro,claude-haiku-4-5,gpt-5.2,o4-mini}') as model
  from (select n, now() - interval '4 hours' - random() * make_interval(days => $2::int) as began,
      1 + floor($3::int * power(random(), 2))::int as person from generate_series(1, $1::int) as n) as s
    join users u on u.username = 'person' || s.person, organizations o where o.is_default`

/** One row a request, up to as many as were asked for. */
const requests = `
  create temp table past_requests as
  select row_number() over () as n, p.n as session, each.k, each.started_at,
    pg_temp.id_at(each.started_at, (p.n * 4096 + k)::bigint) as id,
    pg_temp.id_at(p.started_at + ((k - k % 8) * 25) * interval '1 second', (p.n * 4096 + k - k % 8)::bigint) as thread_id,
    case when k % 8 = 0 then pg_temp.said((p.n * 512 + k / 8)::bigint, 240) end as prompt,
    case when (p.n * 31 + k) % 40 = 0 then 'upstream_error' else 'ok' end as outcome
  from past p cross join lateral (
    select k, p.started_at + k * interval '25 seconds' as started_at from generate_series(0, p.requests - 1) as k) as each
  limit $1`

/** The provider of a model, in a session `p`. */
const madeBy = `join (values ('claude', 'anthropic', 'messages'), ('gemini', 'gemini', 'generate_content'), ('gpt', 'openai', 'responses'),
    ('o4', 'openai', 'responses')) as made (family, provider, route) on p.model like made.family || '%'`

const interceptions = `
  insert into interceptions (id, replica_id, replica_seq, organization_id, user_id, api_key_id, session_id, thread_id, provider,
    provider_name, route, model, model_served, streaming, client, client_version, user_agent, client_session_id, source_ip,
    started_at, ended_at, outcome, error_type, status_code, stop_reason, provider_response_id, capture, request_bytes,
    response_bytes, request_sha256, response_sha256, request_slices, response_slices, duration_ms, first_byte_ms, gateway_ms,
    input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, usage_source, tool_calls, prompt, turn_sha256)
  select r.id, '00000000-0000-7000-8000-000000000001', r.n, p.organization_id, p.user_id, 'past', p.id, r.thread_id,
    made.provider, made.provider, made.route, p.model, p.model, true, p.client, '2.1.0', lower(p.client) || '/2.1.0', 'past-' || p.n,
    '10.0.0.7', r.started_at, r.started_at + interval '9 seconds', r.outcome,
    case when r.outcome <> 'ok' then 'overloaded_error' end, case when r.outcome = 'ok' then 200 else 529 end, 'tool_use',
    'resp_' || md5(r.n::text), 'full', 60000 + r.k * 3000, 4000, sha256(int8send(r.n)), sha256(int8send(r.n)), slices, slices,
    9000, 800, 3, 900, 300, 40000, 2000, 'provider', 1, r.prompt, sha256(int8send(r.n))
  from past_requests r join past p on p.n = r.session
    cross join lateral (
      select jsonb_build_array(jsonb_build_object('sha256', encode(sha256(int8send(r.n)), 'hex'), 'from', 0, 'to', 4000)) as slices) as kept
    ${madeBy}
  order by r.id`

/** What each request brought, and what it was answered: the numbers of answers begin at ten thousand. */
const items = `
  insert into interception_items (interception_id, seq, session_id, user_id, kind, origin, at, text, text_bytes, tool_name, tool_call_id)
  select r.id, i.seq, p.id, p.user_id, i.kind, i.origin, r.started_at, i.text, length(i.text), i.tool, i.call
  from past_requests r join past p on p.n = r.session cross join lateral (values
    (0, case when r.k % 8 = 0 then 'prompt' else 'tool_result' end, case when r.k % 8 = 0 then 'human' else 'client' end,
      coalesce(r.prompt, pg_temp.said(r.n, 300)), null, case when r.k % 8 <> 0 then 'call_' || p.n || '_' || r.k - 1 end),
    (10000, 'text', 'model', pg_temp.said(r.n + 1, 150), null, null),
    (10001, 'tool_call', 'model', pg_temp.said(r.n + 2, 100), 'Bash', 'call_' || p.n || '_' || r.k)
  ) as i (seq, kind, origin, text, tool, call)
  order by r.id, i.seq`

const sessionRows = `
  insert into sessions (id, organization_id, user_id, session_key, grouped_by, client, client_version, client_session_id, providers,
    provider_names, models, started_at, last_active_at, last_outcome, last_outcome_from, requests, threads, tool_calls, input_tokens, output_tokens,
    cache_read_tokens, cache_write_tokens, first_prompt, first_prompt_from, last_prompt, last_prompt_from)
  select p.id, p.organization_id, p.user_id, 'id:past-' || p.n, 'client_id', p.client, '2.1.0', 'past-' || p.n,
    array[made.provider], array[made.provider], array[p.model], p.started_at, s.last, s.outcome, s.last_id, s.requests, s.threads, s.requests, s.requests * 900,
    s.requests * 300, s.requests * 40000, s.requests * 2000, s.first_prompt, p.id, s.last_prompt, s.last_id
  from past p join (
    select session, count(*)::int as requests, count(prompt)::int as threads, max(started_at) + interval '9 seconds' as last,
      (array_agg(id order by k desc))[1] as last_id, (array_agg(outcome order by k desc))[1] as outcome,
      (array_agg(prompt order by k) filter (where prompt is not null))[1] as first_prompt,
      (array_agg(prompt order by k desc) filter (where prompt is not null))[1] as last_prompt
    from past_requests group by session) as s on s.session = p.n
    ${madeBy}`

const usage = `
  insert into usage_hourly (hour, organization_id, user_id, provider, provider_name, model, client, requests, errors, input_tokens,
    output_tokens, cache_read_tokens, cache_write_tokens)
  select date_trunc('hour', ended_at, 'UTC'), organization_id, user_id, provider, provider_name, model, client, count(*),
    count(*) filter (where outcome not in ('ok', 'client_disconnected')), sum(input_tokens), sum(output_tokens),
    sum(cache_read_tokens), sum(cache_write_tokens)
  from interceptions where ended_at is not null and api_key_id = 'past' group by 1, 2, 3, 4, 5, 6, 7
  on conflict do nothing`
