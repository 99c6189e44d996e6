import type { Interception, Session, TimelineEvent, User } from '@reeve/sdk'

/** One of everything, with text in it that wants to drive a terminal, hide, or be a formula. */

export const hostile = '\u001B]0;owned\u0007\u001B[2J\u009B31m\u202Eevil\u200B\u{E0041}\r\nsecond "line", \t=1+1'
export const userId = '01999999-0000-7000-8000-000000000001'
export const sessionId = '01999999-1111-7000-8000-000000000002'
export const requestId = '01999999-2222-7000-8000-000000000003'
export const organizationId = '01999999-3333-7000-8000-000000000004'
export const at = '2026-11-20T11:00:00.000Z'

export const usage = {
  input_tokens: 12,
  output_tokens: 34,
  cache_read_input_tokens: 5600,
  cache_write_input_tokens: 78,
  cache_write_1h_input_tokens: 0,
  reasoning_tokens: 0,
  audio_input_tokens: 0,
  audio_output_tokens: 0,
}
export const who = { id: userId, username: 'dana', name: hostile, avatar_url: '' }

export const user: User = {
  ...who,
  email: 'dana@example.com',
  created_at: at,
  updated_at: at,
  last_seen_at: null,
  status: 'active',
  login_type: 'password',
  organization_ids: [organizationId],
  roles: [{ name: 'owner', display_name: 'Owner' }],
  is_service_account: false,
  owner_id: null,
}

export const session: Session = {
  id: sessionId,
  initiator: who,
  organization_id: organizationId,
  providers: ['anthropic'],
  models: ['claude-opus-5-5'],
  client: 'Claude Code',
  client_version: hostile,
  client_session_id: hostile,
  grouped_by: 'client_id',
  status: 'done',
  started_at: at,
  ended_at: '2026-11-20T11:01:02.345Z',
  last_active_at: '2026-11-20T11:01:02.345Z',
  threads: 1,
  requests: 2,
  tool_calls: 1,
  agents: 1,
  token_usage_summary: usage,
  first_prompt: `=HYPERLINK("x")${hostile}`,
  last_prompt: hostile,
  metadata: {},
  content_withheld: false,
}

export const interception: Interception = {
  id: requestId,
  session_id: sessionId,
  thread_id: requestId,
  initiator: who,
  api_key_id: 'abc',
  provider: 'anthropic',
  provider_name: 'anthropic',
  route: 'messages',
  model: hostile,
  model_served: null,
  streaming: true,
  client: 'Claude Code',
  client_version: '2.1.329',
  user_agent: hostile,
  client_session_id: null,
  agent_id: null,
  parent_agent_id: null,
  source_ip: null,
  started_at: at,
  ended_at: at,
  outcome: 'upstream_error',
  error_type: 'overloaded_error',
  error_message: hostile,
  status_code: 529,
  stop_reason: null,
  provider_response_id: null,
  provider_request_id: null,
  credential_kind: 'byok',
  credential_hint: 'sk-a...bcde',
  attempts: [
    { at, credential_hint: hostile, status_code: 429, error_type: 'key_limited', waited_ms: 12 },
    { at, credential_hint: 'sk-a...bcde', status_code: 200, error_type: null, waited_ms: 340 },
  ],
  capture: 'full',
  request_bytes: 49_152,
  response_bytes: 1024,
  request_sha256: null,
  response_sha256: null,
  duration_ms: 812.5,
  time_to_first_byte_ms: 400,
  gateway_ms: 1.25,
  token_usage: { ...usage, source: 'partial' },
  tool_calls: 1,
  masked: 1,
  prompt: hostile,
  content_withheld: false,
}

const event = (seq: number, facts: Partial<TimelineEvent>): TimelineEvent => ({
  id: `${requestId}.${seq}`,
  interception_id: requestId,
  thread_id: requestId,
  agent_id: null,
  kind: 'text',
  lane: 'model',
  time: at,
  offset_ms: seq * 100,
  origin: 'model',
  text: hostile,
  text_bytes: 100,
  truncated: false,
  not_captured: false,
  tool_name: null,
  tool_call_id: null,
  is_error: false,
  model: null,
  outcome: null,
  stop_reason: null,
  token_usage: null,
  duration_ms: null,
  content_withheld: false,
  ...facts,
})

export const events: readonly TimelineEvent[] = [
  event(0, { kind: 'request', lane: 'system', origin: 'client', model: hostile, text: null }),
  event(1, { kind: 'context', lane: 'system', origin: 'client' }),
  event(2, { kind: 'prompt', lane: 'human', origin: 'human' }),
  event(3, { kind: 'thinking', lane: 'thinking', truncated: true, text_bytes: 9999 }),
  event(4, { kind: 'tool_call', lane: 'tools', tool_name: hostile, tool_call_id: 'toolu_1', text: '{"command":"ls"}' }),
  event(5, {
    kind: 'tool_result',
    lane: 'tools',
    origin: 'client',
    tool_call_id: 'toolu_1',
    is_error: true,
    agent_id: hostile,
  }),
  event(6, { kind: 'text', not_captured: true, text: null }),
  event(7, { kind: 'error', lane: 'system', origin: 'gateway' }),
  event(8, {
    kind: 'end',
    lane: 'system',
    outcome: 'upstream_error',
    stop_reason: hostile,
    token_usage: { ...usage, source: 'provider' },
    duration_ms: 812,
    text: null,
  }),
]
