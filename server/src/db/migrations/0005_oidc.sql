-- Signing in through an identity provider, and what its claims become.

-- Who somebody is over there. The pair of issuer and subject is the identity; an e-mail address never is.
create table user_links (
  id             uuid primary key,
  issuer         text not null,
  subject        text not null,
  user_id        uuid not null references users,
  -- Sealed. Null where the provider gave none, or has refused the one that it gave.
  refresh_token  text,
  -- Of the last sign-in or refresh; never the tokens.
  claims         jsonb not null default '{}',
  created_at     timestamptz not null,
  updated_at     timestamptz not null,
  -- When the claims were last received and applied.
  synced_at      timestamptz not null,
  -- When they are to be asked for again. A replica that does so moves this on first: nobody else asks meanwhile.
  next_sync_at   timestamptz not null,
  failures       integer not null default 0,
  -- What the settings of the last sync left to the provider, so that people are told not to change it by hand.
  syncs_site_roles    boolean not null default false,
  syncs_organizations boolean not null default false,
  unique (issuer, subject)
);
-- One person has one identity at a provider: nobody is linked to an account that somebody else signs in to.
create unique index user_links_user on user_links (user_id, issuer);
create index user_links_next_sync on user_links (next_sync_at) where refresh_token is not null;

-- Somebody was sent to the identity provider and has not come back yet. Used once, for a few minutes. The nonce and the
-- code verifier are in nobody's database: the browser keeps the secret that they are made from.
create table oidc_attempts (
  state_sha256   bytea primary key,
  browser_sha256 bytea not null,
  redirect       text not null,
  test_login_id  uuid,
  created_at     timestamptz not null,
  expires_at     timestamptz not null
);
create index oidc_attempts_expires on oidc_attempts (expires_at);

-- A sign-in that saves nothing and shows what would have come of it.
create table oidc_test_logins (
  id         uuid primary key,
  user_id    uuid not null references users,
  -- The edited settings: {organization, groups, roles}.
  settings   jsonb not null,
  status     text not null default 'waiting' check (status in ('waiting', 'done', 'failed')),
  problem    text,
  claims     jsonb,
  verdict    jsonb,
  preview    jsonb,
  created_at timestamptz not null,
  expires_at timestamptz not null
);
create index oidc_test_logins_expires on oidc_test_logins (expires_at);

-- How claims become organizations (one row, without an organization), and groups and roles of each organization.
create table idp_sync_settings (
  kind            text not null check (kind in ('organization', 'groups', 'roles')),
  organization_id uuid references organizations,
  settings        jsonb not null,
  updated_at      timestamptz not null,
  check ((kind = 'organization') = (organization_id is null))
);
create unique index idp_sync_settings_place on idp_sync_settings
  (kind, coalesce(organization_id, '00000000-0000-0000-0000-000000000000'));
