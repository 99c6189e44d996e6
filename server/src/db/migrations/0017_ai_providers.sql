-- Providers that are kept here and not in the environment, each with the keys that it is asked with.

create table ai_providers (
  id            uuid primary key,
  name          text not null check (name ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(name) <= 63),
  display_name  text not null,
  type          text not null,
  base_url      text not null,
  enabled       boolean not null,
  icon          text not null,
  -- Whether the base URL may mean an address in a private network.
  allow_private boolean not null,
  created_at    timestamptz not null,
  updated_at    timestamptz not null
);
create unique index ai_providers_name on ai_providers (name);

-- A key is added and removed and never changed but in its place and weight: another secret is another row.
create table ai_provider_keys (
  id          uuid primary key,
  provider_id uuid not null references ai_providers (id) on delete cascade,
  position    integer not null,
  weight      integer not null check (weight >= 0),
  value       text not null,
  hint        text not null,
  created_at  timestamptz not null
);
create index ai_provider_keys_provider on ai_provider_keys (provider_id, position);
