import {
  AllowedObject,
  ApiKey,
  type GitSshKey,
  type Grantable,
  type Group,
  type Organization,
  OrganizationMember,
  type Role,
  RolePermission,
  Scope,
  User,
  type UserSecret,
  UserSession,
} from '@reeve/sdk'
import type { Actor } from '../access/actor.ts'
import { missingToGrant } from '../access/granting.ts'
import { allows } from '../access/policy.ts'
import type { GroupRow } from './organizations/group-queries.ts'
import type { MemberRow, OrganizationRow } from './organizations/queries.ts'
import type { UserSecretRow } from './user-secrets/queries.ts'
import type { GitKeyRow } from './git-keys/queries.ts'
import type { UserRow } from './queries.ts'
import type { KeyRow } from './tokens/queries.ts'
import { isImplied } from '../access/built-in-roles.ts'
import { displayNameOf, type KnownRole } from './roles/roles.ts'

/** Rows as the contract shows them. */

export function presentUser(row: UserRow): User {
  return {
    id: row.id,
    username: row.username,
    name: row.name,
    email: row.email,
    avatar_url: row.avatar_url,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
    last_seen_at: row.last_seen_at?.toISOString() ?? null,
    status: User.shape.status.parse(row.status),
    login_type: User.shape.login_type.parse(row.login_type),
    organization_ids: row.organization_ids,
    roles: row.roles.map(namedRole),
    is_service_account: row.is_service_account,
    owner_id: row.owner_id,
  }
}

export function presentKey(row: KeyRow): ApiKey {
  const scopes = row.scopes.map((scope) => Scope.parse(scope))
  return {
    id: row.id,
    user_id: row.user_id,
    username: row.username,
    token_name: row.token_name,
    last_used: row.last_used?.toISOString() ?? null,
    expires_at: row.expires_at.toISOString(),
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
    login_type: ApiKey.shape.login_type.parse(row.login_type),
    scope: scopes[0] ?? 'all',
    scopes,
    allow_list: presentAllowList(row.allow_list),
    workspace_id: row.workspace_id,
    lifetime_seconds: row.lifetime_seconds,
  }
}

export const presentAllowList = (stored: unknown): AllowedObject[] =>
  stored === null ? [{ type: '*', id: '*' }] : AllowedObject.array().parse(stored)

export function presentSession(row: KeyRow, currentId: string): UserSession {
  return {
    id: row.id,
    user_id: row.user_id,
    name: row.session_name,
    login_type: UserSession.shape.login_type.parse(row.login_type),
    current: row.id === currentId,
    created_at: row.created_at.toISOString(),
    last_used: row.last_used?.toISOString() ?? null,
    expires_at: row.expires_at.toISOString(),
    ends_at: (row.ends_at ?? row.expires_at).toISOString(),
    ip: row.created_ip,
    user_agent: row.created_agent,
  }
}

export function presentOrganization(row: OrganizationRow): Organization {
  const { id, name, display_name, description, icon, is_default, default_member_roles, require_boundary } = row
  const times = { created_at: row.created_at.toISOString(), updated_at: row.updated_at.toISOString() }
  return { id, name, display_name, description, icon, is_default, default_member_roles, require_boundary, ...times }
}

export function presentMember(row: MemberRow): OrganizationMember {
  return {
    user_id: row.user_id,
    organization_id: row.organization_id,
    username: row.username,
    name: row.name,
    email: row.email,
    avatar_url: row.avatar_url,
    status: OrganizationMember.shape.status.parse(row.status),
    login_type: row.login_type,
    roles: row.roles.map(namedRole),
    global_roles: row.global_roles.map(namedRole),
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  }
}

const namedRole = (name: string) => ({ name, display_name: displayNameOf(name) })

export function presentGroup(row: GroupRow): Group {
  const { id, organization_id, organization_name, name, display_name, avatar_url } = row
  return {
    id,
    organization_id,
    organization_name,
    name,
    display_name,
    avatar_url,
    quota_allowance: row.quota_allowance,
    source: row.source === 'oidc' ? 'oidc' : 'user',
    total_member_count: row.total_member_count,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  }
}

/** A role as it looks to somebody: what he lacks is what keeps him from giving it. */
export function presentRole(role: KnownRole, actor: Actor): Role {
  const { name, displayName, description, organizationId, level, builtIn } = role
  const missing = missingToGrant(actor, role, organizationId)
  const where = organizationId === null ? {} : { organizationId }
  return {
    name,
    display_name: displayName,
    description,
    organization_id: organizationId,
    level,
    site_permissions: permissions(role.site),
    organization_permissions: permissions(role.organization),
    user_permissions: permissions(role.own),
    built_in: builtIn,
    implied: isImplied(name),
    assignable: !isImplied(name) && missing.length === 0 && allows(actor, 'role:assign', where),
    missing,
  }
}

const permissions = (grants: ReadonlySet<Grantable>): RolePermission[] =>
  [...grants].map((permission) => {
    const [resource, action = ''] = permission.split(':')
    return { negate: false, resource_type: RolePermission.shape.resource_type.parse(resource), action }
  })

export const presentGitKey = (row: GitKeyRow): GitSshKey => ({
  user_id: row.user_id,
  created_at: row.created_at.toISOString(),
  updated_at: row.updated_at.toISOString(),
  public_key: row.public_key,
})

export const presentUserSecret = (row: UserSecretRow): UserSecret => ({
  id: row.id,
  name: row.name,
  description: row.description,
  env_name: row.env_name,
  file_path: row.file_path,
  created_at: row.created_at.toISOString(),
  updated_at: row.updated_at.toISOString(),
})
