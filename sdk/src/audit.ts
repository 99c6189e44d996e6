import { z } from 'zod'
import { Id, Instant, MinimalUser } from './common.ts'
import { endpoint } from './endpoint.ts'

export const AuditSource = z.enum(['ui', 'cli', 'api', 'system'])

export const AuditEvent = z.object({
  id: Id,
  seq: z.number().int().nullable().describe('Place in the hash chain. Null until an older event is chained.'),
  hash: z.string().nullable().describe('The chain up to and with this event, base64. Null as long as `seq` is.'),
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
  reason: z.string().nullable().describe('Why, where whoever did it said so.'),
  source: AuditSource.nullable().describe(
    'By which way it came: ui needs the cookie of a browser, cli can be claimed by any program, system by none. ' +
      'Null for events from before this was kept.',
  ),
  ip: z.string().nullable(),
  user_agent: z.string().nullable(),
  request_id: z.string().nullable(),
})
export type AuditEvent = z.infer<typeof AuditEvent>

const auditSearch =
  'Words are looked for in target, resource, reason and actor. Keys: id, action, resource_type, resource_id, ' +
  'resource_target, username, actor_type (user, service_account, nobody), outcome, ip (address or range), source, ' +
  'reason, organization, request_id, date_from, date_to (YYYY-MM-DD as a whole UTC day, or an RFC 3339 instant).'

export const listAuditEvents = endpoint({
  name: 'listAuditEvents',
  method: 'GET',
  path: '/api/v2/audit',
  summary: 'The administrative audit log, newest first',
  tag: 'Audit',
  permission: 'audit_log:read',
  query: z.object({
    q: z.string().max(500).optional().describe(auditSearch),
    limit: z.coerce.number().int().min(1).max(1000).optional(),
    after_id: Id.optional(),
  }),
  result: z.object({
    audit_logs: z.array(AuditEvent),
    count: z.number().int().describe('Of the whole filter, exact up to 10 000.'),
  }),
  faults: ['invalid'],
})

export const exportAuditEvents = endpoint({
  name: 'exportAuditEvents',
  method: 'GET',
  path: '/api/v2/audit/export',
  summary: 'The audit log as a file, oldest first; the export is itself an event',
  tag: 'Audit',
  permission: 'audit_log:export',
  query: z.object({
    format: z
      .enum(['jsonl', 'csv', 'ocsf'])
      .optional()
      .describe('jsonl (default): with hashes, checkpoints and a manifest, for `reeve audit verify`.'),
    q: z.string().max(500).optional().describe('As in the list. A filtered export cannot be proved complete.'),
    reason: z.string().min(1).max(500).optional().describe('Why; it stands in the event of the export.'),
  }),
  answers: 'bytes',
  result: z.string(),
  faults: ['invalid'],
})

export const AuditKey = z.object({
  key: z.string().describe('In the form of signed notes: name+id+base64.'),
  id: z.string().describe('The eight hexadecimal digits in the middle.'),
  replica: z.string().describe('The replica that signs with it.'),
  created_at: Instant,
})
export type AuditKey = z.infer<typeof AuditKey>

export const AuditCheckpoint = z.object({
  number: z.number().int(),
  seq: z.number().int().describe('The last event that it covers.'),
  time: Instant,
  key_id: z.string(),
  note: z.string().describe('The signed note, as it also stands in checkpoints.log.'),
})
export type AuditCheckpoint = z.infer<typeof AuditCheckpoint>

export const getAuditChain = endpoint({
  name: 'getAuditChain',
  method: 'GET',
  path: '/api/v2/audit/chain',
  summary: 'How long the hash chain is, its last checkpoint and the public keys that checkpoints are signed with',
  tag: 'Audit',
  permission: 'audit_log:read',
  result: z.object({
    origin: z.string(),
    seq: z.number().int().describe('Of the newest event.'),
    hash: z.string(),
    removed_seq: z.number().int().describe('Events up to this one were removed by retention.'),
    checkpoint: AuditCheckpoint.nullable(),
    keys: z.array(AuditKey),
  }),
})
