import { z } from 'zod'
import { Id, Instant, MinimalUser } from './common.ts'
import { endpoint } from './endpoint.ts'

export const AuditEvent = z.object({
  id: Id,
  time: Instant,
  organization_id: Id.nullable(),
  actor: MinimalUser.nullable().describe('Null when nobody was signed in, as in a failed sign-in.'),
  api_key_id: z.string().nullable(),
  action: z.string().describe('verb of the change: create, delete, login, logout, read_content, …'),
  resource_type: z.string(),
  resource_id: z.string(),
  resource_target: z.string().describe('What a person calls the thing: a username, a token name.'),
  outcome: z.enum(['ok', 'refused']),
  diff: z.record(z.string(), z.object({ old: z.unknown(), new: z.unknown(), secret: z.boolean() })),
  ip: z.string().nullable(),
  user_agent: z.string().nullable(),
  request_id: z.string().nullable(),
})
export type AuditEvent = z.infer<typeof AuditEvent>

export const listAuditEvents = endpoint({
  name: 'listAuditEvents',
  method: 'GET',
  path: '/api/v2/audit',
  summary: 'The administrative audit log, newest first',
  tag: 'Audit',
  permission: 'audit_log:read',
  query: z.object({
    q: z
      .string()
      .max(500)
      .optional()
      .describe('Keys: action, resource_type, resource_id, username, outcome, date_from, date_to (YYYY-MM-DD, UTC).'),
    limit: z.coerce.number().int().min(1).max(1000).optional(),
    after_id: Id.optional(),
  }),
  result: z.object({
    audit_logs: z.array(AuditEvent),
    count: z.number().int().describe('Of the whole filter, exact up to 10 000.'),
  }),
  faults: ['invalid'],
})
