-- Which keys the secrets of this database are sealed with, and the accounts elsewhere that people have linked.

create table keyring_keys (
  id           text primary key,
  -- A known text, sealed: opens only with the key of this id.
  sealed_check text not null,
  created_at   timestamptz not null,
  -- Set when nothing was sealed with it any more; its key may be missing from then on.
  retired_at   timestamptz
);

create table external_auth_links (
  user_id           uuid not null references users,
  provider_id       text not null,
  -- Sealed, both.
  access_token      text not null,
  refresh_token     text,
  -- Of the access token; null for one that has no end that was told.
  expires_at        timestamptz,
  scopes            text[] not null default '{}',
  -- Who it is over there: {id, login, name, profile_url}; null when the provider was not asked or did not say.
  account           jsonb,
  refresh_failed_at timestamptz,
  -- For people to read; never what the provider sent.
  refresh_failure   text,
  created_at        timestamptz not null,
  updated_at        timestamptz not null,
  primary key (user_id, provider_id)
);

-- Somebody was sent to a provider and has not come back yet. Used once, for a few minutes.
create table external_auth_attempts (
  id            uuid primary key,
  state_sha256  bytea not null unique,
  user_id       uuid not null references users,
  provider_id   text not null,
  -- Sealed; null for a provider that cannot check one.
  code_verifier text,
  created_at    timestamptz not null,
  expires_at    timestamptz not null
);
create index external_auth_attempts_expires on external_auth_attempts (expires_at);
