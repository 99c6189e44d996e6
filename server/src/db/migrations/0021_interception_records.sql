-- Records of interceptions go to sinks. Each interception that has ended has a number in the journal that it came from, in
-- the order in which they ended and without holes: a number that is not there any more was removed.
alter table journal_checkpoints add column records bigint not null default 0;
alter table interceptions add column record_no bigint;
create index interceptions_record on interceptions (replica_id, record_no) where record_no is not null;

-- What a sink is sent, and whether records of interceptions come with what was said.
alter table audit_sinks
  add column sends   text[]  not null default '{audit}'
    check (cardinality(sends) > 0 and sends <@ '{audit,interceptions}'),
  add column content boolean not null default false;

-- How far a sink has had the records of each journal.
create table audit_sink_journals (
  sink_id   uuid not null references audit_sinks on delete cascade,
  journal   uuid not null,
  delivered bigint not null,
  primary key (sink_id, journal)
);
