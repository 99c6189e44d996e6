import { z } from 'zod'
import { Id, Instant, NoContent } from './common.ts'
import { endpoint } from './endpoint.ts'

/**
 * Where audit events, records of interceptions and events of boundaries are sent as they happen. Each sink has a place of
 * its own in each and resumes from there.
 */

const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'is not a name: small letters, digits and hyphens')
  .describe('Small letters, digits and hyphens.')

const sends = z
  .array(z.enum(['audit', 'interceptions', 'boundaries']))
  .min(1)
  .max(3)
  .describe('What it is sent: events of the audit log, records of interceptions, events of boundaries.')
const content = z
  .boolean()
  .describe(
    'Whether records of interceptions come with prompts, thoughts, inputs of tools and messages of errors, as they were ' +
      'recorded (secrets masked). Whoever sets it needs interception_content:read everywhere.',
  )

export const AuditSink = z.object({
  id: Id,
  name: z.string(),
  kind: z.enum(['syslog', 'otlp', 'webhook']),
  format: z.enum(['reeve', 'ocsf']),
  url: z.string(),
  sends,
  content,
  allow_private: z.boolean(),
  has_secret: z.boolean(),
  has_ca: z.boolean().describe('Certificates of its own are trusted, not the public ones.'),
  created_at: Instant,
  disabled_at: Instant.nullable().describe('Since when nothing is sent to it. Its place in the chain stays.'),
  delivered_seq: z.number().int().describe('Everything up to this event has been taken by the receiver.'),
  lag: z.number().int().describe('How many audit events it has still to be sent.'),
  record_lag: z.number().int().describe('How many ended interceptions it has still to be sent the records of.'),
  boundary_lag: z.number().int().describe('How many events of boundaries it has still to be sent.'),
  last_delivered_at: Instant.nullable(),
  last_error: z.string().nullable(),
  failing_since: Instant.nullable(),
  next_attempt_at: Instant.nullable(),
})
export type AuditSink = z.infer<typeof AuditSink>

const url = z
  .string()
  .max(2000)
  .describe('tls://host:6514 for syslog; https:// for the others. OTLP: the base address, /v1/logs is added.')
const format = z.enum(['reeve', 'ocsf'])
const secret = z
  .string()
  .min(16)
  .max(4000)
  .describe('webhook: what it is signed with (made if absent). otlp: sent as a bearer token.')
const ca = z.string().max(100_000).describe('Certificates (PEM) to trust instead of the public ones.')
const allow_private = z.boolean().describe('Allow an address in a private network.')

const WithSecret = AuditSink.extend({
  secret: z.string().nullable().describe('Of a webhook, when it was made here. Not shown again.'),
})

const params = z.object({ sink: z.string().min(1).max(64).describe('Name or id.') })

export const listAuditSinks = endpoint({
  name: 'listAuditSinks',
  method: 'GET',
  path: '/api/v2/audit/sinks',
  summary: 'Sinks and how far each has got',
  tag: 'Audit',
  permission: 'audit_log:read',
  result: z.object({ sinks: z.array(AuditSink) }),
})

export const createAuditSink = endpoint({
  name: 'createAuditSink',
  method: 'POST',
  path: '/api/v2/audit/sinks',
  summary: 'Send audit events or records somewhere from now on, or from the beginning',
  tag: 'Audit',
  permission: 'audit_log:update',
  body: z.strictObject({
    name,
    kind: z.enum(['syslog', 'otlp', 'webhook']),
    url,
    format: format.optional(),
    secret: secret.optional(),
    ca: ca.optional(),
    allow_private: allow_private.optional(),
    sends: sends.optional(),
    content: content.optional(),
    from: z.enum(['now', 'beginning']).optional(),
  }),
  status: 201,
  result: WithSecret,
  faults: ['invalid', 'conflict'],
})

export const updateAuditSink = endpoint({
  name: 'updateAuditSink',
  method: 'PATCH',
  path: '/api/v2/audit/sinks/:sink',
  summary: 'Change a sink, or end and resume sending to it; what is not named stays',
  tag: 'Audit',
  permission: 'audit_log:update',
  params,
  body: z.strictObject({
    name: name.optional(),
    url: url.optional(),
    format: format.optional(),
    secret: secret
      .nullable()
      .optional()
      .describe('null: of a webhook a new one is made and shown once; otlp sends none from then on.'),
    ca: ca.nullable().optional().describe('null: the public certificates are trusted.'),
    allow_private: allow_private.optional(),
    sends: sends.optional(),
    content: content.optional(),
    enabled: z.boolean().optional().describe('false: nothing is sent; true: what came meanwhile is sent first.'),
  }),
  result: WithSecret,
  faults: ['invalid', 'not_found', 'conflict'],
})

export const testAuditSink = endpoint({
  name: 'testAuditSink',
  method: 'POST',
  path: '/api/v2/audit/sinks/:sink/test',
  summary: 'Send one event that says that it is a test, and tell what the receiver made of it',
  tag: 'Audit',
  permission: 'audit_log:update',
  params,
  result: z.object({ delivered: z.boolean(), error: z.string().nullable() }),
  faults: ['not_found'],
})

export const deleteAuditSink = endpoint({
  name: 'deleteAuditSink',
  method: 'DELETE',
  path: '/api/v2/audit/sinks/:sink',
  summary: 'Send nothing more to a sink and forget how far it was',
  tag: 'Audit',
  permission: 'audit_log:update',
  params,
  status: 204,
  result: NoContent,
  faults: ['not_found'],
})
