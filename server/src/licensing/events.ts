import type { AuditEntry } from '../audit/journal.ts'
import type { LicenseRow } from './queries.ts'

/** The audit entries of this room, as data. */
type LicenseEvent = Omit<AuditEntry, 'scope' | 'at'>

const about = (action: string, row: LicenseRow): Omit<LicenseEvent, 'diff'> => ({
  action,
  resourceType: 'license',
  resourceId: String(row.id),
  resourceTarget: row.uuid,
})

const facts = ({ uuid, uploaded_at, exp }: LicenseRow) => ({
  uuid,
  uploaded_at: uploaded_at.toISOString(),
  exp: exp.toISOString(),
})

export const licenseAdded = (row: LicenseRow): LicenseEvent => ({
  ...about('create', row),
  diff: Object.fromEntries(Object.entries(facts(row)).map(([name, value]) => [name, { old: null, new: value }])),
})

export const licenseDeleted = (row: LicenseRow): LicenseEvent => ({
  ...about('delete', row),
  diff: Object.fromEntries(Object.entries(facts(row)).map(([name, value]) => [name, { old: value, new: null }])),
})

/** Whatever was uploaded is not repeated: it may have been anything. */
export const licenseRefused = (problem: string): LicenseEvent => ({
  action: 'create',
  resourceType: 'license',
  resourceId: '',
  resourceTarget: '',
  outcome: 'refused',
  diff: { problem: { old: null, new: problem } },
})
