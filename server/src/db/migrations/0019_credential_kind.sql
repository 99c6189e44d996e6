-- Whose credential the provider was asked with: a key of the deployment (centralized), or the user's own (byok).
alter table interceptions add column credential_kind text not null default 'centralized'
  check (credential_kind in ('centralized', 'byok'));
