import type { Interception, MinimalUser, Outcome, Session, Thread, TimelineEvent } from '@reeve/sdk'
import { z } from 'zod'
import { Attempt, Decision, SentHead } from './record/frames.ts'
import type { ItemRow } from './item-queries.ts'
import type { TokenColumns } from './record/token-classes.ts'
import type { InterceptionRow, SessionRow, ThreadRow, UserColumns } from './queries.ts'
import { outcomesOf, statusOf } from './session-status.ts'

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
export function presentAttempts(stored: unknown): Interception['attempts'] {
  const attempts = z.array(Attempt).safeParse(stored ?? [])
  return (attempts.data ?? []).map(({ at, credentialHint, statusCode, errorType, waitedMs }) => ({
    at,
    credential_hint: credentialHint,
    status_code: statusCode,
    error_type: errorType,
    waited_ms: waitedMs,
  }))
}

export function presentDecisions(stored: unknown): Interception['decisions'] {
  const decisions = z.array(Decision).safeParse(stored ?? [])
  return (decisions.data ?? []).map(({ toolCallId, heldMs, ...decision }) => ({
    ...decision,
    tool_call_id: toolCallId,
    held_ms: heldMs,
  }))
}

/** As for the attempts. */
const presentSent = (stored: unknown): Interception['sent'] => {
  const { data } = SentHead.nullable().safeParse(stored)
  return data == null ? null : { path: data.path, bytes: data.bytes, sha256: data.sha256 }
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
    content_removed_at: row.content_removed_at?.toISOString() ?? null,
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
    content_removed_at: row.content_removed_at?.toISOString() ?? null,
  }
}

/** Outcomes whose error text is ours. In any other a provider may have quoted what it was sent. */
export const ownWords: readonly string[] = ['timeout', 'refused', 'denied', 'interrupted', 'upstream_aborted']

export const usageOf = (row: InterceptionRow) => ({
  ...tokens(row),
  // SAFETY: the column has a check constraint with these values.
  source: row.usage_source as 'provider' | 'partial' | 'none',
})

/** Where none were kept, there were none to be removed. */
export const removedAt = (row: InterceptionRow): string | null =>
  row.capture === 'metadata' ? null : (row.content_removed_at?.toISOString() ?? null)

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
    boundary:
      row.boundary_session_id === null || row.boundary_seq === null
        ? null
        : {
            session_id: row.boundary_session_id,
            seq: row.boundary_seq,
            verified: row.boundary_verified === true,
          },
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
    decisions: presentDecisions(row.decisions),
    // SAFETY: the column has a check constraint with these values.
    capture: row.capture as Interception['capture'],
    request_bytes: row.request_bytes,
    response_bytes: row.response_bytes,
    request_sha256: row.request_sha256?.toString('hex') ?? null,
    response_sha256: row.response_sha256?.toString('hex') ?? null,
    sent: presentSent(row.sent),
    masked: row.masked,
    duration_ms: row.duration_ms,
    time_to_first_byte_ms: row.first_byte_ms,
    gateway_ms: row.gateway_ms,
    token_usage: usageOf(row),
    tool_calls: row.tool_calls,
    tool_names: row.tool_names,
    prompt: shown ? row.prompt : null,
    content_withheld: !shown,
    content_removed_at: removedAt(row),
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
    denied_by: null,
    model: interception.model_served ?? interception.model,
    outcome: null,
    stop_reason: null,
    token_usage: null,
    duration_ms: null,
    content_withheld: false,
    content_removed_at: removedAt(interception),
  } as const
}

export function presentRequest(row: InterceptionRow, sessionStart: Date): TimelineEvent {
  const event = eventOf(row, requestSeq, row.started_at, sessionStart)
  return { ...event, kind: 'request', lane: 'system', origin: 'client', model: row.model }
}

const finished: readonly string[] = [...outcomesOf.live, ...outcomesOf.done]

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
    // A denial is none of the faults that the same kind of event tells of. SAFETY: as for the route of an interception.
    outcome: item.kind === 'error' ? (interception.outcome as Outcome) : null,
    text: shown ? item.text : null,
    text_bytes: item.text_bytes,
    truncated: item.truncated,
    not_captured: item.not_captured,
    tool_name: item.tool_name,
    tool_call_id: item.tool_call_id,
    is_error: item.is_error,
    denied_by: item.kind === 'tool_call' ? deniedBy(item, interception) : null,
    content_withheld: !shown,
  }
}

/** Some formats give no ids to calls: then every call of that tool counts. */
function deniedBy({ tool_call_id: id, tool_name: name }: ItemRow, { decisions }: InterceptionRow): string | null {
  const no = presentDecisions(decisions).find(
    (one) => one.subject === 'tool_call' && !one.allowed && (id === null ? one.name === name : one.tool_call_id === id),
  )
  return no?.rule ?? null
}

function laneOf({ kind, origin }: ItemRow): TimelineEvent['lane'] {
  if (kind === 'prompt') return origin === 'human' ? 'human' : origin === 'agent' ? 'model' : 'system'
  if (kind === 'thinking') return 'thinking'
  if (kind === 'tool_call' || kind === 'tool_result') return 'tools'
  return kind === 'text' ? 'model' : 'system'
}
