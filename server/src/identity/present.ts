import { type ApiKey, type Organization, Scope, User } from '@reeve/sdk'
import type { z } from 'zod'
import type { KeyRow, OrganizationRow, UserRow } from './queries.ts'

/** Rows as the contract shows them. */

const roleNames: Readonly<Record<string, string>> = { owner: 'Owner', auditor: 'Auditor' }

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
    roles: row.roles.map((name) => ({ name, display_name: roleNames[name] ?? name })),
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
    login_type: row.login_type === 'token' ? 'token' : 'password',
    scope: scopes[0] ?? 'all',
    scopes,
    lifetime_seconds: row.lifetime_seconds,
  }
}

export function presentOrganization(row: OrganizationRow): z.infer<typeof Organization> {
  const { id, name, display_name, description, icon, is_default } = row
  const created_at = row.created_at.toISOString()
  return { id, name, display_name, description, icon, is_default, created_at, updated_at: row.updated_at.toISOString() }
}
