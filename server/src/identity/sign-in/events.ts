import type { IdentityEvent } from '../events.ts'
import type { UserRow } from '../queries.ts'
import type { DeviceLoginRow } from './queries.ts'

/** The audit entries of sessions, device sign-ins, password resets and dormancy, as data. */

const session = (keyId: string) => ({ old: keyId, new: null })

export const otherSessionsEnded = ({ id, username }: UserRow, ended: number): IdentityEvent => ({
  action: 'logout',
  resourceType: 'user',
  resourceId: id,
  resourceTarget: username,
  diff: { other_sessions: { old: ended, new: 0 } },
})

export const sessionEnded = ({ id, username }: UserRow, keyId: string, name: string): IdentityEvent => ({
  action: 'logout',
  resourceType: 'user',
  resourceId: id,
  resourceTarget: username,
  diff: { session: session(keyId), ...(name === '' ? {} : { name: { old: name, new: null } }) },
})

export const sessionRenewed = ({ id, username }: UserRow, oldId: string, newId: string): IdentityEvent => ({
  action: 'login',
  resourceType: 'user',
  resourceId: id,
  resourceTarget: username,
  diff: { session: { old: oldId, new: newId } },
  reason: 'the rights changed',
})

export const deviceSessionName = (host: string): string => `reeve login on ${host}`

export function deviceLoginAnswered(row: DeviceLoginRow, answer: 'approve' | 'deny'): IdentityEvent {
  const shown = { client_name: row.client_name, host: row.host, ip: row.ip }
  return {
    action: answer,
    resourceType: 'device_login',
    resourceId: row.id,
    resourceTarget: deviceSessionName(row.host),
    diff: {
      ...Object.fromEntries(Object.entries(shown).map(([field, value]) => [field, { old: null, new: value }])),
      status: { old: 'pending', new: answer === 'approve' ? 'approved' : 'denied' },
    },
  }
}

/** What was typed is not kept: it may be a code that is good at another deployment, or a password. */
export const deviceCodeUnknown = (): IdentityEvent => ({
  action: 'approve',
  resourceType: 'device_login',
  resourceId: '',
  resourceTarget: 'unknown code',
  outcome: 'refused',
})

const reset = (row: UserRow | undefined, typed: string) => ({
  action: 'reset_password',
  resourceType: 'user',
  resourceId: row?.id ?? '',
  resourceTarget: row?.username ?? (/^[^\s@]{1,64}@[^\s@]{1,190}$/.test(typed) ? typed : 'unknown'),
})

export const resetRequested = (row: UserRow, minutes: number): IdentityEvent => ({
  ...reset(row, ''),
  diff: { code_mailed: { old: null, new: true, secret: true }, valid_minutes: { old: null, new: minutes } },
})

export const resetRefused = (row: UserRow | undefined, typed: string, reason: string): IdentityEvent => ({
  ...reset(row, typed),
  outcome: 'refused',
  diff: { reason: { old: null, new: reason } },
})

export const passwordReset = (row: UserRow, sessionsEnded: number): IdentityEvent => ({
  ...reset(row, ''),
  diff: {
    password: { old: true, new: true, secret: true },
    ...(sessionsEnded === 0 ? {} : { sessions: { old: sessionsEnded, new: 0 } }),
  },
})

/** `seen` is when he was last heard of, or was made. */
export const dormancyChanged = (
  row: { readonly id: string; readonly username: string; readonly seen: Date },
  status: 'active' | 'dormant',
): IdentityEvent => ({
  action: 'write',
  resourceType: 'user',
  resourceId: row.id,
  resourceTarget: row.username,
  diff: {
    status: { old: status === 'active' ? 'dormant' : 'active', new: status },
    last_seen: { old: null, new: row.seen.toISOString() },
  },
})

export const workspaceTokensEnded = (workspaceId: string, ended: number): IdentityEvent => ({
  action: 'delete',
  resourceType: 'api_key',
  resourceId: workspaceId,
  resourceTarget: 'workspace',
  diff: { tokens: { old: ended, new: 0 } },
})

export const responsibleChanged = (row: UserRow, ownerId: string | null): IdentityEvent => ({
  action: 'write',
  resourceType: 'user',
  resourceId: row.id,
  resourceTarget: row.username,
  diff: { responsible: { old: row.owner_id, new: ownerId } },
})
