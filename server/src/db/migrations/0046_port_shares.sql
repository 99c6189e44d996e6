-- Ports of workspaces that others reach than those who may use the workspace, and how far templates let that go.

alter table templates
  -- With whom the owner of a workspace may share a port of it at most.
  add column max_port_share_level text not null default 'owner'
    check (max_port_share_level in ('owner', 'organization', 'authenticated', 'public'));

create table workspace_port_shares (
  workspace_id uuid not null references workspaces (id),
  -- By its name: the agent of each build is another one.
  agent_name   text not null,
  port         integer not null check (port between 1 and 65535),
  share_level  text not null check (share_level in ('organization', 'authenticated', 'public')),
  created_at   timestamptz not null,
  updated_at   timestamptz not null,
  primary key (workspace_id, agent_name, port)
);
