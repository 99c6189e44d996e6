-- How the agents of workspaces are, and what they say.

alter table workspace_agents
  add column created_at                 timestamptz not null default now(),
  add column connection_timeout_seconds integer not null default 120 check (connection_timeout_seconds >= 0),
  add column first_connected_at         timestamptz,
  -- When it was heard of last.
  add column last_connected_at          timestamptz,
  add column disconnected_at            timestamptz,
  add column version                    text not null default '',
  add column lifecycle                  text not null default 'created',
  add column started_at                 timestamptz,
  add column ready_at                   timestamptz,
  -- What it calls models with: the same however often it connects. Ends with the token.
  add column sealed_gateway_token       text,
  add column stats                      jsonb,
  -- The number of its next line: as it is kept, and as the agent counts those that it says over its connection.
  add column log_next                   integer not null default 1,
  add column said_next                  integer not null default 1,
  add column log_chars                  integer not null default 0,
  add column logs_overflowed            boolean not null default false,
  -- By key, and by slug: the last that it said.
  add column metadata                   jsonb not null default '{}',
  add column app_health                 jsonb not null default '{}',
  add column app_status                 jsonb;
alter table workspace_agents
  alter column created_at drop default,
  alter column connection_timeout_seconds drop default;

create table workspace_agent_logs (
  agent_id   uuid not null references workspace_agents (id),
  number     integer not null,
  created_at timestamptz not null,
  level      text not null,
  source     text not null,
  output     text not null,
  primary key (agent_id, number)
);
