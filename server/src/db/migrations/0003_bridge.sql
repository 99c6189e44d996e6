-- The record of the AI Bridge. High-volume facts are partitioned by day on their UUIDv7 id, so that retention is a
-- dropped partition and a lookup by id touches one partition.

-- The smallest UUIDv7 of an instant: where a day's partition begins.
create function uuidv7_floor(instant timestamptz) returns uuid language sql immutable strict parallel safe as $$
  select (substr(hex, 1, 8) || '-' || substr(hex, 9, 4) || '-7000-8000-000000000000')::uuid
  from (select lpad(to_hex((extract(epoch from instant) * 1000)::bigint), 12, '0') as hex) as time
$$;

-- Makes the partitions of one UTC day for every table partitioned by day; does nothing where they exist. A partition is
-- filled and indexed before it is attached: rows of that day that had to go into the default partition move along, and
-- readers of other days are never locked out.
create function ensure_day_partitions(day date) returns void language plpgsql as $$
declare
  part record;
  child text;
  low uuid := uuidv7_floor(day::timestamp at time zone 'UTC');
  high uuid := uuidv7_floor((day + 1)::timestamp at time zone 'UTC');
begin
  for part in select * from (values ('interceptions', 'id'), ('interception_items', 'interception_id')) as p (parent, key) loop
    child := part.parent || '_' || to_char(day, 'YYYYMMDD');
    continue when to_regclass(child) is not null;
    -- One maker at a time; whoever waited finds the work done.
    perform pg_advisory_xact_lock(hashtext('ensure_day_partitions'));
    continue when to_regclass(child) is not null;
    execute format('create table %I (like %I including defaults including constraints including storage)', child, part.parent);
    execute format('with moved as (delete from %I where %I >= %L and %I < %L returning *) insert into %I select * from moved',
      part.parent || '_default', part.key, low, part.key, high, child);
    execute format('alter table %I attach partition %I for values from (%L) to (%L)', part.parent, child, low, high);
  end loop;
end $$;

-- One row a conversation of a client, kept up to date by the drain: lists never aggregate requests.
create table sessions (
  id                 uuid primary key,
  organization_id    uuid not null,
  user_id            uuid not null,
  -- What makes two requests of one user the same session; ids from clients are only ever compared within one user.
  session_key        text collate "C" not null,
  grouped_by         text not null check (grouped_by in ('client_id', 'content_prefix', 'request')),
  client             text not null,
  client_version     text,
  client_session_id  text,
  providers          text[] not null default '{}',
  models             text[] not null default '{}',
  agents             text[] not null default '{}',
  started_at         timestamptz not null,
  last_active_at     timestamptz not null,
  open_requests      integer not null default 0,
  last_outcome       text not null default 'live',
  -- Which interception the outcome and the two prompts come from: replicas drain at their own pace, and the later
  -- interception wins whatever the order in which they arrive.
  last_outcome_from  uuid,
  requests           integer not null default 0,
  threads            integer not null default 0,
  tool_calls         integer not null default 0,
  input_tokens       bigint not null default 0,
  output_tokens      bigint not null default 0,
  cache_read_tokens  bigint not null default 0,
  cache_write_tokens bigint not null default 0,
  first_prompt       text,
  first_prompt_from  uuid,
  last_prompt        text,
  last_prompt_from   uuid,
  unique (user_id, session_key)
);
create index sessions_activity on sessions (last_active_at desc, id desc);
create index sessions_user_activity on sessions (user_id, last_active_at desc, id desc);

create table interceptions (
  id                   uuid primary key,
  replica_id           uuid not null,
  replica_seq          bigint not null,
  organization_id      uuid not null,
  user_id              uuid not null,
  api_key_id           text not null,
  session_id           uuid not null,
  thread_id            uuid not null,
  provider             text not null,
  provider_name        text not null,
  route                text not null,
  model                text not null,
  model_served         text,
  streaming            boolean not null,
  credential_hint      text not null default '',
  client               text not null,
  client_version       text,
  user_agent           text,
  client_session_id    text,
  agent_id             text,
  parent_agent_id      text,
  source_ip            inet,
  started_at           timestamptz not null,
  ended_at             timestamptz,
  outcome              text not null default 'live',
  error_type           text,
  error_message        text,
  status_code          integer,
  stop_reason          text,
  provider_response_id text,
  provider_request_id  text,
  capture              text not null check (capture in ('full', 'prompts', 'metadata')),
  request_bytes        bigint not null,
  response_bytes       bigint not null default 0,
  request_sha256       bytea,
  response_sha256      bytea,
  -- Slices of blobs that make up the bytes: [{sha256, from, to}, …]; null where the bytes are not kept.
  request_slices       jsonb,
  response_slices      jsonb,
  duration_ms          double precision,
  first_byte_ms        double precision,
  gateway_ms           double precision,
  input_tokens         bigint not null default 0,
  output_tokens        bigint not null default 0,
  cache_read_tokens    bigint not null default 0,
  cache_write_tokens   bigint not null default 0,
  usage_source         text not null default 'none' check (usage_source in ('provider', 'partial', 'none')),
  -- The provider's own usage object, last value of each field, for classes that have no column yet.
  usage_raw            jsonb,
  tool_calls           integer not null default 0,
  prompt               text,
  -- What the request brought, as a hash: a client that asks again after a failure brings the same. Such a request names
  -- the one that it repeats, and its items are shown once.
  turn_sha256          bytea,
  retry_of             uuid
) partition by range (id);
create table interceptions_default partition of interceptions default;
create index interceptions_user on interceptions (user_id, id desc);
create index interceptions_session on interceptions (session_id, id);

-- What a request brought and what it was answered, in order: prompts, context, thinking, text, tool calls and results.
create table interception_items (
  interception_id uuid not null,
  seq             integer not null,
  session_id      uuid not null,
  user_id         uuid not null,
  kind            text not null check (kind in ('prompt', 'context', 'thinking', 'text', 'tool_call', 'tool_result', 'error')),
  origin          text not null check (origin in ('human', 'agent', 'client', 'model', 'gateway')),
  at              timestamptz not null,
  -- Sanitized for PostgreSQL (no NUL, no lone surrogates) and cut to a bound; the exact bytes are in the blobs.
  text            text,
  text_bytes      bigint not null default 0,
  truncated       boolean not null default false,
  not_captured    boolean not null default false,
  tool_name       text,
  tool_call_id    text,
  is_error        boolean not null default false,
  primary key (interception_id, seq)
) partition by range (interception_id);
create table interception_items_default partition of interception_items default;
create index interception_items_tool_call on interception_items (user_id, tool_call_id) where kind = 'tool_call';

-- Content-addressed bytes of one organization; never shared between organizations.
create table blobs (
  organization_id    uuid not null,
  sha256             bytea not null,
  encoding           text not null check (encoding in ('identity', 'zstd')),
  raw_bytes          bigint not null,
  bytes              bytea not null,
  last_referenced_at timestamptz not null,
  primary key (organization_id, sha256)
);
alter table blobs alter column bytes set storage external;
create index blobs_last_referenced on blobs (last_referenced_at);

-- Journal frames that could not be written into the tables above, with the reason. Empty unless something is wrong.
create table drain_rejects (
  replica_id      uuid not null,
  segment         bigint not null,
  byte_offset     bigint not null,
  -- Null for a stretch of the journal in which no frame could be recognised.
  seq             bigint,
  kind            smallint,
  interception_id uuid,
  reason          text not null,
  payload         bytea,
  rejected_at     timestamptz not null,
  primary key (replica_id, segment, byte_offset)
);

-- How far each replica's journal has been written into this database. Moves in the transaction that writes the rows.
create table journal_checkpoints (
  replica_id  uuid primary key,
  segment     bigint not null,
  byte_offset bigint not null,
  seq         bigint not null,
  -- Of the last frame written. Another journal may well have a frame of that number end in that place.
  chain_hash  bytea,
  updated_at  timestamptz not null
);
