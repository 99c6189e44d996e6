import type { Uuid } from '@reeve/base'
import type { AuditEntry } from '../audit/journal.ts'

/** The administrative events of the bridge. */

type Who = AuditEntry['scope']

/** Somebody read what another person and an agent said to each other. */
export function contentRead(
  scope: Who,
  at: Date,
  of: { readonly sessionId: Uuid; readonly ownerName: string; readonly organizationId: Uuid },
): AuditEntry {
  return {
    scope,
    at,
    action: 'read_content',
    resourceType: 'session',
    resourceId: of.sessionId,
    resourceTarget: of.ownerName,
    organizationId: of.organizationId,
  }
}

/** A token that names a key of ours, and was not let in. */
export function gatewayRefused(
  scope: Who,
  at: Date,
  of: { readonly keyId: string; readonly keyName: string; readonly reason: string },
): AuditEntry {
  return {
    scope,
    at,
    action: 'call_model',
    resourceType: 'api_key',
    resourceId: of.keyId,
    resourceTarget: of.keyName,
    outcome: 'refused',
    diff: { reason: { old: null, new: of.reason } },
  }
}
