import type { Uuid } from '@reeve/base'
import type { Item, Tokens } from '../record/reading.ts'
import { mapTokens, noTokens, tokensAsColumns } from '../record/token-classes.ts'
import type { Prepared } from './prepare.ts'
import { bytea, type EndRow, endColumns, type InterceptionRow, short, startColumns } from './rows.ts'
import { humanPrompt } from './session-changes.ts'
import type { Known, PreparedStart } from './sessions.ts'
import { storable } from './storable.ts'
import type { Placement } from './threads.ts'

const promptChars = 16 * 1024
const messageChars = 4 * 1024
const usageChars = 8 * 1024

export function interceptionRow(
  start: PreparedStart,
  known: Known,
  placement: Placement,
  bytesLost: boolean,
  replicaId: Uuid,
): InterceptionRow {
  const { head, reading } = start
  return {
    ...startColumns(head),
    replica_id: replicaId,
    replica_seq: start.frame.seq,
    session_id: known.sessionId,
    thread_id: placement.threadId,
    request_slices: bytesLost ? null : start.slices,
    prompt: humanPrompt(reading, promptChars),
    turn_sha256: reading.turn === null ? null : bytea(reading.turn),
    retry_of: placement.retryOf,
  }
}

/** What stands in a row until its end is known. */
const stillOpen = {
  ended_at: null,
  outcome: 'live',
  response_bytes: 0,
  ...tokensAsColumns(noTokens),
  usage_source: 'none',
  tool_calls: 0,
} as const satisfies Partial<Record<keyof EndRow, unknown>>

/** An interception as it is inserted: with its end, where the same batch has it. */
export function wholeRow(start: InterceptionRow, end: EndRow | undefined) {
  if (end === undefined) return { ...start, ...stillOpen }
  return {
    ...start,
    ...end,
    credential_hint: end.credential_hint ?? start.credential_hint,
    masked: start.masked + end.masked,
    masked_fingerprints: [...start.masked_fingerprints, ...end.masked_fingerprints],
  }
}

/** The end as a row, and what the answer said as items. An error that only Reeve knows of is one, too. */
export function endRow(
  entry: Extract<Prepared, { kind: 'end' }>,
  known: Known,
  recordNo: number,
): { row: EndRow; items: readonly Item[] } {
  const { head, reading } = entry
  const tokens = bounded(reading.tokens)
  const message = head.errorMessage ?? reading.errorMessage
  const items = [...reading.items]
  if (head.outcome !== 'ok' && head.errorMessage !== null && !items.some((item) => item.kind === 'error')) {
    items.push(errorItem(head.errorMessage))
  }
  const row = {
    ...endColumns(head),
    error_type: short(head.errorType ?? reading.errorType),
    error_message: message === null ? null : storable(message, messageChars),
    stop_reason: short(reading.stopReason),
    model_served: short(reading.modelServed),
    provider_response_id: short(reading.responseId),
    response_slices: known.capture === 'full' ? entry.slices : null,
    ...tokensAsColumns(tokens),
    usage_source:
      reading.tokens === null ? ('none' as const) : reading.complete ? ('provider' as const) : ('partial' as const),
    usage_raw: storableJson(reading.usageRaw),
    tool_calls: items.filter((item) => item.kind === 'tool_call').length,
    record_no: recordNo,
  }
  return { row, items }
}

const errorItem = (text: string): Item => ({
  kind: 'error',
  origin: 'gateway',
  text,
  textBytes: Buffer.byteLength(text),
  truncated: false,
  notCaptured: false,
  toolName: null,
  toolCallId: null,
  isError: true,
})

/** Numbers come from a provider: an absurd one must not spoil a session's sums. */
function bounded(tokens: Tokens | null): Tokens {
  const fit = (value: number) => (Number.isFinite(value) ? Math.trunc(Math.min(Math.max(value, 0), 1e12)) : 0)
  return tokens === null ? noTokens : mapTokens((name) => fit(tokens[name]))
}

/** Null for what jsonb cannot hold: NUL, half a surrogate pair, or more than a usage object has any reason to be. */
function storableJson(value: Readonly<Record<string, unknown>> | null): unknown {
  if (value === null) return null
  const text = JSON.stringify(value)
  return text.length > usageChars || /\\u0000|\\ud[89a-f]/i.test(text) ? null : value
}
