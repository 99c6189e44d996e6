import type { AuditDiff, AuditEntry } from '../audit/journal.ts'
import type { GroupRow } from './organizations/group-queries.ts'
import type { GitKeyRow } from './git-keys/queries.ts'
import type { MemberRow, OrganizationRow } from './organizations/queries.ts'
import type { UserRow } from './queries.ts'
import type { KeyRow } from './tokens/queries.ts'
import type { UserSecretRow } from './user-secrets/queries.ts'
import type { StoredRoleRow } from './roles/queries.ts'

/** The audit entries of this room, as data. `scope` and `at` are added by whoever appends them. */
export type IdentityEvent = Omit<AuditEntry, 'scope' | 'at'>

const user = (
  action: string,
  { id, username }: Pick<UserRow, 'id' | 'username'>,
  diff: AuditDiff = {},
): IdentityEvent => ({
  action,
  resourceType: 'user',
  resourceId: id,
  resourceTarget: username,
  diff,
})

type NewUser = Pick<UserRow, 'id' | 'username' | 'name' | 'email' | 'login_type' | 'roles' | 'status'> & {
  readonly owner_id?: string | null
}

export function userCreated(row: NewUser, hasPassword: boolean): IdentityEvent {
  const { username, name, email, login_type, roles, status, owner_id: responsible = null } = row
  const shown = { username, name, email, login_type, roles, status, ...(responsible === null ? {} : { responsible }) }
  return user('create', row, {
    ...Object.fromEntries(Object.entries(shown).map(([field, value]) => [field, { old: null, new: value }])),
    password: { old: null, new: hasPassword ? true : null, secret: true },
  })
}

export const userStatusChanged = (row: UserRow, status: string, credentialsEnded: number): IdentityEvent =>
  user('write', row, {
    status: { old: row.status, new: status },
    ...(credentialsEnded === 0 ? {} : { live_credentials: { old: credentialsEnded, new: 0 } }),
  })

export const passwordChanged = (row: UserRow, sessionsEnded: number): IdentityEvent =>
  user('write', row, {
    password: { old: true, new: true, secret: true },
    ...(sessionsEnded === 0 ? {} : { other_sessions: { old: sessionsEnded, new: 0 } }),
  })

/** Public halves are for anybody to see; `before` is the one that it takes the place of. */
export const gitKeyMade = (row: GitKeyRow, username: string, before: string | null): IdentityEvent => ({
  action: before === null ? 'create' : 'write',
  resourceType: 'git_ssh_key',
  resourceId: row.user_id,
  resourceTarget: username,
  diff: {
    public_key: { old: before, new: row.public_key },
    private_key: { old: before === null ? null : true, new: true, secret: true },
  },
})

const userSecret = (action: string, { id, name }: UserSecretRow, diff: AuditDiff): IdentityEvent => ({
  action,
  resourceType: 'user_secret',
  resourceId: id,
  resourceTarget: name,
  diff,
})

const placesOf = ({ description, env_name, file_path }: UserSecretRow) => ({ description, env_name, file_path })

export const userSecretMade = (row: UserSecretRow): IdentityEvent =>
  userSecret('create', row, {
    ...Object.fromEntries(Object.entries(placesOf(row)).map(([field, value]) => [field, { old: null, new: value }])),
    value: { old: null, new: true, secret: true },
  })

export function userSecretChanged(before: UserSecretRow, row: UserSecretRow): IdentityEvent {
  const old: Readonly<Record<string, string>> = placesOf(before)
  const changed = Object.entries(placesOf(row)).filter(([field, value]) => old[field] !== value)
  const isOther = before.sealed_value !== row.sealed_value
  return userSecret('write', row, {
    ...Object.fromEntries(changed.map(([field, value]) => [field, { old: old[field] ?? null, new: value }])),
    ...(isOther ? { value: { old: true, new: true, secret: true } } : {}),
  })
}

export const userSecretRemoved = (row: UserSecretRow): IdentityEvent =>
  userSecret('delete', row, { value: { old: true, new: null, secret: true } })

export const passwordChangeRefused = (row: UserRow): IdentityEvent => ({
  ...user('write', row, { password: { old: true, new: true, secret: true } }),
  outcome: 'refused',
})

export const signedInAs = (row: UserRow, keyId: string): IdentityEvent =>
  user('login', row, { session: { old: null, new: keyId } })

/** The name is what was typed: it may be nobody's, and it may be a password in the wrong field. */
export function signInRefused(row: UserRow | undefined, typed: string, reason: string): IdentityEvent {
  const target = row?.username ?? (/^[^\s@]{1,64}@[^\s@]{1,190}$/.test(typed) ? typed : 'unknown')
  return {
    ...user('login', { id: row?.id ?? '', username: target }, { reason: { old: null, new: reason } }),
    outcome: 'refused',
  }
}

export const signedOut = (username: string, userId: string, keyId: string): IdentityEvent =>
  user('logout', { id: userId, username }, { session: { old: keyId, new: null } })

type NewKey = Pick<KeyRow, 'id' | 'user_id' | 'token_name' | 'scopes' | 'expires_at'> & {
  /** As stored: JSON. */
  readonly allow_list?: string | null
  readonly workspace_id?: string | null
}

export function keyCreated(key: NewKey, owner: string): IdentityEvent {
  const { id, user_id, token_name, scopes, expires_at, allow_list = null, workspace_id = null } = key
  const shown = {
    user_id,
    owner,
    token_name,
    scopes,
    expires_at: expires_at.toISOString(),
    ...(allow_list === null ? {} : { allow_list }),
    ...(workspace_id === null ? {} : { workspace_id }),
  }
  return {
    action: 'create',
    resourceType: 'api_key',
    resourceId: id,
    resourceTarget: token_name || id,
    diff: {
      ...Object.fromEntries(Object.entries(shown).map(([field, value]) => [field, { old: null, new: value }])),
      secret: { old: null, new: true, secret: true },
    },
  }
}

export function keyEnded(key: KeyRow, action: 'delete' | 'write', now: Date): IdentityEvent {
  return {
    action,
    resourceType: 'api_key',
    resourceId: key.id,
    resourceTarget: key.token_name || key.id,
    diff: {
      owner: { old: key.username, new: action === 'delete' ? null : key.username },
      expires_at: { old: key.expires_at.toISOString(), new: action === 'delete' ? null : now.toISOString() },
    },
  }
}

type Named = Pick<UserRow, 'id' | 'username'>

export const rolesChanged = (
  row: Named,
  organization: OrganizationRow | undefined,
  old: readonly string[],
  now: readonly string[],
): IdentityEvent => ({
  ...user('assign_roles', row, {
    roles: { old, new: now },
    ...(organization === undefined ? {} : { organization: { old: organization.name, new: organization.name } }),
  }),
  organizationId: organization?.id ?? null,
})

export const profileChanged = (
  old: Pick<UserRow, 'id' | 'username' | 'name'>,
  now: Pick<UserRow, 'username' | 'name'>,
): IdentityEvent => user('write', old, changes(old, now, ['username', 'name']))

export const userDeleted = (row: UserRow, credentialsEnded: number): IdentityEvent =>
  user('delete', row, {
    username: { old: row.username, new: null },
    email: { old: row.email, new: null },
    roles: { old: row.roles, new: null },
    ...(credentialsEnded === 0 ? {} : { live_credentials: { old: credentialsEnded, new: 0 } }),
  })

type OrganizationFields = Pick<
  OrganizationRow,
  'name' | 'display_name' | 'description' | 'icon' | 'default_member_roles' | 'require_boundary'
>
const organizationFields = [
  'name',
  'display_name',
  'description',
  'icon',
  'default_member_roles',
  'require_boundary',
] as const

/** From null: made; to null: deleted. */
export function organizationChanged(
  id: string,
  old: OrganizationFields | null,
  now: OrganizationFields | null,
): IdentityEvent {
  return {
    action: actionOf(old, now),
    resourceType: 'organization',
    resourceId: id,
    resourceTarget: now?.name ?? old?.name ?? '',
    organizationId: id,
    diff: changes(old, now, organizationFields),
  }
}

export function membershipChanged(row: MemberRow, organization: string, how: 'began' | 'ended'): IdentityEvent {
  const roles = how === 'began' ? { old: null, new: row.roles } : { old: row.roles, new: null }
  return {
    action: how === 'began' ? 'create' : 'delete',
    resourceType: 'organization_member',
    resourceId: row.user_id,
    resourceTarget: row.username,
    organizationId: row.organization_id,
    diff: {
      organization: how === 'began' ? { old: null, new: organization } : { old: organization, new: null },
      roles,
    },
  }
}

type GroupFacts = Pick<GroupRow, 'id' | 'organization_id' | 'name' | 'display_name' | 'avatar_url' | 'quota_allowance'>
const groupFields = ['name', 'display_name', 'avatar_url', 'quota_allowance'] as const

export function groupChanged(
  old: GroupFacts | null,
  now: GroupFacts | null,
  people: { readonly added?: readonly string[]; readonly removed?: readonly string[] } = {},
): IdentityEvent {
  const { added = [], removed = [] } = people
  const group = now ?? old
  return {
    action: actionOf(old, now),
    resourceType: 'group',
    resourceId: group?.id ?? '',
    resourceTarget: group?.name ?? '',
    organizationId: group?.organization_id ?? null,
    diff: {
      ...changes(old, now, groupFields),
      ...(added.length + removed.length === 0 ? {} : { members: { old: removed, new: added } }),
    },
  }
}

const roleFields = [
  'name',
  'display_name',
  'description',
  'site_permissions',
  'organization_permissions',
  'own_permissions',
] as const

const role = (old: StoredRoleRow | null, now: StoredRoleRow | null): IdentityEvent => ({
  action: actionOf(old, now),
  resourceType: 'role',
  resourceId: (now ?? old)?.id ?? '',
  resourceTarget: (now ?? old)?.name ?? '',
  organizationId: (now ?? old)?.organization_id ?? null,
  diff: changes(old, now, roleFields),
})

export const roleCreated = (row: StoredRoleRow): IdentityEvent => role(null, row)
export const roleWritten = (old: StoredRoleRow, now: StoredRoleRow): IdentityEvent => role(old, now)
export function roleDeleted(row: StoredRoleRow, holders: number): IdentityEvent {
  const event = role(row, null)
  return { ...event, diff: { ...event.diff, holders: { old: holders, new: 0 } } }
}

const actionOf = (old: unknown, now: unknown): string => (old === null ? 'create' : now === null ? 'delete' : 'write')

/** The fields that are not what they were. */
function changes<F extends string>(
  old: Readonly<Record<F, unknown>> | null,
  now: Readonly<Record<F, unknown>> | null,
  fields: readonly F[],
): AuditDiff {
  const differs = (field: F) => JSON.stringify(old?.[field] ?? null) !== JSON.stringify(now?.[field] ?? null)
  return Object.fromEntries(
    fields.filter(differs).map((field) => [field, { old: old?.[field] ?? null, new: now?.[field] ?? null }]),
  )
}
