import type { Uuid } from '@reeve/base'
import type { AuditEntry } from '../audit/journal.ts'

/** The audit entries of this room, as data. */
export type BoundaryAudit = Omit<AuditEntry, 'scope' | 'at'>

interface OfSession {
  readonly id: Uuid
  readonly command: string
  readonly user_id: Uuid
  readonly organization_id: Uuid
}

const aboutSession = (row: OfSession) => ({
  resourceType: 'boundary',
  resourceId: row.id,
  resourceTarget: row.command,
  organizationId: row.organization_id,
})

export const boundaryStopped = (row: OfSession): BoundaryAudit => ({
  action: 'stop',
  ...aboutSession(row),
  diff: { user_id: { old: null, new: row.user_id } },
})

/** What came as its record is not what was written, or not all of it from who should write it. */
export const recordTampered = (row: OfSession, how: string): BoundaryAudit => ({
  action: 'write',
  ...aboutSession(row),
  outcome: 'refused',
  diff: { record: { old: null, new: how }, user_id: { old: null, new: row.user_id } },
})

interface OfPolicy {
  readonly id: Uuid
  readonly name: string
  readonly organization_id: Uuid | null
  readonly template_id: Uuid | null
}

export const policyPublished = (
  policy: OfPolicy,
  version: number,
  { digest, message, reverts }: { readonly digest: string; readonly message: string; readonly reverts: number | null },
): BoundaryAudit => ({
  action: version === 1 ? 'create' : 'write',
  resourceType: 'boundary_policy',
  resourceId: policy.id,
  resourceTarget: policy.name,
  organizationId: policy.organization_id,
  reason: message,
  diff: {
    version: { old: version === 1 ? null : version - 1, new: version },
    sha256: { old: null, new: digest },
    ...(policy.template_id === null ? {} : { template_id: { old: null, new: policy.template_id } }),
    ...(reverts === null ? {} : { reverts: { old: null, new: reverts } }),
  },
})

export const policyRemoved = (policy: OfPolicy & { readonly version: number }): BoundaryAudit => ({
  action: 'delete',
  resourceType: 'boundary_policy',
  resourceId: policy.id,
  resourceTarget: policy.name,
  organizationId: policy.organization_id,
  diff: { version: { old: policy.version, new: null } },
})

interface OfRequest {
  readonly id: Uuid
  readonly user_id: Uuid
  readonly organization_id: Uuid
  readonly what: string
}

const aboutRequest = (row: OfRequest) => ({
  resourceType: 'access_request',
  resourceId: row.id,
  resourceTarget: row.what,
  organizationId: row.organization_id,
})

export const accessAsked = (row: OfRequest & { readonly scope: string; readonly reason: string }): BoundaryAudit => ({
  action: 'create',
  ...aboutRequest(row),
  reason: row.reason,
  diff: { scope: { old: null, new: row.scope }, user_id: { old: null, new: row.user_id } },
})

export const accessApproved = (
  row: OfRequest,
  granted: { readonly rule: unknown; readonly scope: string; readonly expiresAt: Date; readonly answer: string | null },
): BoundaryAudit => ({
  action: 'approve',
  ...aboutRequest(row),
  ...(granted.answer === null ? {} : { reason: granted.answer }),
  diff: {
    rule: { old: null, new: granted.rule },
    scope: { old: null, new: granted.scope },
    expires_at: { old: null, new: granted.expiresAt.toISOString() },
    user_id: { old: null, new: row.user_id },
  },
})

export const accessClosed = (row: OfRequest, action: 'decline' | 'withdraw', reason: string | null): BoundaryAudit => ({
  action,
  ...aboutRequest(row),
  ...(reason === null ? {} : { reason }),
  diff: { user_id: { old: null, new: row.user_id } },
})
