-- Boundaries: commands that run behind a policy, what was decided about them, the policies, and requests for what was
-- denied.

create table boundary_sessions (
  -- A UUIDv7 that the boundary made.
  id                uuid primary key,
  organization_id   uuid not null references organizations (id),
  user_id           uuid not null references users (id),
  -- Ed25519: what it signs its calls to the gateway with.
  public_key        bytea not null check (octet_length(public_key) = 32),
  client_version    text not null,
  command           text not null,
  hostname          text not null,
  tier              integer not null,
  jail              text not null,
  kernel            text not null,
  workspace_id      uuid,
  task_id           uuid,
  policy_name       text,
  policy_version    integer,
  started_at        timestamptz not null,
  registered_at     timestamptz not null,
  last_seen_at      timestamptz not null,
  stop_requested_at timestamptz,
  ended_at          timestamptz,
  exit_code         integer,
  signal            text,
  -- What the boundary said at its end: the number and the hash of its last line. -1: it had none.
  last_seq          bigint,
  last_hash         bytea,
  -- The highest number that came, and how many lines did: what is between them is missing.
  acknowledged_seq  bigint not null default -1,
  lines             bigint not null default 0,
  tampered          text,
  allowed           bigint not null default 0,
  denied            bigint not null default 0,
  observed          bigint not null default 0
);
create index boundary_sessions_user on boundary_sessions (user_id, id desc);

-- One row a line. The line itself is text: its hash is over its very bytes.
create table boundary_events (
  -- Of the time of the line, so that a day is a partition.
  id              uuid primary key,
  session_id      uuid not null,
  seq             bigint not null,
  organization_id uuid not null,
  user_id         uuid not null,
  at              timestamptz not null,
  received_at     timestamptz not null,
  kind            text not null,
  decision        text not null,
  would           text not null,
  rule            text not null,
  reason          text,
  denial          text,
  policy_name     text,
  policy_version  integer,
  tier            integer not null,
  process         text,
  protocol        text,
  host            text,
  port            integer,
  method          text,
  path            text,
  -- The command that was to run, or the file.
  object          text,
  bytes_up        bigint not null default 0,
  bytes_down      bigint not null default 0,
  -- How many alike the line stands for.
  times           bigint not null default 1,
  line            text not null,
  hash            bytea not null,
  prev            bytea
) partition by range (id);
create table boundary_events_default partition of boundary_events default;
create index boundary_events_session on boundary_events (session_id, seq);
create index boundary_events_user on boundary_events (user_id, id desc);
create index boundary_events_denial on boundary_events (denial) where denial is not null;
create index boundary_events_host on boundary_events (host, id desc) where host is not null;

-- As before, with the events of boundaries.
create or replace function ensure_day_partitions(day date) returns void language plpgsql as $$
declare
  part record;
  child text;
  low uuid := uuidv7_floor(day::timestamp at time zone 'UTC');
  high uuid := uuidv7_floor((day + 1)::timestamp at time zone 'UTC');
begin
  for part in select * from (values
      ('interceptions', 'id'), ('interception_items', 'interception_id'), ('boundary_events', 'id')) as p (parent, key) loop
    child := part.parent || '_' || to_char(day, 'YYYYMMDD');
    continue when to_regclass(child) is not null;
    -- One maker at a time; whoever waited finds the work done.
    perform pg_advisory_xact_lock(hashtext('ensure_day_partitions'));
    continue when exists (select from pg_class where relname = child and pg_table_is_visible(oid));
    execute format('create table %I (like %I including defaults including constraints including storage)', child, part.parent);
    execute format('with moved as (delete from %I where %I >= %L and %I < %L returning *) insert into %I select * from moved',
      part.parent || '_default', part.key, low, part.key, high, child);
    execute format('alter table %I attach partition %I for values from (%L) to (%L)', part.parent, child, low, high);
  end loop;
end $$;

create table boundary_policies (
  id              uuid primary key,
  -- Null: of the deployment.
  organization_id uuid references organizations (id),
  name            text not null,
  version         integer not null,
  created_at      timestamptz not null,
  deleted_at      timestamptz
);
create unique index boundary_policies_name on boundary_policies (name) where deleted_at is null;

create table boundary_policy_versions (
  policy_id    uuid not null references boundary_policies (id),
  version      integer not null,
  document     text not null,
  message      text not null,
  reverts      integer,
  published_at timestamptz not null,
  published_by uuid references users (id),
  primary key (policy_id, version)
);
create trigger boundary_policy_versions_only_grow before update or delete on boundary_policy_versions
  for each row execute function refuse_change();

-- Bundles are numbered by what is in force. Whoever changes that counts up in the same transaction, one after the other.
create table boundary_bundle_version (
  one     boolean primary key default true check (one),
  version bigint not null
);
insert into boundary_bundle_version (version) values (1);

-- What bundles are signed with. The newest is known for a while before it signs.
create table boundary_signing_keys (
  id         text primary key,
  public_key text not null,
  secret     text not null,
  created_at timestamptz not null
);

create table boundary_access_requests (
  id               uuid primary key,
  organization_id  uuid not null references organizations (id),
  user_id          uuid not null references users (id),
  session_id       uuid not null,
  denial           text not null,
  what             text not null,
  host             text,
  -- The narrowest rule that allows it; null for what no rule can allow.
  rule             jsonb,
  risks            text[] not null,
  scope            text not null check (scope in ('session', 'user', 'organization')),
  duration_seconds integer not null,
  reason           text not null,
  status           text not null check (status in ('pending', 'approved', 'declined', 'withdrawn')),
  created_at       timestamptz not null,
  decided_at       timestamptz,
  decided_by       uuid references users (id),
  answer           text,
  -- What was granted, for whom and until when.
  granted_rule     jsonb,
  granted_scope    text,
  expires_at       timestamptz
);
create unique index boundary_access_requests_pending on boundary_access_requests (user_id, denial) where status = 'pending';
create index boundary_access_requests_standing on boundary_access_requests (organization_id, expires_at) where status = 'approved';
create index boundary_access_requests_denial on boundary_access_requests (denial);

-- Every replica tells the boundaries that are connected to it.
create function tell_boundaries() returns trigger language plpgsql as $$
begin
  perform pg_notify('reeve_boundaries', '{"kind":"policy"}');
  return null;
end $$;
create trigger boundary_bundle_told after update on boundary_bundle_version
  for each statement execute function tell_boundaries();
