-- Templates, which workspaces and tasks are made of, and their versions.

create table templates (
  id                                uuid primary key,
  organization_id                   uuid not null references organizations (id),
  name                              text not null,
  display_name                      text not null,
  description                       text not null,
  icon                              text not null,
  active_version_id                 uuid not null,
  -- Whether every member with workspace access may use it; otherwise those on the list, and who administers templates.
  everyone                          boolean not null default true,
  access_list                       jsonb not null default '{"users": {}, "groups": {}}',
  default_ttl_ms                    bigint not null default 0,
  activity_bump_ms                  bigint not null default 3600000,
  failure_ttl_ms                    bigint not null default 0,
  allow_user_cancel_workspace_jobs  boolean not null default true,
  allow_user_autostart              boolean not null default true,
  allow_user_autostop               boolean not null default true,
  require_active_version            boolean not null default false,
  -- Not empty: no new workspaces are made of it.
  deprecation_message               text not null default '',
  created_by                        uuid references users (id),
  created_at                        timestamptz not null,
  updated_at                        timestamptz not null,
  deleted_at                        timestamptz
);
create unique index templates_name on templates (organization_id, lower(name)) where deleted_at is null;

create table template_versions (
  id                 uuid primary key,
  -- Null until a template is made of it.
  template_id        uuid references templates (id),
  organization_id    uuid not null references organizations (id),
  name               text not null,
  message            text not null,
  file_id            uuid not null references uploaded_files (id),
  job_id             uuid not null unique references provisioner_jobs (id),
  -- What whoever pushed it set, as JSON, sealed: some of it is secret.
  sealed_variables   text,
  readme             text not null default '',
  -- What the import found; null until it did.
  found              jsonb,
  has_ai_task        boolean not null default false,
  has_external_agent boolean not null default false,
  engine             text not null default '',
  archived_at        timestamptz,
  created_by         uuid references users (id),
  created_at         timestamptz not null,
  updated_at         timestamptz not null
);
create unique index template_versions_name on template_versions (template_id, lower(name)) where template_id is not null;
create index template_versions_template on template_versions (template_id, id desc);
alter table templates add foreign key (active_version_id) references template_versions (id);
