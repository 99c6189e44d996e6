import type { IncomingHttpHeaders } from 'node:http'
import type { TraceContext } from '@reeve/base'

/** Who knows of traces. The bridge carries their ids along and makes none. */
export interface Tracer {
  /** The step of a request in its trace; null where nothing is traced. */
  begin(headers: IncomingHttpHeaders): TraceContext | null
  /** Whether those who are asked are told of the trace. */
  readonly passedOn: boolean
}

export const noTracer: Tracer = { begin: () => null, passedOn: false }
