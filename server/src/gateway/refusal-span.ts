import type { IncomingMessage } from 'node:http'
import type { Clock } from '@reeve/base'
import { knownMethod } from '../http/metrics.ts'
import { requestSpan } from '../tracing/span.ts'
import type { Tracing } from '../tracing/tracing.ts'

export interface Refused {
  readonly cameAt: Date
  readonly status: number
  readonly reason: string
}

/** Traces a request that is turned away at the door: it leaves no record, of which the drain would make its span. */
export function traceRefusal(
  { tracing, clock }: { readonly tracing: Tracing | null; readonly clock: Clock },
  { method, headers }: IncomingMessage,
  { cameAt, status, reason }: Refused,
): void {
  if (tracing === null) return
  const trace = tracing.begin(headers)
  const startMs = cameAt.getTime()
  const span = requestSpan(trace, {
    method: knownMethod(method),
    route: '/api/v2/aibridge/{provider}',
    status,
    startMs,
    durationMs: clock.now().getTime() - startMs,
    attributes: { 'reeve.refused': reason },
  })
  tracing.add(trace, span)
}
