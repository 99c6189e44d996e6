import type { Interception, MinimalUser, Outcome, Session, Thread, TimelineEvent } from '@reeve/sdk'
import { z } from 'zod'
import { Attempt } from './record/frames.ts'
import type { TokenColumns } from './record/token-classes.ts'
import type { InterceptionRow, ItemRow, SessionRow, ThreadRow, UserColumns } from './queries.ts'
import type { SessionStatus } from './search.ts'

/** Rows as the contract shows them. */

const initiator = (row: UserColumns): MinimalUser => ({
  id: row.user_id,
  username: row.username,
  name: row.user_name,
  avatar_url: row.avatar_url,
})

const tokens = (row: TokenColumns) => ({
  input_tokens: row.input_tokens,
  output_tokens: row.output_tokens,
  cache_read_input_tokens: row.cache_read_tokens,
  cache_write_input_tokens: row.cache_write_tokens,
  cache_write_1h_input_tokens: row.cache_write_1h_tokens,
  reasoning_tokens: row.reasoning_tokens,
  audio_input_tokens: row.audio_input_tokens,
  audio_output_tokens: row.audio_output_tokens,
})

/** As the drain wrote them; what another version wrote and this one does not know is left out. */
function presentAttempts(stored: unknown): Interception['attempts'] {
  const attempts = z.array(Attempt).safeParse(stored ?? [])
  return (attempts.data ?? []).map(({ at, credentialHint, statusCode, errorType, waitedMs }) => ({
    at,
    credential_hint: credentialHint,
    status_code: statusCode,
    error_type: errorType,
    waited_ms: waitedMs,
  }))
}

const finished: readonly string[] = ['ok', 'live', 'client_disconnected']

export function statusOf(row: { readonly open_requests: number; readonly last_outcome: string }): SessionStatus {
  if (row.open_requests > 0) return 'live'
  return finished.includes(row.last_outcome) ? 'done' : 'error'
}

/** `shown`: whether the reader may have the words; facts about them stay. */
export function presentSession(row: SessionRow, shown: boolean): Session {
  return {
    id: row.id,
    initiator: initiator(row),
    organization_id: row.organization_id,
    providers: row.providers,
    models: row.models,
    client: row.client,
    client_version: row.client_version,
    client_session_id: row.client_session_id,
    grouped_by: row.grouped_by,
    status: statusOf(row),
    started_at: row.started_at.toISOString(),
    ended_at: row.open_requests > 0 ? null : row.last_active_at.toISOString(),
    last_active_at: row.last_active_at.toISOString(),
    threads: row.threads,
    requests: row.requests,
    tool_calls: row.tool_calls,
    agents: row.agents.length,
    token_usage_summary: tokens(row),
    first_prompt: shown ? row.first_prompt : null,
    last_prompt: shown ? row.last_prompt : null,
    metadata: {},
    content_withheld: !shown,
  }
}

export function presentThread(row: ThreadRow, shown: boolean): Thread {
  return {
    id: row.thread_id,
    prompt: shown ? row.prompt : null,
    prompt_origin: row.prompt_origin,
    agent_id: row.agent_id,
    model: row.model ?? '',
    provider: row.provider,
    credential_kind: row.credential_kind,
    credential_hint: row.credential_hint,
    started_at: row.started_at.toISOString(),
    ended_at: row.ended_at?.toISOString() ?? null,
    token_usage: tokens(row),
    requests: row.requests,
    tool_calls: row.tool_calls,
    error_type: row.error_type,
    error_message: shown ? row.error_message : null,
    content_withheld: !shown,
  }
}

/** Outcomes whose error text is ours. In any other a provider may have quoted what it was sent. */
const ownWords: readonly string[] = ['timeout', 'refused', 'interrupted', 'upstream_aborted']

const usageOf = (row: InterceptionRow) => ({
  ...tokens(row),
  // SAFETY: the column has a check constraint with these values.
  source: row.usage_source as 'provider' | 'partial' | 'none',
})

export function presentInterception(row: InterceptionRow, shown: boolean): Interception {
  return {
    id: row.id,
    session_id: row.session_id,
    thread_id: row.thread_id,
    initiator: initiator(row),
    api_key_id: row.api_key_id,
    provider: row.provider,
    provider_name: row.provider_name,
    // SAFETY: only the drain writes it, from a frame whose schema has these values.
    route: row.route as Interception['route'],
    model: row.model,
    model_served: row.model_served,
    streaming: row.streaming,
    client: row.client,
    client_version: row.client_version,
    user_agent: row.user_agent,
    client_session_id: row.client_session_id,
    agent_id: row.agent_id,
    parent_agent_id: row.parent_agent_id,
    source_ip: row.source_ip,
    started_at: row.started_at.toISOString(),
    ended_at: row.ended_at?.toISOString() ?? null,
    // SAFETY: as for the route.
    outcome: row.outcome as Outcome,
    error_type: row.error_type,
    error_message: shown || ownWords.includes(row.outcome) ? row.error_message : null,
    status_code: row.status_code,
    stop_reason: row.stop_reason,
    provider_response_id: row.provider_response_id,
    provider_request_id: row.provider_request_id,
    credential_kind: row.credential_kind,
    credential_hint: row.credential_hint,
    attempts: presentAttempts(row.attempts),
    // SAFETY: the column has a check constraint with these values.
    capture: row.capture as Interception['capture'],
    request_bytes: row.request_bytes,
    response_bytes: row.response_bytes,
    request_sha256: row.request_sha256?.toString('hex') ?? null,
    response_sha256: row.response_sha256?.toString('hex') ?? null,
    masked: row.masked,
    duration_ms: row.duration_ms,
    time_to_first_byte_ms: row.first_byte_ms,
    gateway_ms: row.gateway_ms,
    token_usage: usageOf(row),
    tool_calls: row.tool_calls,
    prompt: shown ? row.prompt : null,
    content_withheld: !shown,
  }
}

/** The numbers of the two events that an interception itself is; items of the answer are numbered from 10 000. */
export const requestSeq = 0
export const endSeq = 20_000

export const eventId = (interceptionId: string, seq: number): string => `${interceptionId}.${seq}`

function eventOf(interception: InterceptionRow, seq: number, time: Date, sessionStart: Date) {
  return {
    id: eventId(interception.id, seq),
    interception_id: interception.id,
    thread_id: interception.thread_id,
    agent_id: interception.agent_id,
    time: time.toISOString(),
    offset_ms: time.getTime() - sessionStart.getTime(),
    text: null,
    text_bytes: 0,
    truncated: false,
    not_captured: false,
    tool_name: null,
    tool_call_id: null,
    is_error: false,
    model: interception.model_served ?? interception.model,
    outcome: null,
    stop_reason: null,
    token_usage: null,
    duration_ms: null,
    content_withheld: false,
  } as const
}

export function presentRequest(row: InterceptionRow, sessionStart: Date): TimelineEvent {
  const event = eventOf(row, requestSeq, row.started_at, sessionStart)
  return { ...event, kind: 'request', lane: 'system', origin: 'client', model: row.model }
}

export function presentEnd(row: InterceptionRow, sessionStart: Date): TimelineEvent {
  const event = eventOf(row, endSeq, row.ended_at ?? row.started_at, sessionStart)
  return {
    ...event,
    kind: 'end',
    lane: 'system',
    origin: 'gateway',
    is_error: !finished.includes(row.outcome),
    // SAFETY: as for the route of an interception.
    outcome: row.outcome as Outcome,
    stop_reason: row.stop_reason,
    token_usage: usageOf(row),
    duration_ms: row.duration_ms,
  }
}

export function presentItem(
  item: ItemRow,
  interception: InterceptionRow,
  sessionStart: Date,
  shown: boolean,
): TimelineEvent {
  return {
    ...eventOf(interception, item.seq, item.at, sessionStart),
    // SAFETY: both columns have check constraints with these values.
    kind: item.kind as TimelineEvent['kind'],
    lane: laneOf(item),
    origin: item.origin as TimelineEvent['origin'],
    text: shown ? item.text : null,
    text_bytes: item.text_bytes,
    truncated: item.truncated,
    not_captured: item.not_captured,
    tool_name: item.tool_name,
    tool_call_id: item.tool_call_id,
    is_error: item.is_error,
    content_withheld: !shown,
  }
}

function laneOf({ kind, origin }: ItemRow): TimelineEvent['lane'] {
  if (kind === 'prompt') return origin === 'human' ? 'human' : origin === 'agent' ? 'model' : 'system'
  if (kind === 'thinking') return 'thinking'
  if (kind === 'tool_call' || kind === 'tool_result') return 'tools'
  return kind === 'text' ? 'model' : 'system'
}
