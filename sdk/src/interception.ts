import { z } from 'zod'
import { Id, Instant, MinimalUser } from './common.ts'

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
 * was sent to the provider. `denied`: a policy said no to the model, and nothing was sent, or to a tool call, which the
 * client did not get. `interrupted`: Reeve itself stopped or crashed meanwhile.
 */
export const Outcome = z.enum([
  'live',
  'ok',
  'upstream_error',
  'upstream_aborted',
  'client_disconnected',
  'timeout',
  'refused',
  'denied',
  'interrupted',
])
export type Outcome = z.infer<typeof Outcome>

/** How much of the content is kept. */
export const Capture = z.enum(['full', 'prompts', 'metadata'])
export type Capture = z.infer<typeof Capture>

/** On whatever holds words. */
export const withheld = {
  content_withheld: z
    .boolean()
    .describe(
      'True when the words are another person’s and the reader may not read them: texts are null, lengths stay.',
    ),
  content_removed_at: Instant.nullable().describe('When retention removed the words; null while they are kept.'),
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

/** What a policy said of a request: of the model that it names, or of a tool call in its answer. */
export const PolicyDecision = z.object({
  at: Instant,
  subject: z.enum(['model', 'tool_call']),
  name: z.string().describe('Of the model, or of the tool.'),
  tool_call_id: z.string().nullable(),
  allowed: z.boolean(),
  rule: z.string().nullable().describe('Which rule said no; null where it was allowed.'),
  held_ms: z.number().describe('How long the client was kept waiting for the tool call.'),
})
export type PolicyDecision = z.infer<typeof PolicyDecision>

/** What the provider was asked with. */
export const Sent = z.object({
  path: z.string(),
  bytes: z.number().int(),
  sha256: z.string().describe('Of the bytes as they were sent, before secrets were masked.'),
})

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
  boundary: z
    .object({ session_id: Id, seq: z.number().int(), verified: z.boolean() })
    .nullable()
    .describe('The boundary that it says it came out of, the line of its record, and whether its signature held.'),
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
  decisions: z
    .array(PolicyDecision)
    .describe('What a policy was asked: every no, and the tool calls that it let through; in order.'),
  capture: Capture,
  request_bytes: z.number().int(),
  response_bytes: z.number().int(),
  request_sha256: z.string().nullable().describe('Of the bytes as they were sent, before secrets were masked.'),
  response_sha256: z
    .string()
    .nullable()
    .describe('Of the bytes as the provider sent them; of an interrupted answer, of those that were kept.'),
  sent: Sent.nullable().describe('How the provider was asked, where that is not how the client asked.'),
  masked: z
    .number()
    .int()
    .describe('Secrets that were masked before anything was kept: in what is kept the hash differs.'),
  duration_ms: z.number().nullable(),
  time_to_first_byte_ms: z.number().nullable().describe('From the request to the first byte of the answer.'),
  gateway_ms: z.number().nullable().describe('The part of the time to first byte that Reeve itself took.'),
  token_usage: TokenUsage,
  tool_calls: z.number().int(),
  tool_names: z
    .array(z.string())
    .nullable()
    .describe('Which tools were called, where the calls themselves were removed by retention; else null.'),
  prompt: z.string().nullable().describe('The human’s prompt, when this request brought one.'),
  ...withheld,
})
export type Interception = z.infer<typeof Interception>
