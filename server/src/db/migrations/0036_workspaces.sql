-- Workspaces, and the builds that start, stop and delete them.

create table workspaces (
  id              uuid primary key,
  organization_id uuid not null references organizations (id),
  owner_id        uuid not null references users (id),
  template_id     uuid not null references templates (id),
  name            text not null,
  created_at      timestamptz not null,
  updated_at      timestamptz not null,
  deleted_at      timestamptz
);
create unique index workspaces_name on workspaces (owner_id, lower(name)) where deleted_at is null;
create index workspaces_template on workspaces (template_id) where deleted_at is null;

create table workspace_builds (
  id                  uuid primary key,
  workspace_id        uuid not null references workspaces (id),
  -- Counts up from 1; each goes on from the state of the one before.
  number              integer not null check (number > 0),
  transition          text not null check (transition in ('start', 'stop', 'delete')),
  template_version_id uuid not null references template_versions (id),
  job_id              uuid not null unique references provisioner_jobs (id),
  -- Null: the server itself.
  initiator_id        uuid references users (id),
  reason              text not null,
  -- Of a delete: what the workspace is made of is left where it is.
  orphan              boolean not null default false,
  daily_cost          integer not null default 0,
  timings             jsonb not null default '[]',
  created_at          timestamptz not null,
  updated_at          timestamptz not null,
  unique (workspace_id, number),
  check (transition = 'delete' or not orphan)
);
create index workspace_builds_version on workspace_builds (template_version_id);

-- What Terraform knows of what it made, as far as this build got. Sealed: states hold secrets.
create table workspace_states (
  build_id     uuid primary key references workspace_builds (id),
  sealed_state text not null,
  updated_at   timestamptz not null
);

create table workspace_build_parameters (
  build_id uuid not null references workspace_builds (id),
  name     text not null,
  value    text not null,
  primary key (build_id, name)
);

create table workspace_resources (
  id         uuid primary key,
  build_id   uuid not null references workspace_builds (id),
  address    text not null,
  type       text not null,
  name       text not null,
  hide       boolean not null,
  icon       text not null,
  daily_cost integer not null,
  -- Without the values that are sensitive.
  metadata   jsonb not null
);
create index workspace_resources_build on workspace_resources (build_id);

create table workspace_agents (
  id           uuid primary key,
  resource_id  uuid not null references workspace_resources (id),
  name         text not null,
  os           text not null,
  arch         text not null,
  directory    text not null,
  apps         jsonb not null,
  auth         text not null,
  instance_id  text,
  -- Null where the agent has none, and from the moment that another build of the workspace begins.
  token_sha256 bytea unique check (octet_length(token_sha256) = 32),
  -- All that the template says of it, as JSON: its environment may be secret.
  sealed_plan  text not null
);
create index workspace_agents_resource on workspace_agents (resource_id);
