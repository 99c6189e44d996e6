import type { Preset } from '../table/presets.tsx'

/** What an auditor looks for first, in the words of the query bar. */
export const auditPresets: readonly Preset[] = [
  ['Content reveals', 'action:read_content'],
  ['Role grants', 'action:assign_roles'],
  [
    'Policy changes',
    'resource_type:role resource_type:idp_sync_settings resource_type:audit_sink resource_type:legal_hold resource_type:retention_policy resource_type:masking',
  ],
  ['Exports', 'action:export'],
  ['Failed sign-ins', 'action:login outcome:refused'],
  ['Break-glass', 'reason:break-glass'],
  ['Tokens', 'resource_type:api_key'],
  ['Everything refused', 'outcome:refused'],
]
