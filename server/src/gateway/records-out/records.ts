import type { ItemRow } from '../drain/rows.ts'
import { eventId, presentAttempts, presentDecisions } from '../present.ts'
import type { TokenColumns } from '../record/token-classes.ts'

/**
 * What log pipelines are told of an interception: flat records with the field names that they know. One interception is
 * one `interception_start`, one `prompt_usage` for each prompt that it brought, one `model_thought` and `tool_usage` for
 * each that it was answered, one `token_usage` where there was a count, and one `interception_end`. Each has an id that
 * is the same however often it is sent.
 */
export interface BridgeRecord {
  readonly id: string
  readonly record_type:
    'interception_start' | 'prompt_usage' | 'model_thought' | 'tool_usage' | 'token_usage' | 'interception_end'
  readonly interception_id: string
  readonly [field: string]: unknown
}

/** Dates of the database, or texts of the journal. */
type Time = Date | string

export interface StartFacts {
  readonly id: string
  readonly session_id: string
  readonly thread_id: string
  readonly organization_id: string
  readonly user_id: string
  /** Where it is known. */
  readonly username?: string
  readonly api_key_id: string
  readonly provider: string
  readonly provider_name: string
  readonly route: string
  readonly model: string
  readonly streaming: boolean
  readonly credential_kind: string
  readonly credential_hint: string
  readonly client: string
  readonly client_version: string | null
  readonly client_session_id: string | null
  readonly user_agent: string | null
  readonly agent_id: string | null
  readonly parent_agent_id: string | null
  readonly source_ip: string | null
  readonly started_at: Time
  readonly retry_of: string | null
  readonly capture: string
  readonly request_bytes: number
  /** The tool call whose result the request brought last. */
  readonly correlating_tool_call_id: string | null
}

export interface EndFacts extends TokenColumns {
  readonly id: string
  readonly ended_at: Time | null
  readonly outcome: string
  readonly status_code: number | null
  readonly error_type: string | null
  readonly error_message: string | null
  readonly stop_reason: string | null
  readonly model_served: string | null
  readonly provider_response_id: string | null
  readonly provider_request_id: string | null
  readonly attempts: unknown
  readonly decisions: unknown
  readonly response_bytes: number
  readonly duration_ms: number | null
  readonly first_byte_ms: number | null
  readonly gateway_ms: number | null
  readonly usage_source: string
  readonly tool_calls: number
  /** When retention took what was said: records of prompts, thoughts and tools may be missing from then on. */
  readonly content_removed_at?: Date | null
}

export type ItemFacts = Omit<ItemRow, 'session_id' | 'user_id' | 'at' | 'kind' | 'origin'> & {
  readonly at: Time
  readonly kind: string
  readonly origin: string
}

export function startRecord(row: StartFacts): BridgeRecord {
  return {
    id: `${row.id}.start`,
    record_type: 'interception_start',
    interception_id: row.id,
    session_id: row.session_id,
    thread_root_id: row.thread_id,
    correlating_tool_call_id: row.correlating_tool_call_id,
    retry_of: row.retry_of,
    organization_id: row.organization_id,
    initiator_id: row.user_id,
    api_key_id: row.api_key_id,
    provider: row.provider,
    provider_name: row.provider_name,
    route: row.route,
    model: row.model,
    streaming: row.streaming,
    credential_kind: row.credential_kind,
    credential_hint: row.credential_hint,
    client: row.client,
    client_version: row.client_version,
    client_session_id: row.client_session_id,
    agent_id: row.agent_id,
    parent_agent_id: row.parent_agent_id,
    source_ip: row.source_ip,
    started_at: iso(row.started_at),
    capture: row.capture,
    request_bytes: row.request_bytes,
    metadata: { user_agent: row.user_agent, ...(row.username === undefined ? {} : { username: row.username }) },
  }
}

/** Null for an item that no record tells of. Without words its length stays. */
export function itemRecord(item: ItemFacts, msgId: string | null, words: boolean): BridgeRecord | null {
  const about = {
    id: eventId(item.interception_id, item.seq),
    interception_id: item.interception_id,
    msg_id: msgId,
    created_at: iso(item.at),
    bytes: item.text_bytes,
    truncated: item.truncated,
    not_captured: item.not_captured,
    content_withheld: !words,
  }
  const text = words ? item.text : null
  switch (item.kind) {
    case 'prompt':
      return { ...about, record_type: 'prompt_usage', origin: item.origin, prompt: text }
    case 'thinking':
      return { ...about, record_type: 'model_thought', content: text }
    case 'tool_call': {
      const { tool_call_id, tool_name: tool } = item
      return { ...about, record_type: 'tool_usage', tool_call_id, tool, input: text, injected: false }
    }
    default:
      return null
  }
}

/** Null where the provider counted nothing. */
export function tokenRecord(row: EndFacts): BridgeRecord | null {
  if (row.usage_source === 'none') return null
  return {
    id: `${row.id}.tokens`,
    record_type: 'token_usage',
    interception_id: row.id,
    msg_id: row.provider_response_id,
    created_at: iso(row.ended_at),
    input_tokens: row.input_tokens,
    output_tokens: row.output_tokens,
    cache_read_input_tokens: row.cache_read_tokens,
    cache_write_input_tokens: row.cache_write_tokens,
    cache_write_1h_input_tokens: row.cache_write_1h_tokens,
    reasoning_tokens: row.reasoning_tokens,
    audio_input_tokens: row.audio_input_tokens,
    audio_output_tokens: row.audio_output_tokens,
    usage_source: row.usage_source,
  }
}

/** The message of an error may quote what was sent, and is a word like the others. */
export function endRecord(row: EndFacts, words: boolean): BridgeRecord {
  return {
    id: `${row.id}.end`,
    record_type: 'interception_end',
    interception_id: row.id,
    msg_id: row.provider_response_id,
    ended_at: iso(row.ended_at),
    outcome: row.outcome,
    status_code: row.status_code,
    error_type: row.error_type,
    error_message: words ? row.error_message : null,
    attempts: presentAttempts(row.attempts),
    decisions: presentDecisions(row.decisions),
    stop_reason: row.stop_reason,
    model_served: row.model_served,
    provider_request_id: row.provider_request_id,
    tool_calls: row.tool_calls,
    response_bytes: row.response_bytes,
    duration_ms: row.duration_ms,
    time_to_first_byte_ms: row.first_byte_ms,
    gateway_ms: row.gateway_ms,
    content_removed_at: iso(row.content_removed_at ?? null),
  }
}

const iso = (at: Time | null): string | null => (at instanceof Date ? at.toISOString() : at)
