import { z } from 'zod'
import { TokenUsageSummary } from './interception.ts'
import { Id, Instant, UserRef } from './common.ts'
import { endpoint } from './endpoint.ts'
import { OrganizationRef } from './organizations.ts'

/** What was used: requests and tokens of a period, added up by one thing. Numbers only; nothing of what was said. */

export const UsageGroupBy = z.enum(['user', 'group', 'organization', 'model', 'provider', 'client', 'day', 'hour'])
export type UsageGroupBy = z.infer<typeof UsageGroupBy>

const counts = {
  requests: z.number().int().describe('That ended in the period, of whatever kind.'),
  errors: z.number().int().describe('Those among them without an answer: outcome neither ok nor client_disconnected.'),
  ...TokenUsageSummary.shape,
  read_tokens: z.number().int().describe('Everything the models read: fresh input and both cache classes together.'),
  total_tokens: z.number().int().describe('Read and written.'),
}

export const UsageCounts = z.object(counts)
export type UsageCounts = z.infer<typeof UsageCounts>

export const UsageRow = z.object({
  key: z
    .string()
    .describe('Id of the person, group or organization; model, provider or client; a date; an hour as an instant.'),
  name: z
    .string()
    .describe('What to show for it. Empty where there is none: people in no group, requests to no model.'),
  ...counts,
})
export type UsageRow = z.infer<typeof UsageRow>

export const UsageReport = z.object({
  from: Instant,
  to: Instant.describe('Not part of the period any more.'),
  zone: z.string(),
  group_by: UsageGroupBy,
  total: UsageCounts.describe('Of everything that matches, each request once.'),
  rows: z.array(UsageRow).describe('Most tokens first; days and hours in order, those without usage too.'),
  other: UsageCounts.extend({ count: z.number().int() })
    .nullable()
    .describe('What the rows left out have together, and how many they are; null when none are.'),
  overlapping: z
    .boolean()
    .describe(
      'True when somebody is in several of the groups and counted in each: the rows are then more than the total.',
    ),
})
export type UsageReport = z.infer<typeof UsageReport>

const Moment = z.union([z.iso.date(), Instant])
const Name = z.string().max(256).optional()

const filter = {
  from: Moment.optional().describe(
    'An instant, or a date: the beginning of that day in the zone. Default: 29 days before the day of `to`.',
  ),
  to: Moment.optional().describe(
    'The end, not included. Default: now. An hour of UTC counts when it begins in the period.',
  ),
  zone: z.string().max(64).optional().describe('IANA name of the zone of the days. Default: UTC.'),
  group_by: UsageGroupBy.optional().describe('Default: day.'),
  user: UserRef.optional().describe('Username, id or me.'),
  group: Id.optional().describe('People who are in this group today.'),
  organization: OrganizationRef.optional(),
  model: Name,
  provider: Name.describe('Name or wire type.'),
  client: Name,
}

export const getUsage = endpoint({
  name: 'getUsage',
  method: 'GET',
  path: '/api/v2/usage',
  summary: 'Requests and tokens of a period, added up; members see their own',
  tag: 'Usage',
  permission: 'usage:read',
  query: z.object({
    ...filter,
    top: z.coerce
      .number()
      .int()
      .min(1)
      .max(1000)
      .optional()
      .describe('How many rows; the rest is `other`. Default: 50.'),
  }),
  result: UsageReport,
  faults: ['invalid'],
})

export const exportUsage = endpoint({
  name: 'exportUsage',
  method: 'GET',
  path: '/api/v2/usage/csv',
  summary: 'The same as a file of comma-separated values',
  tag: 'Usage',
  permission: 'usage:read',
  query: z.object(filter),
  answers: 'bytes',
  result: z.string(),
  faults: ['invalid'],
})
