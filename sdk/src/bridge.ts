import { z } from 'zod'
import { Id, Instant, MinimalUser } from './common.ts'
import { readingReason } from './content.ts'
import { endpoint } from './endpoint.ts'

/** The record of the AI Bridge as the API shows it: interceptions, the sessions they make up, and their timeline. */

/**
 * Tokens by class, as the provider counted them. `input_tokens` is fresh input only: with the two cache classes it adds
 * up to everything the model read, and `output_tokens` is everything it wrote. The last four are parts of those: of what
 * was written to the cache, what is kept for an hour; of the output, what the model thought; of input and output, sound.
 */
export const TokenUsageSummary = z.object({
  input_tokens: z.number().int(),
  output_tokens: z.number().int(),
  cache_read_input_tokens: z.number().int(),
  cache_write_input_tokens: z.number().int(),
  cache_write_1h_input_tokens: z.number().int(),
  reasoning_tokens: z.number().int(),
  audio_input_tokens: z.number().int(),
  audio_output_tokens: z.number().int(),
})
export type TokenUsageSummary = z.infer<typeof TokenUsageSummary>

/**
 * `source` says whose numbers they are: `provider` when the answer ended and stated them, `partial` when it was cut off
 * and these are the last ones it had stated, `none` when it stated none.
 */
export const TokenUsage = TokenUsageSummary.extend({ source: z.enum(['provider', 'partial', 'none']) })
export type TokenUsage = z.infer<typeof TokenUsage>

/**
 * How an interception ended. `live`: not yet. `ok`: a complete answer. `upstream_error`: the provider answered with an
 * error, in its status or inside the stream. `upstream_aborted`: the provider broke off. `client_disconnected`: the
 * client went away first. `timeout`: the provider kept silent too long. `refused`: Reeve answered itself and nothing
 * was sent to the provider. `interrupted`: Reeve itself stopped or crashed meanwhile.
 */
export const Outcome = z.enum([
  'live',
  'ok',
  'upstream_error',
  'upstream_aborted',
  'client_disconnected',
  'timeout',
  'refused',
  'interrupted',
])
export type Outcome = z.infer<typeof Outcome>

/** How much of the content is kept. */
export const Capture = z.enum(['full', 'prompts', 'metadata'])
export type Capture = z.infer<typeof Capture>

const withheld = {
  content_withheld: z
    .boolean()
    .describe(
      'True when the words are another person’s and the reader may not read them: texts are null, lengths stay.',
    ),
}

export const CredentialKind = z.enum(['centralized', 'byok']).describe('A key of the deployment, or the user’s own.')
export type CredentialKind = z.infer<typeof CredentialKind>

/** One time that the provider was asked. */
export const Attempt = z.object({
  at: Instant,
  credential_hint: z.string().describe('A few characters of the key that it was asked with.'),
  status_code: z.number().int().nullable().describe('Null when no answer began.'),
  error_type: z.string().nullable().describe('key_refused, key_limited, or why it could not be reached.'),
  waited_ms: z.number(),
})
export type Attempt = z.infer<typeof Attempt>

export const Interception = z.object({
  id: Id,
  session_id: Id,
  thread_id: Id,
  initiator: MinimalUser,
  api_key_id: z.string(),
  provider: z.string().describe('Wire type: anthropic.'),
  provider_name: z.string().describe('Name of the provider instance, as in the path.'),
  route: z.enum([
    'messages',
    'chat_completions',
    'responses',
    'generate_content',
    'count_tokens',
    'models',
    'passthrough',
  ]),
  model: z.string().describe('As the client asked for it.'),
  model_served: z.string().nullable().describe('As the provider says that it answered.'),
  streaming: z.boolean(),
  client: z.string().describe('Claude Code, Codex, …; Unknown when not recognised.'),
  client_version: z.string().nullable(),
  user_agent: z.string().nullable(),
  client_session_id: z.string().nullable(),
  agent_id: z.string().nullable().describe('Set when a sub-agent of the client asked.'),
  parent_agent_id: z.string().nullable(),
  source_ip: z.string().nullable(),
  started_at: Instant,
  ended_at: Instant.nullable(),
  outcome: Outcome,
  error_type: z.string().nullable(),
  error_message: z.string().nullable(),
  status_code: z.number().int().nullable().describe('HTTP status that the client was given.'),
  stop_reason: z.string().nullable(),
  provider_response_id: z.string().nullable(),
  provider_request_id: z.string().nullable(),
  credential_kind: CredentialKind,
  credential_hint: z.string().describe('A few characters of the provider key that it was asked with at last.'),
  attempts: z
    .array(Attempt)
    .describe('Where the provider was asked more than once, every time in order; the last one is the answer.'),
  capture: Capture,
  request_bytes: z.number().int(),
  response_bytes: z.number().int(),
  request_sha256: z.string().nullable().describe('Of the bytes as they were sent, before secrets were masked.'),
  response_sha256: z
    .string()
    .nullable()
    .describe('Of the bytes as the provider sent them; of an interrupted answer, of those that were kept.'),
  masked: z
    .number()
    .int()
    .describe('Secrets that were masked before anything was kept: in what is kept the hash differs.'),
  duration_ms: z.number().nullable(),
  time_to_first_byte_ms: z.number().nullable().describe('From the request to the first byte of the answer.'),
  gateway_ms: z.number().nullable().describe('The part of the time to first byte that Reeve itself took.'),
  token_usage: TokenUsage,
  tool_calls: z.number().int(),
  prompt: z.string().nullable().describe('The human’s prompt, when this request brought one.'),
  ...withheld,
})
export type Interception = z.infer<typeof Interception>

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
  model: z.string().nullable(),
  outcome: Outcome.nullable(),
  stop_reason: z.string().nullable(),
  token_usage: TokenUsage.nullable(),
  duration_ms: z.number().nullable(),
  ...withheld,
})
export type TimelineEvent = z.infer<typeof TimelineEvent>

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
  status: z.enum(['live', 'done', 'error']).describe('Of its latest requests: live while one is open.'),
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
      'Space means and. Keys: initiator (username, id or me), client, model, provider, provider_name, session_id, ' +
        'outcome, status, started_after, started_before (RFC 3339). Other words search the prompts that the caller may read.',
    ),
  content: z
    .enum(['true', 'false'])
    .optional()
    .describe('false leaves out the words of other people, so that nothing of theirs is read. Default true.'),
  ...readingReason,
  limit: z.coerce.number().int().min(1).max(1000).optional().describe('Default 100.'),
  offset: z.coerce.number().int().min(0).optional(),
}

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
    after_id: Id.optional(),
    fingerprint: z
      .string()
      .regex(/^[A-Za-z0-9_-]{12}$/, 'the 12 characters of a mask')
      .optional()
      .describe('Of a masked secret: the requests that brought it, among those whose words the caller may read.'),
  }),
  result: z.object({ count: z.number().int(), results: z.array(Interception) }),
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

const bodyParams = z.object({ id: Id, side: z.enum(['request', 'response']) })

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
  query: z.object({ ...listFilter, after_session_id: Id.optional() }),
  result: z.object({
    count: z.number().int().describe('Of the whole filter, exact up to 10 000.'),
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
    limit: z.coerce.number().int().min(1).max(200).optional(),
    after_id: Id.optional(),
    ...readingReason,
  }),
  result: Session.omit({ threads: true }).extend({ thread_count: z.number().int(), threads: z.array(Thread) }),
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
    limit: z.coerce.number().int().min(1).max(2000).optional(),
    ...readingReason,
  }),
  result: z.object({
    events: z.array(TimelineEvent),
    next: z.string().nullable().describe('Cursor of the next page; null at the end.'),
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
  result: z.object({ session_id: Id, last_active_at: Instant, status: z.enum(['live', 'done', 'error']) }),
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
  result: z.object({ session_id: Id, last_active_at: Instant, status: z.enum(['live', 'done', 'error']) }),
})

const nameList = {
  q: z.string().max(100).optional().describe('Prefix.'),
  limit: z.coerce.number().int().min(1).max(1000).optional(),
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
