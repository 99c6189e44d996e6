-- The journal of administrative change. A row is written in the transaction of the change that it tells of.

create table audit_events (
  id              uuid primary key,
  organization_id uuid,
  actor_id        uuid,
  api_key_id      text,
  action          text not null,
  resource_type   text not null,
  resource_id     text not null,
  resource_target text not null,
  outcome         text not null check (outcome in ('ok', 'refused')),
  -- {field: {old, new, secret}}; the values of secret fields are never stored.
  diff            jsonb not null default '{}',
  ip              inet,
  user_agent      text,
  request_id      text
);
create index audit_events_actor on audit_events (actor_id, id desc);
create index audit_events_resource on audit_events (resource_type, resource_id, id desc);

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% on % is not allowed: this table only grows', tg_op, tg_table_name;
end $$;
create trigger audit_events_only_grow before update or delete on audit_events
  for each row execute function refuse_change();
