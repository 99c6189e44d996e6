import { z } from 'zod'
import { Id, Instant, MinimalUser, UserRef } from './common.ts'
import { endpoint } from './endpoint.ts'

/** Reading other people's words: that it was done, by whom, of whom, when and why. */

/**
 * How somebody was shown another person's words: one session or request (`view`), exact bytes (`body`), prompts in a
 * list or words that were looked for (`search`), a live view (`watch`), an export (`export`).
 */
export const ContentReadHow = z.enum(['view', 'body', 'search', 'watch', 'export'])
export type ContentReadHow = z.infer<typeof ContentReadHow>

export const ContentRead = z.object({
  id: Id,
  reader: MinimalUser,
  reader_roles: z.array(z.string()).describe('The roles by which the reader was allowed to, as he held them then.'),
  owner: MinimalUser.describe('Whose words they were.'),
  organization_id: Id,
  session_id: Id.nullable().describe('Null for a list or a search, which shows prompts of many sessions.'),
  interception_id: Id.nullable().describe('The first request of which bytes were read.'),
  how: ContentReadHow,
  reason: z.string().nullable(),
  first_at: Instant,
  last_at: Instant,
  times: z.number().int().describe('How often, from the first to the last time: one row holds 15 minutes.'),
  request_id: z.string().describe('Of the first time.'),
})
export type ContentRead = z.infer<typeof ContentRead>

/** Goes with everything that shows words of other people. */
export const readingReason = {
  reason: z
    .string()
    .min(1)
    .max(500)
    .optional()
    .describe('Why words of other people are read; kept with the record of the reading, which their owner can see.'),
}

export const listContentReads = endpoint({
  name: 'listContentReads',
  method: 'GET',
  path: '/api/v2/users/:user/content-reads',
  summary: 'Who read the words of this user, newest first; everybody’s own, those of others with audit_log:read',
  tag: 'Audit',
  permission: 'signed_in',
  params: z.object({ user: UserRef }),
  query: z.object({
    limit: z.coerce.number().int().min(1).max(1000).optional().describe('Default 100.'),
    after_id: Id.optional(),
  }),
  result: z.object({
    content_reads: z.array(ContentRead),
    count: z.number().int().describe('Exact up to 10 000.'),
  }),
  faults: ['not_found'],
})
