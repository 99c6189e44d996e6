-- People, the organizations and groups that they belong to, and the credentials that they hold.

create table organizations (
  id           uuid primary key,
  name         text not null,
  display_name text not null default '',
  description  text not null default '',
  icon         text not null default '',
  is_default   boolean not null default false,
  created_at   timestamptz not null,
  updated_at   timestamptz not null,
  deleted_at   timestamptz
);
create unique index organizations_name on organizations (lower(name)) where deleted_at is null;
create unique index organizations_one_default on organizations (is_default) where is_default;

create table users (
  id            uuid primary key,
  username      text not null,
  name          text not null default '',
  email         text not null,
  avatar_url    text not null default '',
  status        text not null default 'active' check (status in ('active', 'dormant', 'suspended')),
  login_type    text not null check (login_type in ('password', 'oidc', 'github', 'none')),
  password_hash text,
  -- Site roles. The member role is implied and never stored.
  roles         text[] not null default '{}',
  created_at    timestamptz not null,
  updated_at    timestamptz not null,
  last_seen_at  timestamptz,
  -- A deleted user keeps this row as a tombstone: evidence goes on naming the person.
  deleted_at    timestamptz
);
create unique index users_username on users (lower(username)) where deleted_at is null;
create unique index users_email on users (lower(email)) where deleted_at is null;

create table organization_members (
  organization_id uuid not null references organizations,
  user_id         uuid not null references users,
  roles           text[] not null default '{}',
  created_at      timestamptz not null,
  updated_at      timestamptz not null,
  primary key (organization_id, user_id)
);
create index organization_members_user on organization_members (user_id);

create table groups (
  id              uuid primary key,
  organization_id uuid not null references organizations,
  name            text not null,
  display_name    text not null default '',
  avatar_url      text not null default '',
  quota_allowance integer not null default 0,
  source          text not null default 'user' check (source in ('user', 'oidc')),
  created_at      timestamptz not null,
  updated_at      timestamptz not null
);
create unique index groups_name on groups (organization_id, lower(name));

create table group_members (
  group_id   uuid not null references groups on delete cascade,
  user_id    uuid not null references users,
  created_at timestamptz not null,
  primary key (group_id, user_id)
);
create index group_members_user on group_members (user_id);

-- Sessions and API tokens are one kind of thing: a secret of high entropy, kept as its SHA-256, with an owner, a scope
-- and an end.
create table api_keys (
  id               text primary key,
  secret_sha256    bytea not null unique,
  user_id          uuid not null references users,
  login_type       text not null check (login_type in ('password', 'token')),
  token_name       text not null default '',
  scopes           text[] not null,
  lifetime_seconds bigint not null,
  created_at       timestamptz not null,
  updated_at       timestamptz not null,
  expires_at       timestamptz not null,
  last_used        timestamptz,
  created_ip       inet,
  created_agent    text
);
create unique index api_keys_token_name on api_keys (user_id, lower(token_name)) where token_name <> '';
create index api_keys_expires on api_keys (expires_at);

-- One row: what this deployment is.
create table deployment (
  only_row   boolean primary key default true check (only_row),
  id         uuid not null,
  created_at timestamptz not null
);

-- The link by which the first owner is made. One row at most, used once, gone when setup is done.
create table setup_tokens (
  token_sha256 bytea primary key,
  created_at   timestamptz not null,
  expires_at   timestamptz not null
);
