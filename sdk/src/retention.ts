import { z } from 'zod'
import { Id, Instant, MinimalUser } from './common.ts'
import { endpoint } from './endpoint.ts'

/** How long what is kept, for whom, and what went. */

/** Everything that ages, once. Days are UTC days, and 0 is for ever. */
export const dataClasses = {
  content: {
    title: 'Content',
    covers: 'Prompts, thinking, answers, tool inputs and results, and the exact bytes',
    perOrganization: true,
  },
  metadata: {
    title: 'Requests',
    covers: 'Who, when, which model, client and session, tokens, outcome, names of tools',
    perOrganization: true,
  },
  usage: { title: 'Usage', covers: 'Requests and tokens by the hour, person and model', perOrganization: true },
  reads: { title: 'Content reads', covers: 'Who read whose words', perOrganization: true },
  boundary: {
    title: 'Boundary events',
    covers: 'What boundaries decided about requests, names, files and commands',
    perOrganization: true,
  },
  audit: {
    title: 'Audit events',
    covers: 'Every change, sign-in and export; one chain for all',
    perOrganization: false,
  },
} as const

export const DataClass = z.enum(['content', 'metadata', 'usage', 'reads', 'boundary', 'audit'])
export type DataClass = z.infer<typeof DataClass>

const keep_days = z.number().int().min(0).max(36_500).describe('0 is for ever.')

export const RetentionPolicy = z.object({
  data_class: DataClass,
  keep_days: keep_days.describe('In force now. 0 is for ever.'),
  inherited: z.boolean().describe('True when the organization has none of its own.'),
  version: z.number().int().nullable(),
  set_at: Instant.nullable(),
  set_by: MinimalUser.nullable().describe('Null: the settings of the deployment.'),
  next: z
    .object({ keep_days, inherited: z.boolean(), effective_at: Instant, set_by: MinimalUser.nullable() })
    .nullable()
    .describe('What shortens the time, and is not in force yet.'),
})
export type RetentionPolicy = z.infer<typeof RetentionPolicy>

const OrganizationName = z.object({ id: Id, name: z.string(), display_name: z.string() })

const tag = 'Retention'
const organization = z.string().min(1).max(64).describe('Name or id.')
const data_class = DataClass

export const listRetentionPolicies = endpoint({
  name: 'listRetentionPolicies',
  method: 'GET',
  path: '/api/v2/retention/policies',
  summary: 'How long each class of data is kept: by the deployment, and by each organization that the caller may read',
  tag,
  permission: 'audit_log:read',
  result: z.object({
    grace_hours: z.number().int().describe('A shorter time is in force so long after it was set.'),
    bounds: z.array(z.object({ data_class, minimum_days: keep_days.nullable(), maximum_days: keep_days.nullable() })),
    deployment: z.array(RetentionPolicy),
    organizations: z.array(z.object({ organization: OrganizationName, policies: z.array(RetentionPolicy) })),
  }),
})

export const setRetentionPolicy = endpoint({
  name: 'setRetentionPolicy',
  method: 'PUT',
  path: '/api/v2/retention/policies/:class',
  summary: 'How long an organization keeps a class; longer counts at once, shorter after the grace',
  tag,
  permission: 'audit_log:update',
  params: z.object({ class: data_class }),
  body: z.strictObject({
    organization,
    keep_days: keep_days.nullable().describe('0 is for ever; null is as the deployment says.'),
    reason: z.string().trim().min(3).max(500).optional(),
  }),
  result: RetentionPolicy,
  faults: ['invalid', 'not_found'],
})

export const RetentionPortion = z.object({
  data_class,
  unit: z.string().describe('What is counted: requests, sessions, blobs, hours, reads, decisions, events.'),
  organization: OrganizationName.nullable(),
  day: z.string().nullable().describe('A UTC day; null for what belongs to no single one.'),
  removed: z.number().int().describe('How many go.'),
  held: z.number().int().describe('How many are over and stay, as a hold covers them.'),
})
export type RetentionPortion = z.infer<typeof RetentionPortion>

export const RetentionPlan = z.object({
  at: Instant,
  portions: z.array(RetentionPortion),
  holds: z.array(
    z.object({ id: Id, reason: z.string(), keeps: z.number().int().describe('Requests that would go without it.') }),
  ),
})
export type RetentionPlan = z.infer<typeof RetentionPlan>

export const planRetention = endpoint({
  name: 'planRetention',
  method: 'POST',
  path: '/api/v2/retention/plan',
  summary: 'A dry run: what would go at this moment, also with policies that are not set yet',
  tag,
  permission: 'audit_log:read',
  body: z.strictObject({
    changes: z
      .array(z.strictObject({ data_class, organization, keep_days: keep_days.nullable() }))
      .max(100)
      .optional()
      .describe('Counted as if they were in force.'),
  }),
  result: RetentionPlan,
  faults: ['invalid', 'not_found'],
})

export const RetentionReceipt = z.object({
  number: z.number().int(),
  data_class,
  unit: z.string(),
  organization: OrganizationName.nullable(),
  day: z.string().nullable(),
  removed: z.number().int(),
  created_at: Instant,
  note: z.string().describe('The signed note.'),
})
export type RetentionReceipt = z.infer<typeof RetentionReceipt>

export const runRetention = endpoint({
  name: 'runRetention',
  method: 'POST',
  path: '/api/v2/retention/runs',
  summary: 'Remove now what is over, as each day happens by itself',
  tag,
  permission: 'audit_log:update',
  result: z.object({
    removed: z.array(RetentionPortion.omit({ held: true })),
    postponed: z.array(z.string()).describe('Days that somebody was reading; they are tried again in a few minutes.'),
  }),
})

export const listRetentionReceipts = endpoint({
  name: 'listRetentionReceipts',
  method: 'GET',
  path: '/api/v2/retention/receipts',
  summary: 'What retention has removed, each a signed note; newest first, or in order after a number',
  tag,
  permission: 'audit_log:read',
  query: z.object({
    limit: z.coerce.number().int().min(1).max(1000).optional().describe('Default 100.'),
    before: z.coerce.number().int().min(1).optional().describe('Older ones than this number.'),
    after: z.coerce.number().int().min(0).optional().describe('Oldest first, from the one behind this number on.'),
  }),
  result: z.object({ receipts: z.array(RetentionReceipt) }),
  faults: ['invalid'],
})
