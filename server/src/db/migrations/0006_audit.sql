-- The proof of the audit log: a hash chain over its events, signed checkpoints of the chain, removal in order and on
-- record, legal holds, and the places that events are sent to.

alter table audit_events add column reason text;
alter table audit_events add column source text check (source in ('ui', 'cli', 'api', 'system'));
-- SHA-256 of the event's canonical form, made by who writes it. The chain takes it from here; verification makes it anew.
alter table audit_events add column content_sha256 bytea;
create index audit_events_unhashed on audit_events (id) where content_sha256 is null;
create index audit_events_organization on audit_events (organization_id, id desc) where organization_id is not null;
create index audit_events_request on audit_events (request_id);

-- One row: the end of the chain, and how far from its beginning retention has removed events.
create table audit_chain (
  only_row     boolean primary key default true check (only_row),
  seq          bigint not null,
  hash         bytea not null,
  removed_seq  bigint not null,
  removed_hash bytea not null
);
insert into audit_chain (seq, hash, removed_seq, removed_hash)
values (0, decode(repeat('00', 32), 'hex'), 0, decode(repeat('00', 32), 'hex'));

create table audit_links (
  seq      bigint primary key,
  event_id uuid not null unique,
  hash     bytea not null
);

-- Takes the end of the chain, which nobody else has until this transaction is over.
create function link_audit_event(event uuid, content bytea) returns bigint language plpgsql as $$
declare
  place bigint;
  hashed bytea;
begin
  select seq + 1, sha256(hash || int8send(seq + 1) || content) into strict place, hashed from audit_chain for update;
  insert into audit_links (seq, event_id, hash) values (place, event, hashed);
  update audit_chain set seq = place, hash = hashed;
  return place;
end $$;

-- At the end of the transaction: every other lock has been taken by then, so that waiting for the chain closes no circle,
-- and the chain is held for the commit alone.
create function link_new_audit_event() returns trigger language plpgsql as $$
begin
  -- Without a hash it comes from an older release; it is chained a moment later.
  if new.content_sha256 is not null then perform link_audit_event(new.id, new.content_sha256); end if;
  return null;
end $$;
create constraint trigger audit_events_link after insert on audit_events deferrable initially deferred
  for each row execute function link_new_audit_event();

-- Events and links go through remove_audit_events alone; it says so in a setting that lasts as long as its transaction.
create function refuse_audit_change() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' and current_setting('reeve.audit_removal', true) = pg_current_xact_id()::text then return old; end if;
  raise exception '% on % is not allowed: this table only grows', tg_op, tg_table_name;
end $$;
drop trigger audit_events_only_grow on audit_events;
create trigger audit_events_only_grow before update or delete on audit_events
  for each row execute function refuse_audit_change();
create trigger audit_links_only_grow before update or delete on audit_links
  for each row execute function refuse_audit_change();
create trigger audit_events_no_truncate before truncate on audit_events
  for each statement execute function refuse_change();
create trigger audit_links_no_truncate before truncate on audit_links
  for each statement execute function refuse_change();

-- Public halves of the keys that replicas sign with. The private ones are in their data directories.
create table audit_keys (
  key_id     text primary key,
  key        text not null,
  replica    text not null,
  created_at timestamptz not null
);

create table audit_checkpoints (
  number     bigint primary key,
  seq        bigint not null,
  -- Of the heads of chain and journals: where it is the same, there is nothing new to sign.
  state      text not null,
  key_id     text not null,
  note       text not null,
  created_at timestamptz not null
);
create trigger audit_checkpoints_only_grow before update or delete on audit_checkpoints
  for each row execute function refuse_change();
create trigger audit_checkpoints_no_truncate before truncate on audit_checkpoints
  for each statement execute function refuse_change();

-- What was removed by retention, each a signed note.
create table audit_removals (
  last_seq   bigint primary key,
  first_seq  bigint not null,
  note       text not null,
  created_at timestamptz not null
);
create trigger audit_removals_only_grow before update or delete on audit_removals
  for each row execute function refuse_change();

-- What must stay, whatever retention says. A null narrows nothing.
create table legal_holds (
  id             uuid primary key,
  user_id        uuid,
  session_id     uuid,
  from_at        timestamptz,
  to_at          timestamptz,
  reason         text not null,
  created_at     timestamptz not null,
  created_by     uuid,
  released_at    timestamptz,
  released_by    uuid,
  release_reason text,
  check (user_id is not null or session_id is not null or from_at is not null or to_at is not null)
);

-- Whoever removes and whoever places a hold take turns: a hold that was placed before a removal looked again, wins.
create function lock_legal_holds() returns void language sql as $$
  select pg_advisory_xact_lock(hashtext('reeve legal holds'))
$$;

-- An event is held when it is by the user or about him, about the session, and within the time.
create function is_held_event(event audit_events) returns boolean language sql stable as $$
  select exists (
    select from legal_holds h where h.released_at is null
      and (h.user_id is null or event.actor_id = h.user_id or event.resource_id = h.user_id::text
        or event.diff -> 'user_id' ->> 'new' = h.user_id::text)
      and (h.session_id is null or event.resource_id = h.session_id::text)
      and (h.from_at is null or event.id >= uuidv7_floor(h.from_at))
      and (h.to_at is null or event.id < uuidv7_floor(h.to_at)))
$$;

-- Removes events from the old end: those before an instant, up to the first that is held, and no more than a number.
-- Nothing younger than a week can be removed, whatever is asked.
create function remove_audit_events(before timestamptz, most integer)
returns table (first_seq bigint, first_hash bytea, last_seq bigint, last_hash bytea, removed bigint) language plpgsql as $$
declare
  start bigint;
  stop bigint;
begin
  if before > now() - interval '7 days' then
    raise exception 'audit events of the last seven days cannot be removed';
  end if;
  perform lock_legal_holds();
  select c.removed_seq into strict start from audit_chain c for update;
  select min(l.seq) into stop from audit_links l left join audit_events e on e.id = l.event_id
    where l.seq > start and l.seq <= start + most
      and (e.id is null or e.id >= uuidv7_floor(before) or is_held_event(e));
  stop := least(coalesce(stop - 1, start + most), (select max(l.seq) from audit_links l));
  if stop is null or stop <= start then return; end if;
  select l.seq, l.hash into first_seq, first_hash from audit_links l where l.seq > start order by l.seq limit 1;
  select l.hash into strict last_hash from audit_links l where l.seq = stop;
  perform set_config('reeve.audit_removal', pg_current_xact_id()::text, true);
  with gone as (delete from audit_links l where l.seq > start and l.seq <= stop returning event_id)
    delete from audit_events e using gone where e.id = gone.event_id;
  get diagnostics removed = row_count;
  update audit_chain set removed_seq = stop, removed_hash = last_hash;
  perform set_config('reeve.audit_removal', '', true);
  last_seq := stop;
  return next;
end $$;

-- Where events are sent. A sink is served by the replica that holds its lease; the cursor moves with what the receiver
-- has taken.
create table audit_sinks (
  id                uuid primary key,
  name              text not null,
  kind              text not null check (kind in ('syslog', 'otlp', 'webhook')),
  format            text not null check (format in ('reeve', 'ocsf')),
  url               text not null,
  secret            text,
  ca                text,
  allow_private     boolean not null default false,
  created_at        timestamptz not null,
  delivered_seq     bigint not null,
  last_delivered_at timestamptz,
  last_error        text,
  failing_since     timestamptz,
  attempts          integer not null default 0,
  next_attempt_at   timestamptz,
  leased_by         uuid,
  leased_until      timestamptz
);
create unique index audit_sinks_name on audit_sinks (lower(name));
