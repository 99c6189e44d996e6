-- Which models may be asked and which tools may be called, in an organization and by the members of a group.

create table ai_rules (
  organization_id uuid not null references organizations (id),
  -- Null: for everybody in the organization.
  group_id        uuid references groups (id) on delete cascade,
  -- Null where they say nothing about it, which is not the same as an empty list: that allows nothing.
  models          text[],
  tools_allowed   text[],
  tools_denied    text[] not null,
  contact         text not null,
  version         integer not null,
  updated_at      timestamptz not null
);
create unique index ai_rules_holder on ai_rules (organization_id, group_id) nulls not distinct;

-- Every replica keeps the rules and whom they are for in memory. It is told with the commit of whatever changes them,
-- whichever way that came: somebody is put into a group by hand, by the identity provider, or leaves the organization.
create function tell_ai_rules() returns trigger language plpgsql as $$
begin
  perform pg_notify('reeve_ai_rules', '');
  return null;
end $$;
create trigger ai_rules_told after insert or update or delete on ai_rules
  for each statement execute function tell_ai_rules();
create trigger ai_rules_members_told after insert or update or delete on group_members
  for each statement execute function tell_ai_rules();
