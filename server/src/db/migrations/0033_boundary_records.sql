-- What boundaries decided goes to sinks. Each line of a record that is taken in has a number of the deployment, in the
-- order in which they were committed and without holes: a number that is not there any more was removed.

-- One row. Whoever takes numbers keeps it until his transaction ends, so that no number is overtaken by a later one.
create table boundary_records (
  journal uuid primary key,
  records bigint not null
);
insert into boundary_records (journal, records) values (gen_random_uuid(), 0);
alter table boundary_events add column record_no bigint;
create index boundary_events_record on boundary_events (record_no) where record_no is not null;

alter table audit_sinks
  drop constraint audit_sinks_sends_check,
  add constraint audit_sinks_sends_check
    check (cardinality(sends) > 0 and sends <@ '{audit,interceptions,boundaries}');

-- Which stream a journal is of: a place is forgotten with the stream that it is in.
alter table audit_sink_journals
  add column stream text not null default 'interceptions' check (stream in ('interceptions', 'boundaries'));
alter table audit_sink_journals alter column stream drop default;
