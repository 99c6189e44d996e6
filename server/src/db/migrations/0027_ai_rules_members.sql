-- An identity provider is asked about everybody again and again, and mostly nothing changes: only who really comes into
-- a group that has rules, or leaves one, is worth telling every replica.

drop trigger ai_rules_members_told on group_members;

create function tell_ai_rules_members() returns trigger language plpgsql as $$
begin
  if exists (select from changed c join ai_rules r on r.group_id = c.group_id) then
    perform pg_notify('reeve_ai_rules', '');
  end if;
  return null;
end $$;
create trigger ai_rules_joined after insert on group_members referencing new table as changed
  for each statement execute function tell_ai_rules_members();
create trigger ai_rules_left after delete on group_members referencing old table as changed
  for each statement execute function tell_ai_rules_members();
