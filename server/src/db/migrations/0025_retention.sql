-- How long each class of data is kept, for each organization; and signed receipts of what went.

-- One row a decision, and never changed: the newest of a class and an organization holds from the instant that it says.
-- Without an organization it is what the settings of the deployment say.
create table retention_policies (
  version         bigint generated always as identity primary key,
  data_class      text not null,
  organization_id uuid,
  -- In days; 0 is for ever. Null: as the deployment says.
  keep_days       integer check (keep_days >= 0),
  set_at          timestamptz not null,
  effective_at    timestamptz not null,
  -- Null: the settings of the deployment.
  set_by          uuid,
  reason          text,
  check (organization_id is not null or keep_days is not null)
);
create trigger retention_policies_only_grow before update or delete on retention_policies
  for each row execute function refuse_change();

-- Written in the transaction of the removal that it tells of. The number leaves no gap, and each note names the hash of
-- the one before.
create table retention_receipts (
  number          bigint primary key,
  data_class      text not null,
  unit            text not null,
  organization_id uuid,
  -- Null for what belongs to no single day.
  day             date,
  removed         bigint not null,
  note            text not null,
  created_at      timestamptz not null
);
create trigger retention_receipts_only_grow before update or delete on retention_receipts
  for each row execute function refuse_change();
create trigger retention_receipts_no_truncate before truncate on retention_receipts
  for each statement execute function refuse_change();

-- What stays when the words go: that they went, and which tools were called.
alter table interceptions
  add column content_removed_at timestamptz,
  add column tool_names         text[];
alter table sessions add column content_removed_at timestamptz;

-- How much a hold on a person, or a session, covers is found without reading every event.
create index audit_events_resource_id on audit_events (resource_id);
create index audit_events_about_user on audit_events ((diff -> 'user_id' ->> 'new')) where diff ? 'user_id';

-- For whoever writes into a day that may be over, before he does and until his transaction ends: nobody drops the day
-- meanwhile, and it is there. Whoever drops it takes the same lock for himself, or leaves the day for another time.
create function keep_day(day date) returns void language plpgsql as $$
begin
  perform pg_advisory_xact_lock_shared(hashtext('reeve day'), to_char(day, 'YYYYMMDD')::int);
  perform ensure_day_partitions(day);
end $$;
