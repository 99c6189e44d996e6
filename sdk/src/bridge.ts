import { z } from 'zod'
import { AgenticAction, interceptionDetails } from './agentic-action.ts'
import { Id, Instant, MinimalUser, pageCursor, pageLimit } from './common.ts'
import { readingReason } from './content.ts'
import { endpoint } from './endpoint.ts'
import { CredentialKind, Interception, Outcome, TokenUsage, TokenUsageSummary, withheld } from './interception.ts'
import { TimelineBuild } from './timeline-build.ts'
import { TimelineDecision } from './timeline-decision.ts'

/** The record of the AI Bridge as the API shows it: sessions, their timeline, and the interceptions they are made of. */

/**
 * One thing that happened in a session. `origin` of a prompt: `human` was typed by a person as far as the request can
 * tell, `agent` was written by a coding agent for its sub-agent, `client` was put in by the client program (reminders,
 * notices, environment).
 */
export const TimelineEvent = z.object({
  id: z.string().describe('<interception id>.<sequence>, unique and stable.'),
  interception_id: Id,
  thread_id: Id,
  agent_id: z.string().nullable(),
  kind: z.enum(['request', 'prompt', 'context', 'thinking', 'text', 'tool_call', 'tool_result', 'error', 'end']),
  lane: z.enum(['human', 'model', 'thinking', 'tools', 'system']),
  time: Instant,
  offset_ms: z.number().describe('Since the session began.'),
  origin: z.enum(['human', 'agent', 'client', 'model', 'gateway']),
  text: z.string().nullable().describe('Hostile content: show as text, never interpret.'),
  text_bytes: z.number().int().describe('Length of the whole text, in bytes of UTF-8.'),
  truncated: z.boolean().describe('True when `text` is only the beginning.'),
  not_captured: z.boolean().describe('True when the capture level kept the content out.'),
  tool_name: z.string().nullable(),
  tool_call_id: z.string().nullable(),
  is_error: z.boolean(),
  denied_by: z.string().nullable().describe('Of a tool call that the client did not get: the rule that said no.'),
  model: z.string().nullable(),
  outcome: Outcome.nullable().describe('Of the request: of its end, and of an error that ended it.'),
  stop_reason: z.string().nullable(),
  token_usage: TokenUsage.nullable(),
  duration_ms: z.number().nullable(),
  ...withheld,
})
export type TimelineEvent = z.infer<typeof TimelineEvent>

export const SessionStatus = z.enum(['live', 'done', 'denied', 'error'])
export type SessionStatus = z.infer<typeof SessionStatus>

export const Session = z.object({
  id: Id,
  initiator: MinimalUser,
  organization_id: Id,
  providers: z.array(z.string()),
  models: z.array(z.string()),
  client: z.string(),
  client_version: z.string().nullable(),
  client_session_id: z.string().nullable(),
  grouped_by: z
    .enum(['client_id', 'content_prefix', 'request'])
    .describe('Why these requests are one session: the client said so, they begin alike, or it is a single request.'),
  status: SessionStatus.describe('Of its latest requests: live while one is open, denied when a policy said no to it.'),
  started_at: Instant,
  ended_at: Instant.nullable(),
  last_active_at: Instant,
  threads: z.number().int(),
  requests: z.number().int(),
  tool_calls: z.number().int(),
  agents: z.number().int().describe('Sub-agents that took part.'),
  token_usage_summary: TokenUsageSummary,
  first_prompt: z.string().nullable(),
  last_prompt: z.string().nullable(),
  metadata: z.record(z.string(), z.unknown()),
  ...withheld,
})
export type Session = z.infer<typeof Session>

export const Thread = z.object({
  id: Id,
  prompt: z.string().nullable(),
  prompt_origin: z.enum(['human', 'agent', 'client']).nullable(),
  agent_id: z.string().nullable(),
  model: z.string(),
  provider: z.string(),
  credential_kind: CredentialKind,
  credential_hint: z.string(),
  started_at: Instant,
  ended_at: Instant.nullable(),
  token_usage: TokenUsageSummary,
  requests: z.number().int(),
  tool_calls: z.number().int(),
  error_type: z.string().nullable(),
  error_message: z.string().nullable(),
  agentic_actions: z.array(AgenticAction).optional().describe('Where details were asked for: its turns, in order.'),
  ...withheld,
})
export type Thread = z.infer<typeof Thread>

const tag = 'AI Bridge'
const idParam = z.object({ id: Id })
const listFilter = {
  q: z
    .string()
    .max(1000)
    .optional()
    .describe(
      'Space means and, a comma in a value or, quotes keep together. Keys: initiator (username, id or me), client, model, ' +
        'provider, provider_name, session_id, thread_id, outcome, status, route, tool (* stands for anything), ' +
        'error_type, stop_reason, status_code, credential_kind, organization, agent, api_key, boundary, has (error, tool, prompt, ' +
        'masked, retry, denied, agent), started_after, started_before (RFC 3339). Other words search the prompts that ' +
        'the caller may read.',
    ),
  content: z
    .enum(['true', 'false'])
    .optional()
    .describe('false leaves out the words of other people, so that nothing of theirs is read. Default true.'),
  ...readingReason,
  limit: pageLimit(1000).describe('Default 100.'),
  offset: z.coerce.number().int().min(0).optional(),
}

const CountUpTo = z
  .number()
  .int()
  .describe('Of the whole filter: up to 10 000, and up to 1 000 where words are looked for.')

export const listInterceptions = endpoint({
  name: 'listInterceptions',
  method: 'GET',
  path: '/api/v2/aibridge/interceptions',
  aliases: ['/api/v2/ai-gateway/interceptions'],
  summary: 'Requests through the bridge, newest first; members see their own',
  tag,
  permission: 'interception:read',
  query: z.object({
    ...listFilter,
    after_id: pageCursor,
    details: z
      .enum(['true', 'false'])
      .optional()
      .describe('true: with token_usages, user_prompts and tool_usages, of at most 100 requests. Default false.'),
    fingerprint: z
      .string()
      .regex(/^[A-Za-z0-9_-]{12}$/, 'the 12 characters of a mask')
      .optional()
      .describe('Of a masked secret: the requests that brought it, among those whose words the caller may read.'),
  }),
  result: z.object({
    count: CountUpTo,
    count_is_exact: z.boolean(),
    results: z.array(Interception.extend(interceptionDetails)),
  }),
  faults: ['invalid'],
})

export const getInterception = endpoint({
  name: 'getInterception',
  method: 'GET',
  path: '/api/v2/aibridge/interceptions/:id',
  aliases: ['/api/v2/ai-gateway/interceptions/:id'],
  summary: 'One request with everything that it brought and was answered',
  tag,
  permission: 'interception:read',
  params: idParam,
  query: z.object(readingReason),
  result: z.object({ interception: Interception, events: z.array(TimelineEvent) }),
  faults: ['not_found', 'invalid'],
})

const bodyParams = z.object({ id: Id, side: z.enum(['request', 'sent', 'response']) })

export const getInterceptionBody = endpoint({
  name: 'getInterceptionBody',
  method: 'GET',
  path: '/api/v2/aibridge/interceptions/:id/body/:side',
  aliases: ['/api/v2/ai-gateway/interceptions/:id/body/:side'],
  summary: 'The bytes of the request or the response, secrets masked, as an attachment',
  tag,
  permission: 'interception_content:read',
  params: bodyParams,
  query: z.object(readingReason),
  answers: 'bytes',
  result: z.string(),
  faults: ['not_found', 'invalid'],
})

export const listSessions = endpoint({
  name: 'listSessions',
  method: 'GET',
  path: '/api/v2/aibridge/sessions',
  aliases: ['/api/v2/ai-gateway/sessions'],
  summary: 'Sessions, latest activity first; members see their own',
  tag,
  permission: 'interception:read',
  query: z.object({ ...listFilter, after_session_id: pageCursor }),
  result: z.object({
    count: CountUpTo,
    count_is_exact: z.boolean(),
    sessions: z.array(Session),
  }),
  faults: ['invalid'],
})

export const getSession = endpoint({
  name: 'getSession',
  method: 'GET',
  path: '/api/v2/aibridge/sessions/:id',
  aliases: ['/api/v2/ai-gateway/sessions/:id'],
  summary: 'One session and a page of its threads',
  tag,
  permission: 'interception:read',
  params: idParam,
  query: z.object({
    limit: pageLimit(200).describe('Default 50.'),
    after_id: pageCursor.describe('A thread: those behind it.'),
    before_id: pageCursor.describe('A thread: those right in front of it.'),
    details: z
      .enum(['true', 'false'])
      .optional()
      .describe('true: each thread with its agentic_actions. Default false.'),
    ...readingReason,
  }),
  result: Session.omit({ threads: true }).extend({
    thread_count: z.number().int(),
    threads: z.array(Thread),
    page_started_at: Instant.nullable().describe('When the first thread of this page began.'),
    page_ended_at: Instant.nullable().describe('When the last thread of this page ended.'),
    actions_are_whole: z.boolean().describe('False where the page has more turns than its details hold.'),
  }),
  faults: ['not_found', 'invalid'],
})

export const getSessionTimeline = endpoint({
  name: 'getSessionTimeline',
  method: 'GET',
  path: '/api/v2/aibridge/sessions/:id/timeline',
  aliases: ['/api/v2/ai-gateway/sessions/:id/timeline'],
  summary: 'Everything that happened in a session, in order',
  tag,
  permission: 'interception:read',
  params: idParam,
  query: z.object({
    after: z.string().max(64).optional().describe('Cursor: the `next` of the page before.'),
    limit: pageLimit(2000),
    ...readingReason,
  }),
  result: z.object({
    events: z.array(TimelineEvent),
    next: z.string().nullable().describe('Cursor of the next page; null at the end.'),
    decisions: z
      .array(TimelineDecision)
      .describe('Of the boundaries that its requests came out of, as far as the caller may see them; in order.'),
    builds: z
      .array(TimelineBuild)
      .describe('Of the workspaces that its requests came out of, as far as the caller may see them; in order.'),
  }),
  faults: ['not_found', 'invalid'],
})

export const watchSession = endpoint({
  name: 'watchSession',
  method: 'GET',
  path: '/api/v2/aibridge/sessions/:id/watch',
  aliases: ['/api/v2/ai-gateway/sessions/:id/watch'],
  summary: 'Server-sent events: one each time the session changes, and a comment every 15 s',
  tag,
  permission: 'interception:read',
  params: idParam,
  query: z.object(readingReason),
  answers: 'events',
  result: z.object({ session_id: Id, last_active_at: Instant, status: SessionStatus }),
  faults: ['not_found'],
})

export const watchSessions = endpoint({
  name: 'watchSessions',
  method: 'GET',
  path: '/api/v2/aibridge/sessions-watch',
  aliases: ['/api/v2/ai-gateway/sessions-watch'],
  summary: 'Server-sent events: one for every session the caller may read that changes',
  tag,
  permission: 'interception:read',
  answers: 'events',
  result: z.object({ session_id: Id, last_active_at: Instant, status: SessionStatus }),
})

const nameList = {
  q: z.string().max(100).optional().describe('Prefix.'),
  after: z.string().max(256).optional().describe('The last name of the page before.'),
  limit: pageLimit(1000).describe('Default 100.'),
}

export const listModels = endpoint({
  name: 'listModels',
  method: 'GET',
  path: '/api/v2/aibridge/models',
  aliases: ['/api/v2/ai-gateway/models'],
  summary: 'Distinct models in the sessions that the caller may see',
  tag,
  permission: 'interception:read',
  query: z.object(nameList),
  result: z.array(z.string()),
})

export const listClients = endpoint({
  name: 'listClients',
  method: 'GET',
  path: '/api/v2/aibridge/clients',
  aliases: ['/api/v2/ai-gateway/clients'],
  summary: 'Distinct clients in the sessions that the caller may see',
  tag,
  permission: 'interception:read',
  query: z.object(nameList),
  result: z.array(z.string()),
})
