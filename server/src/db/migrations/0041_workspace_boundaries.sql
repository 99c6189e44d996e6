-- Boundaries in workspaces: with what they prove that they are, whose they are, and the policies of templates.

-- What the agent's boundaries register with, and the id of that token; both end with the token of the agent.
alter table workspace_agents
  add column sealed_boundary_token text,
  add column boundary_key_id       text unique;

-- Of a boundary in a workspace; from its credential, with the names of the time. The workspace and the task have columns.
alter table boundary_sessions
  add column workspace_name      text,
  add column template_id         uuid,
  add column template_name       text,
  add column template_version_id uuid,
  add column build_id            uuid,
  add column agent_id            uuid,
  add column agent_name          text,
  add column task_name           text;
create index boundary_sessions_workspace on boundary_sessions (workspace_id, id desc) where workspace_id is not null;
create index boundary_sessions_template on boundary_sessions (template_id, id desc) where template_id is not null;
create index boundary_sessions_task on boundary_sessions (task_id, id desc) where task_id is not null;

-- A policy of a template is one of its organization.
alter table boundary_policies
  add column template_id uuid references templates (id),
  add check (template_id is null or organization_id is not null);
create index boundary_policies_template on boundary_policies (template_id) where template_id is not null;

-- What the boundaries in the workspace of a task hold to beside everything else, as it was given with the task.
alter table tasks add column boundary_policy text;
