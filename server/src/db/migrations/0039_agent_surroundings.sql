-- What the processes of a workspace are given of its owner, and what its agent reports of them.

-- One pair each, made when it is first needed. The private half is sealed.
create table git_ssh_keys (
  user_id            uuid primary key references users (id),
  public_key         text not null,
  sealed_private_key text not null,
  created_at         timestamptz not null,
  updated_at         timestamptz not null
);

-- What the apps of agents said of what they do. The ids are in the order of time.
create table workspace_app_statuses (
  id         uuid primary key,
  agent_id   uuid not null references workspace_agents (id),
  app_slug   text not null,
  state      text not null,
  message    text not null,
  uri        text not null,
  created_at timestamptz not null
);
create index workspace_app_statuses_agent on workspace_app_statuses (agent_id, id);

-- How the runs of scripts went, the ids as above.
create table workspace_script_runs (
  id         uuid primary key,
  agent_id   uuid not null references workspace_agents (id),
  source     text not null,
  stage      text not null,
  status     text not null,
  exit_code  integer,
  started_at timestamptz not null,
  ended_at   timestamptz not null
);
create index workspace_script_runs_agent on workspace_script_runs (agent_id, id);

-- When the workspace began to be stopped: the agent is told to shut down, and is waited for.
alter table workspace_agents add column stop_asked_at timestamptz;
