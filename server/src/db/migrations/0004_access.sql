-- Roles that people make, what a credential is bound to, and identities that are no persons.

create table custom_roles (
  id                       uuid primary key,
  -- Null for a role that is held everywhere.
  organization_id          uuid references organizations,
  name                     text not null,
  display_name             text not null default '',
  description              text not null default '',
  site_permissions         text[] not null default '{}',
  organization_permissions text[] not null default '{}',
  own_permissions          text[] not null default '{}',
  created_at               timestamptz not null,
  updated_at               timestamptz not null
);
create unique index custom_roles_name on custom_roles (coalesce(organization_id, '00000000-0000-0000-0000-000000000000'), lower(name));

-- The roles that a new member gets. A gateway-only organization has none here.
alter table organizations add column default_member_roles text[] not null default '{organization-workspace-access}';
update organization_members set roles = '{organization-workspace-access}' where roles = '{}';

-- A service account belongs to nobody's sign-in: it has tokens and no other way in.
alter table users add column is_service_account boolean not null default false;

-- [{type, id}]; null for a credential that is for everything its scopes allow.
alter table api_keys add column allow_list jsonb;
-- A credential that was minted for one workspace works for its gateway use only and ends with it.
alter table api_keys add column workspace_id uuid;
