import { randomBytes } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { type Log, readTraceParent, readTraceState, type TraceContext } from '@reeve/base'
import { Counter, type Registry } from 'prom-client'
import { openExporter } from './otlp.ts'
import { openSampler } from './sampler.ts'
import type { TraceSettings } from './settings.ts'
import type { Span } from './span.ts'
import { createSpanQueue, type SpanCounts } from './span-queue.ts'

/** What the server tells an OpenTelemetry receiver of what it is asked. */
export interface Tracing extends AsyncDisposable {
  readonly settings: TraceSettings
  /** A new step of the caller's trace, or of one that begins here. */
  begin(headers: IncomingHttpHeaders): TraceContext
  /** What is not kept by the sampler goes nowhere. */
  add(trace: TraceContext, span: Span): void
  /** What became of spans that were sent from elsewhere. */
  count(counts: SpanCounts): void
}

export async function startTracing(options: {
  readonly settings: TraceSettings
  readonly log: Log
  readonly metrics: Registry
}): Promise<Tracing> {
  const { settings, log, metrics } = options
  const sent = new Counter({
    name: 'reeve_trace_spans_sent_total',
    help: 'Spans that the receiver has taken.',
    registers: [metrics],
  })
  const dropped = new Counter({
    name: 'reeve_trace_spans_dropped_total',
    help: 'Spans that were given up: too many waited (full), or the receiver did not take them (failed).',
    labelNames: ['reason'],
    registers: [metrics],
  })
  const count = (counts: SpanCounts): void => {
    sent.inc(counts.sent)
    dropped.inc({ reason: 'full' }, counts.overflowed)
    dropped.inc({ reason: 'failed' }, counts.failed)
  }
  count({ sent: 0, overflowed: 0, failed: 0 })
  const sample = await openSampler(settings)
  const queue = createSpanQueue({ send: await openExporter(settings), log, tell: count })

  return {
    settings,
    begin(headers) {
      const parent = readTraceParent(only(headers['traceparent']))
      const traceId = parent?.traceId ?? randomBytes(16).toString('hex')
      return {
        traceId,
        spanId: randomBytes(8).toString('hex'),
        parentSpanId: parent?.spanId ?? null,
        state: parent === null ? null : readTraceState(only(headers['tracestate'])),
        sampled: sample(traceId, parent?.sampled ?? null),
      }
    },
    add(trace, span) {
      if (trace.sampled) queue.add([span])
    },
    count,
    [Symbol.asyncDispose]: () => queue[Symbol.asyncDispose](),
  }
}

/** Node makes one of several headers of these names. */
const only = (header: string | string[] | undefined): string | undefined =>
  typeof header === 'string' ? header : undefined
