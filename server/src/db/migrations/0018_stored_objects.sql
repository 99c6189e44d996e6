-- Whose are the objects that providers keep for us: responses, their items, conversations. One key of a provider serves
-- many people, so that the provider itself tells none of them from another.
create table stored_objects (
  provider_name   text collate "C" not null,
  -- As the provider named it.
  object_id       text collate "C" not null,
  user_id         uuid not null,
  organization_id uuid not null,
  interception_id uuid not null,
  created_at      timestamptz not null,
  primary key (provider_name, object_id)
);
create index stored_objects_created on stored_objects (created_at);

-- A response is found by its id too where its row above is missing: it was made before there were such rows, or while
-- they could not be written.
create index interceptions_provider_response on interceptions (provider_response_id)
  where provider_response_id is not null and route = 'responses';
