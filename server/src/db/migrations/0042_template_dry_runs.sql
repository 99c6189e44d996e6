-- What a version would make of certain values, planned and not made.

create table template_dry_runs (
  job_id              uuid primary key references provisioner_jobs (id) on delete cascade,
  template_version_id uuid not null references template_versions (id),
  -- Whose workspace it would be.
  owner_id            uuid not null references users (id),
  workspace_name      text not null,
  -- Values by the names of parameters.
  parameters          jsonb not null,
  -- Those of template variables that were given for this run, as JSON, sealed.
  sealed_variables    text,
  -- Null until it ended; what it would make, and the form as it is with these values.
  found               jsonb
);
