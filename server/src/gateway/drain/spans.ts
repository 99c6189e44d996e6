import { attemptSpanId, type TraceContext } from '@reeve/base'
import { serverSpan, type Span } from '../../tracing/span.ts'
import type { Traced } from '../record/frames.ts'
import { short } from './rows.ts'
import type { Written } from './write.ts'

/** What OpenTelemetry calls what each kind of request asks a model for. The other kinds ask it for nothing. */
const operations: Readonly<Record<string, string>> = {
  messages: 'chat',
  chat_completions: 'chat',
  responses: 'chat',
  generate_content: 'generate_content',
}

/** Providers by the names that OpenTelemetry knows; others go by the names of their types here. */
const systems: Readonly<Record<string, string>> = {
  google: 'gcp.gemini',
  azure: 'azure.ai.openai',
  bedrock: 'aws.bedrock',
}

/** Whoever reads traces has no need of more. */
const toolNamesMax = 32

/**
 * An interception as spans, in the words of OpenTelemetry's conventions for generative AI
 * (https://opentelemetry.io/docs/specs/semconv/gen-ai/, as of 1.39): one for the request, which has all that is told of
 * the model, and within it one for each time that the provider was asked. Words of people and models are not among it.
 */
export function spansOf({ row, known, items, trace }: Written['ends'][number]): Span[] {
  if (trace === null) return []
  const { context, provider, streaming, client } = trace
  const startMs = Date.parse(trace.startedAt)
  const endMs = Math.max(startMs, row.duration_ms === null ? Date.parse(row.ended_at) : startMs + row.duration_ms)
  const model = short(trace.model) ?? ''
  const operation = operations[known.route]
  const system = systems[provider] ?? provider
  const toolNames = items.flatMap(({ kind, tool_name }) =>
    kind === 'tool_call' && tool_name !== null ? [tool_name] : [],
  )
  const span: Span = {
    ...serverSpan(context),
    name: `${operation ?? known.route} ${model}`.trim(),
    startMs,
    endMs,
    failed: row.outcome !== 'ok' && row.outcome !== 'client_disconnected',
    attributes: {
      ...(operation !== undefined && {
        'gen_ai.operation.name': operation,
        'gen_ai.request.model': model,
        'gen_ai.response.model': row.model_served,
        'gen_ai.response.id': row.provider_response_id,
        'gen_ai.response.finish_reasons': row.stop_reason === null ? null : [row.stop_reason],
        'gen_ai.conversation.id': known.sessionId,
        ...(row.usage_source !== 'none' && usageOf(row)),
        'reeve.tool_calls': row.tool_calls,
        'reeve.tool_names': [...new Set(toolNames)].slice(0, toolNamesMax),
      }),
      'gen_ai.provider.name': system,
      'http.response.status_code': row.status_code,
      'error.type': row.outcome === 'ok' ? null : (row.error_type ?? row.outcome),
      'user.id': known.userId,
      'reeve.interception.id': row.id,
      'reeve.organization.id': known.organizationId,
      'reeve.thread.id': known.threadId,
      'reeve.provider': known.providerName,
      'reeve.route': known.route,
      'reeve.client': client,
      'reeve.streaming': streaming,
      'reeve.outcome': row.outcome,
      'reeve.first_byte_ms': row.first_byte_ms,
      'reeve.gateway_ms': row.gateway_ms,
    },
  }
  return [span, ...trace.attempts.map((_, index) => attemptSpan(trace, context, index, span, known.providerName))]
}

/** Those of the caches are part of the input there, and classes of their own here. */
function usageOf(row: Written['ends'][number]['row']): Span['attributes'] {
  return {
    'gen_ai.usage.input_tokens': row.input_tokens + row.cache_read_tokens + row.cache_write_tokens,
    'gen_ai.usage.output_tokens': row.output_tokens,
    'gen_ai.usage.cache_read.input_tokens': row.cache_read_tokens,
    'gen_ai.usage.cache_creation.input_tokens': row.cache_write_tokens,
    'gen_ai.usage.reasoning.output_tokens': row.reasoning_tokens,
    'reeve.usage.source': row.usage_source,
  }
}

/** The answer that counts is read to its end; of the others only the head was waited for. */
function attemptSpan(trace: Traced, context: TraceContext, index: number, whole: Span, providerName: string): Span {
  const { at, waitedMs, statusCode, errorType } = trace.attempts[index]!
  // Wall time and the time that passed need not agree to the millisecond.
  const within = (ms: number): number => Math.min(Math.max(ms, whole.startMs), whole.endMs)
  const startMs = within(Date.parse(at))
  const isLast = index === trace.attempts.length - 1
  const endMs = isLast && statusCode !== null ? whole.endMs : within(startMs + waitedMs)
  return {
    name: `ask ${providerName}`,
    kind: 'client',
    traceId: context.traceId,
    spanId: attemptSpanId(context.spanId, index),
    parent: { spanId: context.spanId, isRemote: false },
    state: context.state,
    startMs,
    endMs,
    failed: statusCode === null || statusCode >= 400,
    attributes: {
      'http.response.status_code': statusCode,
      'http.request.resend_count': index === 0 ? null : index,
      'error.type': errorType ?? (statusCode !== null && statusCode >= 400 ? String(statusCode) : null),
      'reeve.provider': providerName,
    },
  }
}
