-- Calls to models that came out of a boundary, and policies that are sent again before they are too old.

-- When the policy was sent as a whole last: a boundary that knows the version needs it again before it counts no longer.
alter table boundary_sessions add column bundle_sent_at timestamptz not null default 'epoch';

-- Which boundary a request said that it came from, and whether its signature held.
alter table interceptions
  add column boundary_session_id uuid,
  add column boundary_seq        bigint,
  add column boundary_verified   boolean;
create index interceptions_boundary on interceptions (boundary_session_id, id) where boundary_session_id is not null;

-- Whether models are asked only from behind a boundary that is running.
alter table organizations add column require_boundary boolean not null default false;
create trigger boundary_required_told after update of require_boundary on organizations
  for each statement execute function tell_boundaries();
