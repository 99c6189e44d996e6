import type { HrTime, SpanContext } from '@opentelemetry/api'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import type { TraceSettings } from './settings.ts'
import type { Span } from './span.ts'

/** Sends spans. Rejects when the receiver did not take them. */
export type SendSpans = (spans: readonly Span[]) => Promise<void>

/**
 * The exporter of OpenTelemetry, which is loaded here and nowhere else, and only when spans are wanted: it takes a tenth
 * of a second or two, and 10 to 25 MB. It tries again by itself for as long as its time allows (10 s), and reads those of the
 * `OTEL_…` variables that Reeve has no setting for: timeout, compression, certificates, attributes of the resource.
 */
export async function openExporter(settings: TraceSettings): Promise<SendSpans> {
  const [{ createTraceState, SpanKind, SpanStatusCode, TraceFlags }, { ExportResultCode }, resources, exporters] =
    await Promise.all([
      import('@opentelemetry/api'),
      import('@opentelemetry/core'),
      import('@opentelemetry/resources'),
      settings.protocol === 'http/json'
        ? import('@opentelemetry/exporter-trace-otlp-http')
        : import('@opentelemetry/exporter-trace-otlp-proto'),
    ])
  const { url, headers, serviceName, serviceVersion } = settings
  const exporter = new exporters.OTLPTraceExporter({ url, headers: { ...headers } })
  const resource = resources
    .detectResources({ detectors: [resources.envDetector] })
    .merge(resources.resourceFromAttributes({ 'service.name': serviceName, 'service.version': serviceVersion }))
  const kinds = { server: SpanKind.SERVER, client: SpanKind.CLIENT } as const

  function readable(span: Span): ReadableSpan {
    const shared = {
      traceId: span.traceId,
      traceFlags: TraceFlags.SAMPLED,
      ...(span.state !== null && { traceState: createTraceState(span.state) }),
    }
    const context: SpanContext = { ...shared, spanId: span.spanId }
    return {
      name: span.name,
      kind: kinds[span.kind],
      spanContext: () => context,
      ...(span.parent !== null && { parentSpanContext: { ...shared, ...span.parent } }),
      startTime: hrTime(span.startMs),
      endTime: hrTime(span.endMs),
      duration: hrTime(span.endMs - span.startMs),
      status: { code: span.failed ? SpanStatusCode.ERROR : SpanStatusCode.UNSET },
      attributes: attributesOf(span),
      links: [],
      events: [],
      ended: true,
      resource,
      instrumentationScope: { name: 'reeve', version: serviceVersion },
      droppedAttributesCount: 0,
      droppedEventsCount: 0,
      droppedLinksCount: 0,
    }
  }

  return (spans) =>
    new Promise((resolve, reject) => {
      exporter.export(spans.map(readable), ({ code, error }) => {
        if (code === ExportResultCode.SUCCESS) resolve()
        else reject(error ?? new Error('the receiver did not take the spans'))
      })
    })
}

function attributesOf({ attributes }: Span): ReadableSpan['attributes'] {
  const kept: ReadableSpan['attributes'] = {}
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined) continue
    kept[name] = typeof value === 'object' ? [...value] : value
  }
  return kept
}

const hrTime = (ms: number): HrTime => [Math.floor(ms / 1_000), Math.round((ms % 1_000) * 1e6)]
