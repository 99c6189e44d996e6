-- When workspaces start and stop by themselves, when nobody needs them any more, and who else may use one.

alter table templates
  -- The days on which workspaces may start by themselves.
  add column autostart_requirement jsonb not null
    default '{"days_of_week": ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]}',
  -- The days on which running workspaces are stopped whatever goes on in them, every so many weeks; no days: never.
  add column autostop_requirement  jsonb not null default '{"days_of_week": [], "weeks": 1}',
  -- Unused for so long a workspace is dormant, and so long after that it is deleted; 0: never.
  add column dormant_ttl_ms        bigint not null default 0 check (dormant_ttl_ms >= 0),
  add column delete_ttl_ms         bigint not null default 0 check (delete_ttl_ms >= 0);

alter table workspaces
  -- Cron with a time zone. A schedule counts from when it was set.
  add column autostart_schedule text,
  add column autostart_set_at   timestamptz,
  -- Null: as the template says. 0: never.
  add column ttl_ms             bigint check (ttl_ms >= 0),
  add column automatic_updates  text not null default 'never' check (automatic_updates in ('never', 'always')),
  add column last_used_at       timestamptz not null default now(),
  add column dormant_at         timestamptz,
  add column deleting_at        timestamptz,
  add column access_list        jsonb not null default '{"users": {}, "groups": {}}',
  add check ((autostart_schedule is null) = (autostart_set_at is null)),
  add check (deleting_at is null or dormant_at is not null);
update workspaces set last_used_at = updated_at;

alter table workspace_builds
  -- Of a start that succeeded: when it stops by itself, when at the latest, and by how much activity moves that.
  add column deadline     timestamptz,
  add column max_deadline timestamptz,
  add column bump_ms      bigint not null default 0,
  -- Empty, or debug: what is told of it.
  add column log_level    text not null default '' check (log_level in ('', 'debug')),
  add check (deadline <= max_deadline);

create table workspace_favorites (
  user_id      uuid not null references users (id),
  workspace_id uuid not null references workspaces (id),
  primary key (user_id, workspace_id)
);
