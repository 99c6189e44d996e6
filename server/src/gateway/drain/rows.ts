import type { Item, Tokens } from '../record/reading.ts'
import type { TokenColumns } from '../record/token-classes.ts'
import type { Attempt, Decision, EndHead, SentHead, StartHead } from '../record/frames.ts'
import type { Slice } from '../record/slices.ts'
import { storable } from './storable.ts'

/** The rows that the drain writes, with the columns' own names: they go to PostgreSQL as JSON. */

export interface InterceptionRow {
  readonly id: string
  readonly replica_id: string
  readonly replica_seq: number
  readonly organization_id: string
  readonly user_id: string
  readonly api_key_id: string
  readonly session_id: string
  readonly thread_id: string
  readonly provider: string
  readonly provider_name: string
  readonly route: string
  readonly model: string
  readonly streaming: boolean
  readonly credential_kind: string
  readonly credential_hint: string
  readonly client: string
  readonly client_version: string | null
  readonly user_agent: string | null
  readonly client_session_id: string | null
  readonly agent_id: string | null
  readonly parent_agent_id: string | null
  readonly source_ip: string | null
  readonly boundary_session_id: string | null
  readonly boundary_seq: number | null
  readonly boundary_verified: boolean | null
  readonly started_at: string
  readonly capture: string
  readonly request_bytes: number
  readonly request_sha256: string
  readonly request_slices: readonly Slice[] | null
  readonly prompt: string | null
  readonly turn_sha256: string | null
  readonly retry_of: string | null
  readonly masked: number
  readonly masked_fingerprints: readonly string[]
  readonly sent: SentHead | null
}

export interface EndRow extends TokenColumns {
  readonly id: string
  readonly ended_at: string
  readonly outcome: string
  readonly error_type: string | null
  readonly error_message: string | null
  readonly status_code: number | null
  readonly stop_reason: string | null
  readonly model_served: string | null
  readonly provider_response_id: string | null
  readonly provider_request_id: string | null
  readonly attempts: readonly Attempt[] | null
  readonly decisions: readonly Decision[] | null
  readonly credential_hint: string | null
  readonly response_bytes: number
  readonly response_sha256: string | null
  readonly response_slices: readonly Slice[] | null
  readonly duration_ms: number | null
  readonly first_byte_ms: number | null
  readonly gateway_ms: number | null
  readonly usage_source: 'provider' | 'partial' | 'none'
  readonly usage_raw: unknown
  readonly tool_calls: number
  /** Its number among all that ended in this journal. */
  readonly record_no: number
  readonly masked: number
  readonly masked_fingerprints: readonly string[]
}

export interface TrailerRow {
  readonly id: string
  readonly response_bytes: number
  readonly response_sha256: string
  readonly added_slices: readonly Slice[]
}

export interface ItemRow {
  readonly interception_id: string
  readonly seq: number
  readonly session_id: string
  readonly user_id: string
  readonly kind: Item['kind']
  readonly origin: Item['origin']
  readonly at: string
  readonly text: string | null
  readonly text_bytes: number
  readonly truncated: boolean
  readonly not_captured: boolean
  readonly tool_name: string | null
  readonly tool_call_id: string | null
  readonly is_error: boolean
}

/** What a batch adds to one session; merged into its row in one statement. */
export interface SessionChange {
  readonly id: string
  client_version: string | null
  readonly providers: Set<string>
  readonly provider_names: Set<string>
  readonly models: Set<string>
  readonly agents: Set<string>
  started_at: string
  last_active_at: string
  requests: number
  open_requests: number
  threads: number
  tool_calls: number
  tokens: Tokens
  first_prompt: string | null
  first_prompt_from: string | null
  last_prompt: string | null
  last_prompt_from: string | null
  last_outcome: string | null
  last_outcome_from: string | null
}

/** Items of the answer are numbered from here, so that neither side has to know how many the other has. */
export const answerSeqFrom = 10_000

export interface ItemOwner {
  readonly id: string
  readonly sessionId: string
  readonly userId: string
}

export function itemRows(owner: ItemOwner, items: readonly Item[], at: string, seqFrom: number): ItemRow[] {
  return items.slice(0, answerSeqFrom - 1).map((item, index) => ({
    interception_id: owner.id,
    seq: seqFrom + index,
    session_id: owner.sessionId,
    user_id: owner.userId,
    kind: item.kind,
    origin: item.origin,
    at,
    text: item.text === null ? null : storable(item.text, item.text.length),
    text_bytes: item.textBytes,
    truncated: item.truncated,
    not_captured: item.notCaptured,
    tool_name: short(item.toolName),
    tool_call_id: short(item.toolCallId),
    is_error: item.isError,
  }))
}

export const short = (text: string | null): string | null => (text === null ? null : storable(text, 256))

/** The columns that are the start frame's own, made fit to be stored. */
export function startColumns(head: StartHead) {
  return {
    id: head.id,
    organization_id: head.organizationId,
    user_id: head.userId,
    api_key_id: head.apiKeyId,
    provider: head.provider,
    provider_name: head.providerName,
    route: head.route,
    model: storable(head.model, 256),
    streaming: head.streaming,
    credential_kind: head.credentialKind,
    credential_hint: head.credentialHint,
    client: storable(head.client, 64),
    client_version: short(head.clientVersion),
    user_agent: head.userAgent === null ? null : storable(head.userAgent, 512),
    client_session_id: short(head.clientSessionId),
    agent_id: short(head.agentId),
    parent_agent_id: short(head.parentAgentId),
    source_ip: head.sourceIp,
    boundary_session_id: head.boundary?.sessionId ?? null,
    boundary_seq: head.boundary?.seq ?? null,
    boundary_verified: head.boundary?.verified ?? null,
    started_at: head.startedAt,
    capture: head.capture,
    request_bytes: head.requestBytes,
    request_sha256: bytea(head.requestSha256),
    masked: head.masked,
    masked_fingerprints: head.fingerprints,
    sent: head.sent,
  }
}

/** The columns that are the end frame's own. */
export function endColumns(head: EndHead) {
  return {
    id: head.id,
    ended_at: head.endedAt,
    outcome: head.outcome,
    status_code: head.statusCode,
    provider_request_id: short(head.providerRequestId),
    attempts: head.attempts.length === 0 ? null : head.attempts,
    decisions: head.decisions.length === 0 ? null : head.decisions.map(storableDecision),
    credential_hint: head.credentialHint,
    response_bytes: head.responseBytes,
    response_sha256: head.responseSha256 === null ? null : bytea(head.responseSha256),
    duration_ms: head.durationMs,
    first_byte_ms: head.firstByteMs,
    gateway_ms: head.gatewayMs,
    masked: head.masked,
    masked_fingerprints: head.fingerprints,
  }
}

/** The names are a client's and a model's words. */
const storableDecision = (decision: Decision): Decision => ({
  ...decision,
  name: storable(decision.name, 256),
  toolCallId: short(decision.toolCallId),
})

export const bytea = (hex: string): string => `\\x${hex}`
