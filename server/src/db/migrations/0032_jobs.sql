-- Work that Terraform does, what it says meanwhile, and the archives that it is done on.

create table uploaded_files (
  id           uuid primary key,
  sha256       bytea not null check (octet_length(sha256) = 32),
  content_type text not null,
  content      bytea not null,
  created_by   uuid not null references users (id),
  created_at   timestamptz not null,
  -- Who uploads the same twice is given the same file.
  unique (created_by, sha256)
);
-- Archives are packed already.
alter table uploaded_files alter column content set storage external;

create table provisioner_jobs (
  id              uuid primary key,
  type            text not null,
  organization_id uuid not null references organizations (id),
  -- Null: the server itself.
  initiator_id    uuid references users (id),
  file_id         uuid references uploaded_files (id),
  input           jsonb not null,
  -- What somebody waits for comes before what nobody does.
  priority        integer not null default 0,
  created_at      timestamptz not null,
  updated_at      timestamptz not null,
  started_at      timestamptz,
  -- When it was asked to end; it may take a while.
  canceled_at     timestamptz,
  completed_at    timestamptz,
  error           text,
  error_code      text,
  -- The process that is at it, and until when it is believed to be.
  worker_id       uuid,
  worker_name     text,
  lease_until     timestamptz,
  log_lines       integer not null default 0,
  log_bytes       bigint not null default 0,
  log_overflowed  boolean not null default false,
  status          text not null generated always as (
    case
      when completed_at is not null and canceled_at is not null then 'canceled'
      when completed_at is not null and error is not null then 'failed'
      when completed_at is not null then 'succeeded'
      when canceled_at is not null then 'canceling'
      when started_at is not null then 'running'
      else 'pending'
    end) stored,
  check (completed_at is null or worker_id is null or lease_until is null)
);
create index provisioner_jobs_pending on provisioner_jobs (priority desc, id)
  where started_at is null and completed_at is null;
create index provisioner_jobs_leased on provisioner_jobs (lease_until) where lease_until is not null;
create index provisioner_jobs_organization on provisioner_jobs (organization_id, id desc);

create table provisioner_job_lines (
  job_id uuid not null references provisioner_jobs (id) on delete cascade,
  seq    integer not null,
  at     timestamptz not null,
  source text not null,
  level  text not null,
  stage  text not null,
  output text not null,
  primary key (job_id, seq)
);
