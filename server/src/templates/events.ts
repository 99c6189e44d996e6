import type { Uuid } from '@reeve/base'
import type { AuditDiff, AuditEntry } from '../audit/journal.ts'

/** The audit entries of this room, as data. */
export type TemplateAudit = Omit<AuditEntry, 'scope' | 'at'>

interface OfTemplate {
  readonly id: Uuid
  readonly name: string
  readonly organization_id: Uuid
}

const aboutTemplate = (row: OfTemplate) => ({
  resourceType: 'template',
  resourceId: row.id,
  resourceTarget: row.name,
  organizationId: row.organization_id,
})

export const templateCreated = (row: OfTemplate & { readonly active_version_id: Uuid }): TemplateAudit => ({
  action: 'create',
  ...aboutTemplate(row),
  diff: {
    name: { old: null, new: row.name },
    active_version_id: { old: null, new: row.active_version_id },
  },
})

export const templateChanged = (row: OfTemplate, diff: AuditDiff): TemplateAudit => ({
  action: 'write',
  ...aboutTemplate(row),
  diff,
})

export const templateRemoved = (row: OfTemplate): TemplateAudit => ({
  action: 'delete',
  ...aboutTemplate(row),
  diff: { name: { old: row.name, new: null } },
})

interface OfVersion {
  readonly id: Uuid
  readonly name: string
  readonly template_id: Uuid | null
  readonly organization_id: Uuid
}

const aboutVersion = (row: OfVersion) => ({
  resourceType: 'template_version',
  resourceId: row.id,
  resourceTarget: row.name,
  organizationId: row.organization_id,
})

/** The hash is what the version is: whatever is built of it later is built of these very bytes. */
export const versionPushed = (
  row: OfVersion & { readonly message: string },
  sha256: Buffer,
  variables: readonly string[],
): TemplateAudit => ({
  action: 'create',
  ...aboutVersion(row),
  ...(row.message === '' ? {} : { reason: row.message }),
  diff: {
    template_id: { old: null, new: row.template_id },
    sha256: { old: null, new: sha256.toString('hex') },
    ...(variables.length === 0 ? {} : { variables: { old: null, new: variables } }),
  },
})

export const versionChanged = (row: OfVersion, diff: AuditDiff): TemplateAudit => ({
  action: 'write',
  ...aboutVersion(row),
  diff,
})

/** What differs of these fields, as a diff. */
export function changesOf<T extends object>(old: T, next: Partial<T>): AuditDiff {
  // SAFETY: keys of an object of this type.
  const names = Object.keys(next) as (keyof T & string)[]
  return Object.fromEntries(
    names
      .filter((name) => next[name] !== undefined && JSON.stringify(old[name]) !== JSON.stringify(next[name]))
      .map((name) => [name, { old: old[name], new: next[name] }]),
  )
}
