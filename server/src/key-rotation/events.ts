import type { AuditEntry } from '../audit/journal.ts'
import type { KeyringChange } from '../keyring/reseal.ts'

/** The audit entries of this room, as data. `scope` and `at` are added by whoever appends them. */
export type KeyringEvent = Omit<AuditEntry, 'scope' | 'at'>

const key = (id: string, action: string, diff: NonNullable<AuditEntry['diff']>): KeyringEvent => ({
  action,
  resourceType: 'keyring_key',
  resourceId: id,
  resourceTarget: id,
  diff,
})

/** A server came up with a key that the database did not know. */
export const keyAdded = (id: string): KeyringEvent => key(id, 'create', { key: { old: null, new: true, secret: true } })

export const keyringChanged = (change: KeyringChange): KeyringEvent =>
  change.kind === 'retired'
    ? key(change.keyId, 'write', { needed: { old: true, new: false } })
    : key(change.keyId, 'write', {
        [`${change.table}.${change.column}`]: { old: null, new: `${change.rows} resealed` },
      })

export const rotationAsked = (oldKeyId: string, newKeyId: string): KeyringEvent =>
  key(newKeyId, 'rotate', { seals: { old: oldKeyId, new: newKeyId } })
