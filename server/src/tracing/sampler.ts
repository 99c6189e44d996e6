import type { TraceSettings } from './settings.ts'

/** Whether a trace is kept. Of a caller it is known whether he keeps it; null when the trace begins here. */
export type Sample = (traceId: string, parentSampled: boolean | null) => boolean

/** The samplers of OpenTelemetry, by which other programs in the same trace decide too. */
export async function openSampler({ sampler, ratio }: Pick<TraceSettings, 'sampler' | 'ratio'>): Promise<Sample> {
  const [{ ROOT_CONTEXT, SpanKind, trace, TraceFlags }, sdk] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-trace'),
  ])
  const root = sampler.endsWith('always_on')
    ? new sdk.AlwaysOnSampler()
    : sampler.endsWith('always_off')
      ? new sdk.AlwaysOffSampler()
      : new sdk.TraceIdRatioBasedSampler(ratio)
  const made = sampler.startsWith('parentbased_') ? new sdk.ParentBasedSampler({ root }) : root
  return (traceId, parentSampled) => {
    const traceFlags = parentSampled === true ? TraceFlags.SAMPLED : TraceFlags.NONE
    const parent = { traceId, spanId: 'f'.repeat(16), isRemote: true, traceFlags }
    const context = parentSampled === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent)
    const { decision } = made.shouldSample(context, traceId, 'request', SpanKind.SERVER, {}, [])
    return decision === sdk.SamplingDecision.RECORD_AND_SAMPLED
  }
}
