-- As before, but whoever waited for another maker sees what that one made: `to_regclass` answers from a cache that nothing
-- has renewed since.
create or replace function ensure_day_partitions(day date) returns void language plpgsql as $$
declare
  part record;
  child text;
  low uuid := uuidv7_floor(day::timestamp at time zone 'UTC');
  high uuid := uuidv7_floor((day + 1)::timestamp at time zone 'UTC');
begin
  for part in select * from (values ('interceptions', 'id'), ('interception_items', 'interception_id')) as p (parent, key) loop
    child := part.parent || '_' || to_char(day, 'YYYYMMDD');
    continue when to_regclass(child) is not null;
    -- One maker at a time; whoever waited finds the work done.
    perform pg_advisory_xact_lock(hashtext('ensure_day_partitions'));
    continue when exists (select from pg_class where relname = child and pg_table_is_visible(oid));
    execute format('create table %I (like %I including defaults including constraints including storage)', child, part.parent);
    execute format('with moved as (delete from %I where %I >= %L and %I < %L returning *) insert into %I select * from moved',
      part.parent || '_default', part.key, low, part.key, high, child);
    execute format('alter table %I attach partition %I for values from (%L) to (%L)', part.parent, child, low, high);
  end loop;
end $$;
