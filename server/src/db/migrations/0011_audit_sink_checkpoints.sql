-- Signed checkpoints go to the sinks too, after the events that they cover: a copy that who owns this database cannot
-- change. Sinks that are there already begin with the next one.
alter table audit_sinks add column delivered_checkpoint bigint not null default 0;
update audit_sinks set delivered_checkpoint = coalesce((select max(number) from audit_checkpoints), 0);
