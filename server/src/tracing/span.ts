import type { TraceContext } from '@reeve/base'

/** One step of a trace, as it is told when it is over. Plain data. */
export interface Span {
  readonly name: string
  /** `server`: somebody asked us. `client`: we asked somebody. */
  readonly kind: 'server' | 'client'
  readonly traceId: string
  readonly spanId: string
  readonly parent: { readonly spanId: string; readonly isRemote: boolean } | null
  readonly state: string | null
  /** Since 1970; `endMs` is not before `startMs`. */
  readonly startMs: number
  readonly endMs: number
  readonly failed: boolean
  /** Null and undefined leave an attribute out. */
  readonly attributes: Readonly<Record<string, Attribute | null | undefined>>
}

export type Attribute = string | number | boolean | readonly string[]

/** The place of what was asked of us. */
export const serverSpan = ({
  traceId,
  spanId,
  parentSpanId,
  state,
}: TraceContext): Pick<Span, 'kind' | 'traceId' | 'spanId' | 'parent' | 'state'> => ({
  kind: 'server',
  traceId,
  spanId,
  parent: parentSpanId === null ? null : { spanId: parentSpanId, isRemote: true },
  state,
})

/** A request that leaves no record of its own: of the management API, or turned away at the door of the bridge. */
export function requestSpan(
  trace: TraceContext,
  of: {
    readonly method: string
    /** Its template, never its path. */
    readonly route: string
    readonly status: number
    readonly startMs: number
    readonly durationMs: number
    readonly attributes?: Span['attributes']
  },
): Span {
  const { method, route, status, startMs, durationMs } = of
  return {
    ...serverSpan(trace),
    name: `${method} ${route}`,
    startMs,
    endMs: startMs + Math.max(0, durationMs),
    failed: status >= 500,
    attributes: {
      ...of.attributes,
      'http.request.method': method,
      'http.route': route,
      'http.response.status_code': status,
      'error.type': status >= 500 ? String(status) : null,
    },
  }
}
