import { uuidv7 } from '@reeve/base'
import type { Interception, Session, Thread, TimelineEvent, TokenUsage } from '@reeve/sdk'

/** A recorded session as the mock keeps it: what the API shows of it, made from what was said. */
export interface Recorded {
  readonly session: Session
  readonly interceptions: Interception[]
  readonly events: TimelineEvent[]
  readonly threads: Thread[]
  /** When the next request would begin. */
  clockMs: number
}

export interface Said {
  readonly kind: TimelineEvent['kind']
  readonly lane: TimelineEvent['lane']
  readonly origin: TimelineEvent['origin']
  readonly text: string
  readonly tool?: string
  readonly id?: string
  readonly failed?: boolean
  /** Bytes of content that the capture level kept out. */
  readonly hidden?: number
}

export interface Told {
  readonly model: string
  readonly seconds: number
  readonly said: readonly Said[]
  readonly agent?: string
  readonly outcome?: Interception['outcome']
  readonly error?: string
  /** The rule that says no to the last of its tool calls. */
  readonly denied?: string
}

const noUsage: TokenUsage = {
  input_tokens: 0,
  output_tokens: 0,
  cache_read_input_tokens: 0,
  cache_write_input_tokens: 0,
  cache_write_1h_input_tokens: 0,
  reasoning_tokens: 0,
  audio_input_tokens: 0,
  audio_output_tokens: 0,
  source: 'none',
}

/** The API cuts long texts here; the whole is in the bytes of the request. */
const textCharsMax = 32_000

export function newSession(at: Date, initiator: Session['initiator'], client: string, version: string): Recorded {
  return {
    session: {
      content_withheld: false,
      content_removed_at: null,
      id: uuidv7(at),
      initiator,
      organization_id: uuidv7(at),
      providers: ['anthropic'],
      models: [],
      client,
      client_version: version,
      client_session_id: uuidv7(at),
      grouped_by: 'client_id',
      status: 'done',
      started_at: at.toISOString(),
      ended_at: at.toISOString(),
      last_active_at: at.toISOString(),
      threads: 1,
      requests: 0,
      tool_calls: 0,
      agents: 0,
      token_usage_summary: {
        input_tokens: 0,
        output_tokens: 0,
        cache_read_input_tokens: 0,
        cache_write_input_tokens: 0,
        cache_write_1h_input_tokens: 0,
        reasoning_tokens: 0,
        audio_input_tokens: 0,
        audio_output_tokens: 0,
      },
      first_prompt: null,
      last_prompt: null,
      metadata: {},
    },
    interceptions: [],
    events: [],
    threads: [],
    clockMs: at.getTime(),
  }
}

/** A request that the first key was too busy for. */
function retried(from: Date): Interception['attempts'] {
  const at = from.toISOString()
  return [
    { at, credential_hint: 'sk-a...9f2c', status_code: 429, error_type: 'key_limited', waited_ms: 212 },
    { at, credential_hint: 'sk-a...x7Qm', status_code: 200, error_type: null, waited_ms: 845 },
  ]
}

function decided(said: readonly Said[], rule: string, at: Date): Interception['decisions'] {
  const calls = said.filter(({ kind }) => kind === 'tool_call')
  return calls.map(({ tool, id }, index) => {
    const allowed = index < calls.length - 1
    const about = { name: tool ?? '', tool_call_id: id ?? null, rule: allowed ? null : rule }
    return { at: at.toISOString(), subject: 'tool_call', allowed, held_ms: 1.25, ...about }
  })
}

export function addRequest(recorded: Recorded, told: Told): Interception {
  const { session } = recorded
  const startedMs = recorded.clockMs
  const endedMs = startedMs + told.seconds * 1000
  const outcome = told.outcome ?? 'ok'
  const id = uuidv7(new Date(startedMs))
  const threadId = recorded.interceptions[0]?.thread_id ?? id
  const prompt =
    told.said.find(({ kind, origin, hidden }) => kind === 'prompt' && origin === 'human' && hidden === undefined)
      ?.text ?? null
  const usage: TokenUsage =
    outcome === 'live'
      ? noUsage
      : {
          input_tokens: 12 + told.said.length,
          output_tokens: 80 + told.seconds * 31,
          cache_read_input_tokens: 11_204 * (recorded.interceptions.length % 40),
          cache_write_input_tokens: 1_830,
          cache_write_1h_input_tokens: 512,
          reasoning_tokens: 40,
          audio_input_tokens: 0,
          audio_output_tokens: 0,
          source: outcome === 'ok' ? 'provider' : 'partial',
        }
  const interception: Interception = {
    content_withheld: false,
    content_removed_at: null,
    sent: null,
    masked: 0,
    tool_names: null,
    id,
    session_id: session.id,
    thread_id: threadId,
    initiator: session.initiator,
    api_key_id: 'k3yk3yk3yk',
    provider: 'anthropic',
    provider_name: 'anthropic',
    route: 'messages',
    model: told.model,
    model_served: told.model,
    streaming: true,
    client: session.client,
    client_version: session.client_version,
    user_agent: `claude-cli/${session.client_version} (external, cli)`,
    client_session_id: session.client_session_id,
    agent_id: told.agent ?? null,
    parent_agent_id: null,
    source_ip: '192.0.2.14',
    boundary: null,
    started_at: new Date(startedMs).toISOString(),
    ended_at: outcome === 'live' ? null : new Date(endedMs).toISOString(),
    outcome,
    error_type: outcome === 'upstream_error' ? 'overloaded_error' : null,
    error_message: outcome === 'upstream_error' ? (told.error ?? 'Overloaded') : null,
    status_code: outcome === 'live' ? null : outcome === 'upstream_error' ? 529 : 200,
    stop_reason: outcome === 'ok' ? (told.said.at(-1)?.kind === 'tool_call' ? 'tool_use' : 'end_turn') : null,
    provider_response_id: `msg_${id.slice(-12)}`,
    provider_request_id: `req_${id.slice(-12)}`,
    credential_kind: 'centralized',
    credential_hint: 'sk-a...x7Qm',
    attempts: outcome === 'ok' && told.seconds % 3 === 0 ? retried(new Date(startedMs)) : [],
    decisions: told.denied === undefined ? [] : decided(told.said, told.denied, new Date(endedMs)),
    capture: 'full',
    request_bytes: 48_211 + told.said.length * 911,
    response_bytes: outcome === 'live' ? 0 : 3_120,
    request_sha256: 'a1'.repeat(32),
    response_sha256: outcome === 'live' ? null : 'b2'.repeat(32),
    duration_ms: outcome === 'live' ? null : told.seconds * 1000,
    time_to_first_byte_ms: outcome === 'live' ? null : 640 + told.seconds * 20,
    gateway_ms: outcome === 'live' ? null : 1.4,
    token_usage: usage,
    tool_calls: told.said.filter(({ kind }) => kind === 'tool_call').length,
    prompt,
  }
  recorded.interceptions.push(interception)
  appendEvents(recorded, interception, told, startedMs, endedMs)
  keepTotals(recorded, interception, endedMs)
  recorded.clockMs = endedMs + 400
  return interception
}

function appendEvents(
  { session, events }: Recorded,
  of: Interception,
  told: Told,
  startedMs: number,
  endedMs: number,
): void {
  const beganMs = Date.parse(session.started_at)
  const brought = new Set(['prompt', 'context', 'tool_result'])
  const line = (n: number, timeMs: number, said: Said, more: Partial<TimelineEvent> = {}): TimelineEvent => ({
    content_withheld: false,
    content_removed_at: null,
    id: `${of.id}.${n}`,
    interception_id: of.id,
    thread_id: of.thread_id,
    agent_id: of.agent_id,
    kind: said.kind,
    lane: said.lane,
    time: new Date(timeMs).toISOString(),
    offset_ms: timeMs - beganMs,
    origin: said.origin,
    text: said.hidden !== undefined ? null : said.text.slice(0, textCharsMax),
    text_bytes: said.hidden ?? Buffer.byteLength(said.text),
    truncated: said.text.length > textCharsMax,
    not_captured: said.hidden !== undefined,
    tool_name: said.tool ?? null,
    tool_call_id: said.id ?? null,
    is_error: said.failed ?? false,
    denied_by:
      of.decisions.find((one) => !one.allowed && one.tool_call_id === said.id && said.kind === 'tool_call')?.rule ??
      null,
    model: of.model,
    outcome: null,
    stop_reason: null,
    token_usage: null,
    duration_ms: null,
    ...more,
  })
  let n = 0
  const system = (kind: 'request' | 'end' | 'error', text = ''): Said => ({
    kind,
    lane: 'system',
    origin: 'gateway',
    text,
  })
  events.push(line(n++, startedMs, system('request')))
  const answerMs = (endedMs - startedMs) / (told.said.length + 1)
  for (const [at, said] of told.said.entries()) {
    events.push(line(n++, brought.has(said.kind) ? startedMs : startedMs + Math.round(answerMs * (at + 1)), said))
  }
  if (of.error_message !== null) events.push(line(n++, endedMs, { ...system('error', of.error_message), failed: true }))
  if (of.outcome === 'live') return
  const { outcome, stop_reason, token_usage, duration_ms } = of
  events.push(line(n, endedMs, system('end'), { text: null, outcome, stop_reason, token_usage, duration_ms }))
}

function keepTotals(recorded: Recorded, of: Interception, endedMs: number): void {
  const { session } = recorded
  const total = session.token_usage_summary
  const classes = [
    'input_tokens',
    'output_tokens',
    'cache_read_input_tokens',
    'cache_write_input_tokens',
    'cache_write_1h_input_tokens',
    'reasoning_tokens',
    'audio_input_tokens',
    'audio_output_tokens',
  ] as const
  for (const name of classes) total[name] += of.token_usage[name]
  session.requests += 1
  session.tool_calls += of.tool_calls
  if (!session.models.includes(of.model)) session.models.push(of.model)
  session.first_prompt ??= of.prompt
  session.last_prompt = of.prompt ?? session.last_prompt
  session.agents = new Set(
    recorded.interceptions.map(({ agent_id }) => agent_id).filter((agent) => agent !== null),
  ).size
  session.last_active_at = new Date(endedMs).toISOString()
  session.status = statusOf(of.outcome)
  session.ended_at = of.outcome === 'live' ? null : session.last_active_at
}

/** The answer to a request that was still open. */
export function endRequest(recorded: Recorded, of: Interception, now: Date, said: readonly Said[]): void {
  const kept = recorded.events.filter(({ interception_id }) => interception_id !== of.id)
  const open = recorded.events.filter(({ interception_id, kind }) => interception_id === of.id && kind !== 'request')
  recorded.events.splice(0, Infinity, ...kept)
  recorded.interceptions.splice(recorded.interceptions.indexOf(of), 1)
  recorded.session.requests -= 1
  recorded.clockMs = Date.parse(of.started_at)
  const before: Said[] = open.map((event) => ({
    kind: event.kind,
    lane: event.lane,
    origin: event.origin,
    text: event.text ?? '',
    ...(event.tool_name === null ? {} : { tool: event.tool_name }),
    ...(event.tool_call_id === null ? {} : { id: event.tool_call_id }),
  }))
  const seconds = Math.max(1, Math.round((now.getTime() - recorded.clockMs) / 1000))
  const ended = addRequest(recorded, { model: of.model, seconds, said: [...before, ...said] })
  const rename = (id: string) => id.replace(ended.id, of.id)
  recorded.events.forEach((event, at) => {
    if (event.interception_id === ended.id) {
      recorded.events[at] = { ...event, id: rename(event.id), interception_id: of.id }
    }
  })
  recorded.interceptions[recorded.interceptions.length - 1] = { ...ended, id: of.id }
}

/** As the server has it. */
function statusOf(outcome: Interception['outcome']): Session['status'] {
  if (outcome === 'live' || outcome === 'denied') return outcome
  return outcome === 'ok' || outcome === 'client_disconnected' ? 'done' : 'error'
}
