import { z } from 'zod'
import { Id, Instant, MinimalUser } from './common.ts'
import { endpoint } from './endpoint.ts'

/** What must not be removed, whatever retention says. */
export const LegalHold = z.object({
  id: Id,
  user: MinimalUser.nullable().describe('Whose interceptions and audit events; null for anybody.'),
  session_id: Id.nullable(),
  from: Instant.nullable(),
  to: Instant.nullable(),
  reason: z.string(),
  created_at: Instant,
  created_by: MinimalUser.nullable(),
  released_at: Instant.nullable(),
  release_reason: z.string().nullable(),
})
export type LegalHold = z.infer<typeof LegalHold>

const reason = z.string().trim().min(3, 'must say why, in 3 characters or more').max(500)

export const listLegalHolds = endpoint({
  name: 'listLegalHolds',
  method: 'GET',
  path: '/api/v2/retention/holds',
  summary: 'Legal holds, newest first; released ones too',
  tag: 'Retention',
  permission: 'audit_log:read',
  result: z.object({ holds: z.array(LegalHold) }),
})

const covers = z
  .object({
    interceptions: z.number().int(),
    sessions: z.number().int(),
    audit_events: z.number().int(),
  })
  .describe('What is there now that it is about, each counted exactly up to 10 000, also after its release.')

export const LegalHoldCoverage = LegalHold.extend({ covers })
export type LegalHoldCoverage = z.infer<typeof LegalHoldCoverage>

export const getLegalHold = endpoint({
  name: 'getLegalHold',
  method: 'GET',
  path: '/api/v2/retention/holds/:id',
  summary: 'One hold, and how much it covers',
  tag: 'Retention',
  permission: 'audit_log:read',
  params: z.object({ id: Id }),
  result: LegalHoldCoverage,
  faults: ['not_found'],
})

const about = {
  user: z.string().min(1).max(64).optional().describe('Username or id.'),
  session_id: Id.optional(),
  from: Instant.optional(),
  to: Instant.optional(),
}

export const previewLegalHold = endpoint({
  name: 'previewLegalHold',
  method: 'POST',
  path: '/api/v2/retention/holds/preview',
  summary: 'How much a hold would cover; none is placed',
  tag: 'Retention',
  permission: 'audit_log:read',
  body: z.strictObject(about),
  result: z.object({ covers }),
  faults: ['invalid', 'not_found'],
})

export const createLegalHold = endpoint({
  name: 'createLegalHold',
  method: 'POST',
  path: '/api/v2/retention/holds',
  summary: 'Keep what a user did, a session, or all of a time, until the hold is released',
  tag: 'Retention',
  permission: 'audit_log:update',
  body: z.strictObject({ ...about, reason }),
  status: 201,
  result: LegalHold,
  faults: ['invalid', 'not_found'],
})

export const releaseLegalHold = endpoint({
  name: 'releaseLegalHold',
  method: 'POST',
  path: '/api/v2/retention/holds/:id/release',
  summary: 'End a hold: retention removes again what it covered',
  tag: 'Retention',
  permission: 'audit_log:update',
  params: z.object({ id: Id }),
  body: z.strictObject({ reason }),
  result: LegalHold,
  faults: ['not_found', 'conflict'],
})
