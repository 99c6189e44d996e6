-- Secrets that people keep for the templates of their workspaces, which find them by variable or by file.

create table user_secrets (
  id           uuid primary key,
  user_id      uuid not null references users (id),
  name         text not null,
  description  text not null,
  -- Empty for none.
  env_name     text not null,
  file_path    text not null,
  sealed_value text not null,
  created_at   timestamptz not null,
  updated_at   timestamptz not null,
  unique (user_id, name)
);
create unique index user_secrets_env on user_secrets (user_id, env_name) where env_name <> '';
create unique index user_secrets_file on user_secrets (user_id, file_path) where file_path <> '';
