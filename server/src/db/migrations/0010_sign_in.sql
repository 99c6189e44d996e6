-- How sessions begin, are told apart and end; signing in a program by a code; a new password by mail; accounts for programs.

-- A session says how it was begun; a token is a token.
alter table api_keys drop constraint if exists api_keys_login_type_check;
alter table api_keys add constraint api_keys_login_type_check
  check (login_type in ('password', 'oidc', 'github', 'device', 'token'));
-- What a person knows a session by: `reeve login on laptop`. Empty for a browser.
alter table api_keys add column session_name text not null default '';
-- Use prolongs a session, but never past this. Null for a token, which nothing prolongs.
alter table api_keys add column ends_at timestamptz;
update api_keys set ends_at = greatest(expires_at, created_at + interval '30 days') where login_type <> 'token';
create index api_keys_user on api_keys (user_id);
create index api_keys_workspace on api_keys (workspace_id) where workspace_id is not null;

-- Tokens that were made for workspaces all have one name; people name theirs.
drop index api_keys_token_name;
create unique index api_keys_token_name on api_keys (user_id, lower(token_name))
  where token_name <> '' and workspace_id is null;

-- The person who is responsible for a service account, and makes its tokens.
alter table users add column owner_id uuid references users;
alter table users add constraint users_service_account check (is_service_account or owner_id is null);
-- A service account has no address: the empty one, which is nobody's.
drop index users_email;
create unique index users_email on users (lower(email)) where deleted_at is null and email <> '';

-- A program that waits for somebody to confirm it. The code that people type says which one is meant and opens nothing;
-- the program's own code does, and is kept as its hash.
create table device_logins (
  id                 uuid primary key,
  device_code_sha256 bytea not null unique,
  user_code          text not null unique,
  client_name        text not null,
  host               text not null,
  ip                 inet,
  user_agent         text,
  status             text not null default 'pending' check (status in ('pending', 'approved', 'denied', 'used')),
  -- Who answered.
  user_id            uuid references users,
  interval_seconds   integer not null,
  polled_at          timestamptz,
  created_at         timestamptz not null,
  expires_at         timestamptz not null
);
create index device_logins_expires on device_logins (expires_at);
create index device_logins_user on device_logins (user_id) where user_id is not null;

-- A code that was mailed to somebody who forgot the password; asking again replaces it. Kept as its hash.
create table password_resets (
  user_id         uuid primary key references users,
  passcode_sha256 bytea not null,
  attempts_left   integer not null,
  created_at      timestamptz not null,
  expires_at      timestamptz not null
);
