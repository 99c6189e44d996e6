import type { Uuid } from '@reeve/base'
import type { AuditDiff, AuditEntry } from '../audit/journal.ts'

/** The administrative events of the bridge. */

type Who = AuditEntry['scope']

/** Somebody read what another person and an agent said to each other. */
export function contentRead(
  scope: Who,
  at: Date,
  of: {
    readonly sessionId: Uuid
    readonly interceptionId: Uuid | null
    readonly user_id: Uuid
    readonly username: string
    readonly organization_id: Uuid
    readonly how: string
    readonly reason?: string
  },
): AuditEntry {
  const told = { how: of.how, owner_id: of.user_id, interception_id: of.interceptionId }
  return {
    scope,
    at,
    action: 'read_content',
    resourceType: 'session',
    resourceId: of.sessionId,
    resourceTarget: of.username,
    organizationId: of.organization_id,
    diff: facts(told),
    ...(of.reason === undefined ? {} : { reason: of.reason }),
  }
}

/** Somebody was shown prompts of other people in a list, looked for words among theirs, or took them away in a file. */
export function contentSearched(
  scope: Who,
  at: Date,
  of: {
    readonly how: 'search' | 'export'
    readonly owners: readonly { readonly id: Uuid; readonly username: string }[]
    readonly ownersCount: number
    readonly organizationId: Uuid | null
    readonly searched: string | null
    readonly reason?: string
  },
): AuditEntry {
  const owner_ids = of.owners.map((owner) => owner.id)
  return {
    scope,
    at,
    action: 'read_content',
    resourceType: of.how,
    resourceId: scope.requestId,
    resourceTarget: of.owners.map((owner) => owner.username).join(', '),
    organizationId: of.organizationId,
    diff: facts({ how: of.how, q: of.searched, owner_ids, owners: of.ownersCount }),
    ...(of.reason === undefined ? {} : { reason: of.reason }),
  }
}

/** An export of sessions was asked for. */
export function sessionsExporting(
  scope: Who,
  at: Date,
  of: {
    readonly q: string
    readonly content: boolean
    readonly bodies: boolean
    readonly reason: string | undefined
  },
): AuditEntry {
  const { reason, ...told } = of
  return {
    scope,
    at,
    action: 'export',
    resourceType: 'session',
    resourceId: scope.requestId,
    resourceTarget: of.q === '' ? 'all sessions' : of.q,
    diff: facts(told),
    ...(reason === undefined ? {} : { reason }),
  }
}

/** All of it was sent: by its hash the file is known again. */
export function sessionsExported(
  scope: Who,
  at: Date,
  of: { readonly sessions: number; readonly requests: number; readonly sha256: string },
): AuditEntry {
  return {
    scope,
    at,
    action: 'finish_export',
    resourceType: 'session',
    resourceId: scope.requestId,
    resourceTarget: `${of.sessions} sessions`,
    diff: facts({ sessions: of.sessions, requests: of.requests, sha256: of.sha256 }),
  }
}

const facts = (told: Readonly<Record<string, unknown>>): AuditDiff =>
  Object.fromEntries(
    Object.entries(told)
      .filter(([, value]) => value !== null)
      .map(([name, value]) => [name, { old: null, new: value }]),
  )

/** The server runs without masking: secrets are kept as they come. */
export function maskingOff(scope: Who, at: Date): AuditEntry {
  return {
    scope,
    at,
    action: 'start',
    resourceType: 'masking',
    resourceId: 'masking',
    resourceTarget: 'masking of secrets in the record',
    diff: { masking: { old: null, new: false } },
  }
}

/** A token that names a key of ours, and was not let in. */
export function gatewayRefused(
  scope: Who,
  at: Date,
  of: {
    readonly keyId: string
    readonly keyName: string
    readonly reason: string
    readonly boundarySessionId: Uuid | null
  },
): AuditEntry {
  return {
    scope,
    at,
    action: 'call_model',
    resourceType: 'api_key',
    resourceId: of.keyId,
    resourceTarget: of.keyName,
    outcome: 'refused',
    diff: facts({ reason: of.reason, boundary_session_id: of.boundarySessionId }),
  }
}

/** Somebody named what a provider keeps for another person. */
export function foreignObject(
  scope: Who,
  at: Date,
  of: {
    readonly providerName: string
    readonly objectId: string
    readonly organizationId: Uuid
    readonly interceptionId: Uuid
  },
): AuditEntry {
  return {
    scope,
    at,
    action: 'use_stored_object',
    resourceType: 'stored_object',
    resourceId: of.objectId,
    resourceTarget: `${of.objectId} at ${of.providerName}`,
    organizationId: of.organizationId,
    outcome: 'refused',
    diff: facts({ interception_id: of.interceptionId, reason: 'other_user' }),
  }
}
