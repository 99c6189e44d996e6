import type { Uuid } from '@reeve/base'
import type { AuditDiff, AuditEntry } from '../audit/journal.ts'
import type { Account } from './provider-client.ts'

/** The audit entries of this room, as data. `scope` and `at` are added by whoever appends them. */
export type ExternalAuthEvent = Omit<AuditEntry, 'scope' | 'at'>

const link = (action: string, userId: Uuid, providerId: string, diff: AuditDiff): ExternalAuthEvent => ({
  action,
  resourceType: 'external_auth_link',
  resourceId: `${providerId}/${userId}`,
  resourceTarget: providerId,
  diff,
})

export const accountLinked = (
  userId: Uuid,
  providerId: string,
  isNew: boolean,
  account: Account | null,
  scopes: readonly string[],
): ExternalAuthEvent =>
  link(isNew ? 'create' : 'write', userId, providerId, {
    account: { old: null, new: account?.login ?? account?.id ?? null },
    scopes: { old: null, new: scopes },
    access_token: { old: isNew ? null : true, new: true, secret: true },
  })

/** Somebody came back from a provider with an answer that is not his, not ours, or not a good one. */
export const linkRefused = (userId: Uuid | null, providerId: string, reason: string): ExternalAuthEvent => ({
  ...link('create', userId ?? '', providerId, { reason: { old: null, new: reason } }),
  outcome: 'refused',
})

export const accountUnlinked = (userId: Uuid, providerId: string, revoked: boolean): ExternalAuthEvent =>
  link('delete', userId, providerId, {
    access_token: { old: true, new: null, secret: true },
    revoked_at_provider: { old: false, new: revoked },
  })

export const tokenRenewed = (userId: Uuid, providerId: string, expiresAt: Date | null): ExternalAuthEvent =>
  link('refresh', userId, providerId, { expires_at: { old: null, new: expiresAt?.toISOString() ?? null } })

export const renewalFailed = (userId: Uuid, providerId: string, reason: string): ExternalAuthEvent => ({
  ...link('refresh', userId, providerId, { failure: { old: null, new: reason } }),
  outcome: 'refused',
})

export const tokenHandedOut = (userId: Uuid, providerId: string): ExternalAuthEvent =>
  link('read_token', userId, providerId, {})
