-- Tasks: agents that work in workspaces which are theirs alone.

create table tasks (
  id                  uuid primary key,
  organization_id     uuid not null references organizations (id),
  owner_id            uuid not null references users (id),
  name                text not null,
  display_name        text not null default '',
  -- What the workspace is built with is the task's from its first build on, and nobody else's.
  workspace_id        uuid unique references workspaces (id),
  template_version_id uuid not null references template_versions (id),
  preset_id           text,
  -- As they were given: [{name, value}].
  template_parameters jsonb not null default '[]',
  prompt              text not null,
  labels              jsonb not null default '{}',
  idempotency_key     text,
  -- Of what came with the key.
  request_sha256      bytea check (octet_length(request_sha256) = 32),
  token_budget        bigint check (token_budget > 0),
  time_limit_seconds  bigint check (time_limit_seconds > 0),
  on_limit            text not null default 'pause' check (on_limit in ('pause', 'delete')),
  limit_reached       text not null default '' check (limit_reached in ('', 'tokens', 'time')),
  -- As they were last added up. Never less than before: requests go after their time, what they cost does not.
  tokens_used         bigint not null default 0,
  forked_from         uuid references tasks (id),
  -- The conversation as it was last known: [{id, role, content, time}].
  snapshot            jsonb,
  snapshot_at         timestamptz,
  last_message        text,
  -- What its owner was told last.
  noted_phase         text not null default 'created',
  noted_at            timestamptz not null,
  active_at           timestamptz,
  created_at          timestamptz not null,
  updated_at          timestamptz not null,
  deleted_at          timestamptz,
  check ((idempotency_key is null) = (request_sha256 is null))
);
create unique index tasks_name on tasks (owner_id, lower(name)) where deleted_at is null;
create unique index tasks_idempotency on tasks (owner_id, idempotency_key) where idempotency_key is not null;
create index tasks_organization on tasks (organization_id, id desc);
create index tasks_labels on tasks using gin (labels);
-- What is still looked at.
create index tasks_open on tasks (id) where deleted_at is null;

-- Which app of which agent is the one that the task is talked to through, of a start that went well.
alter table workspace_builds
  add column task_agent_id uuid references workspace_agents (id),
  add column task_app_slug text;

create index agent_workspace_builds_task on agent_workspace_builds (task_id) where task_id is not null;
create index interceptions_api_key on interceptions (api_key_id, id);
