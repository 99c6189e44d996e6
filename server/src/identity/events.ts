import type { AuditDiff, AuditEntry } from '../audit/journal.ts'
import type { KeyRow, UserRow } from './queries.ts'

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

type NewUser = Pick<UserRow, 'id' | 'username' | 'name' | 'email' | 'login_type' | 'roles' | 'status'>

export function userCreated(row: NewUser, hasPassword: boolean): IdentityEvent {
  const { username, name, email, login_type, roles, status } = row
  const shown = { username, name, email, login_type, roles, status }
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

type NewKey = Pick<KeyRow, 'id' | 'user_id' | 'token_name' | 'scopes' | 'expires_at'>

export function keyCreated(key: NewKey, owner: string): IdentityEvent {
  const { id, user_id, token_name, scopes, expires_at } = key
  const shown = { user_id, owner, token_name, scopes, expires_at: expires_at.toISOString() }
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
