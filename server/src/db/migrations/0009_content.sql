-- Reading other people's words leaves a record, and secrets are masked before anything is kept.

-- How many secrets were masked in the request and its answer, and by which fingerprints the same ones are found again:
-- of the request only what it brought, so that a secret is found where it came from.
alter table interceptions
  add column masked              integer not null default 0,
  add column masked_fingerprints text[] not null default '{}';
create index interceptions_masked on interceptions using gin (masked_fingerprints) where masked > 0;

-- One row a reader, a session and a way of reading in a quarter of an hour; the audit log has an event for each row, and
-- what is here beside it counts how often, and is found by whose words they were.
create table content_reads (
  id              uuid primary key,
  reader_id       uuid not null,
  -- The roles by which the reader was allowed to, as they were then.
  reader_roles    text[] not null,
  owner_id        uuid not null,
  organization_id uuid not null,
  -- Null for lists and searches, which show prompts of many sessions.
  session_id      uuid,
  interception_id uuid,
  how             text not null check (how in ('view', 'body', 'search', 'watch', 'export')),
  reason          text,
  first_at        timestamptz not null,
  last_at         timestamptz not null,
  times           integer not null default 1,
  request_id      text not null
);
create index content_reads_owner on content_reads (owner_id, id desc);
create index content_reads_reader on content_reads (reader_id, id desc);
