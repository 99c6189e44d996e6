-- What the lists need to be quick in a record of millions of requests.

-- Under which providers the requests of a session went out; kept by the drain like the types beside it.
alter table sessions add column provider_names text[] not null default '{}';
update sessions s set provider_names = i.names
from (select session_id, array_agg(distinct provider_name order by provider_name) as names from interceptions group by session_id) as i
where i.session_id = s.id;
create index sessions_client_session on sessions (client_session_id) where client_session_id is not null;

create index interceptions_model on interceptions (model, id desc);
create index interceptions_model_served on interceptions (model_served, id desc) where model_served <> model;
create index interceptions_client on interceptions (lower(client), id desc);
create index interceptions_provider_name on interceptions (provider_name, id desc);
create index interceptions_outcome on interceptions (outcome, id desc) where outcome <> 'ok';

-- Words in prompts. Trigrams come with PostgreSQL, but some systems package them apart: without them a search reads all
-- prompts, which is slow where there are many.
do $$ begin
  create extension if not exists pg_trgm;
  create index interceptions_prompt on interceptions using gin (prompt gin_trgm_ops) where prompt is not null;
exception when undefined_file or insufficient_privilege or feature_not_supported then
  raise warning 'the extension pg_trgm is not there: searching for words will be slow (%)', sqlerrm;
end $$;
