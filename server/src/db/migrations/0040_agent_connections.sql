-- Which connection of an agent is its newest, and where other servers reach the one that holds it; empty where it has not
-- been told.
alter table workspace_agents
  add column connection_id  uuid,
  add column connection_url text not null default '';
