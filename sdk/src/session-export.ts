import { z } from 'zod'
import { Id, Instant } from './common.ts'
import { readingReason } from './content.ts'
import { endpoint } from './endpoint.ts'
import { Interception } from './interception.ts'
import { Session, TimelineEvent } from './bridge.ts'

/**
 * A file of sessions: JSON lines, oldest session first. Each session is followed by its requests, each request by what
 * happened in it and by its bytes. The last line is the manifest: a file without it was cut off, and one of which any
 * byte was changed has another hash.
 */
export const SessionExportLine = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('header'),
    format: z.literal('reeve-sessions/1'),
    exported_at: Instant,
    q: z.string(),
    content: z.boolean().describe('False where words of others were left out on purpose.'),
    bodies: z.boolean(),
    after_session_id: Id.nullable(),
  }),
  z.object({ kind: z.literal('session'), session: Session }),
  z.object({ kind: z.literal('request'), request: Interception }),
  z.object({ kind: z.literal('event'), event: TimelineEvent }),
  z.object({
    kind: z.literal('body'),
    request_id: Id,
    side: z.enum(['request', 'sent', 'response']).describe('sent: how the provider was asked, where that differs.'),
    part: z.number().int().describe('From 1; all parts of a side make up its bytes.'),
    parts: z.number().int(),
    encoding: z.enum(['utf8', 'base64']),
    data: z.string().describe('As recorded, secrets masked.'),
  }),
  z.object({
    kind: z.literal('manifest'),
    sessions: z.number().int(),
    requests: z.number().int(),
    events: z.number().int(),
    bodies: z.number().int(),
    lines: z.number().int().describe('In front of this one.'),
    sha256: z.string().describe('Of all bytes in front of this line, in hexadecimal.'),
    last_session_id: Id.nullable(),
  }),
])
export type SessionExportLine = z.infer<typeof SessionExportLine>

export const exportSessions = endpoint({
  name: 'exportSessions',
  method: 'GET',
  path: '/api/v2/aibridge/sessions-export',
  aliases: ['/api/v2/ai-gateway/sessions-export'],
  summary: 'Sessions with everything that is kept of them, as JSON lines with a manifest; the export is on record',
  tag: 'AI Bridge',
  permission: 'interception:export',
  query: z.object({
    q: z.string().max(1000).optional().describe('As in the list of sessions.'),
    content: z.enum(['true', 'false']).optional().describe('false leaves out the words of others. Default true.'),
    bodies: z
      .enum(['true', 'false'])
      .optional()
      .describe('true: with the bytes of requests and answers as they were recorded. Default false.'),
    after_session_id: Id.optional().describe('Goes on behind this session, as `last_session_id` of a manifest says.'),
    ...readingReason,
  }),
  answers: 'bytes',
  result: z.string(),
  faults: ['invalid'],
})
