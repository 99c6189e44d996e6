-- Licences, and the meter of Agent Workspace Builds.

-- What was signed, as it was signed: it is verified again whenever it is looked at.
create table licenses (
  id          bigint generated always as identity primary key,
  -- The claim jti.
  uuid        uuid not null unique,
  jwt         text not null,
  exp         timestamptz not null,
  uploaded_at timestamptz not null,
  uploaded_by uuid
);

-- The latest moment that this deployment is known to have seen: a clock that is set back brings no licence back.
create table license_clock (
  only_row boolean primary key default true check (only_row),
  seen_at  timestamptz not null
);

-- What administrators were told, once a period: the outbox itself forgets what it told.
create table license_notices (
  kind    text not null,
  period  text not null,
  told_at timestamptz not null,
  primary key (kind, period)
);

-- One row for each start of a workspace that has ended one way or the other. A build is decided about once, and what was
-- decided stays: the row depends on nothing, and keeps the names of the time.
create table agent_workspace_builds (
  build_id              uuid primary key,
  recorded_at           timestamptz not null,
  counted               boolean not null,
  trigger               text not null check (trigger in ('create', 'resume', 'manual_start', 'autostart')),
  reason                text not null,
  organization_id       uuid not null,
  organization_name     text not null,
  template_id           uuid not null,
  template_name         text not null,
  template_version_id   uuid not null,
  template_version_name text not null,
  owner_id              uuid not null,
  owner_name            text not null,
  workspace_id          uuid not null,
  workspace_name        text not null,
  task_id               uuid,
  task_name             text,
  check ((task_id is null) = (task_name is null)),
  check (task_id is not null or not counted)
);
create index agent_workspace_builds_time on agent_workspace_builds (recorded_at desc, build_id desc);
create index agent_workspace_builds_owner on agent_workspace_builds (owner_id, recorded_at desc, build_id desc);
create trigger agent_workspace_builds_only_grow before update or delete on agent_workspace_builds
  for each row execute function refuse_change();
create trigger agent_workspace_builds_no_truncate before truncate on agent_workspace_builds
  for each statement execute function refuse_change();

-- Of those that counted, added up in the transaction that counts them. Days are of UTC.
create table agent_workspace_builds_daily (
  day             date not null,
  organization_id uuid not null,
  template_id     uuid not null,
  owner_id        uuid not null,
  trigger         text not null,
  builds          bigint not null,
  primary key (day, organization_id, template_id, owner_id, trigger)
);
