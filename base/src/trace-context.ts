/**
 * Where a request stands in a trace that goes through several programs: W3C Trace Context, level 1 and 2
 * (https://www.w3.org/TR/trace-context-2/). Ids are in lower-case hex, as the headers have them.
 */
export interface TraceContext {
  readonly traceId: string
  /** Of what is done here. */
  readonly spanId: string
  /** Of what asked for it; null when the trace begins here. */
  readonly parentSpanId: string | null
  /** What other tracing systems want to be passed on with it; null when there is nothing. */
  readonly state: string | null
  readonly sampled: boolean
}

export interface TraceParent {
  readonly traceId: string
  readonly spanId: string
  readonly sampled: boolean
}

const parentPattern = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/
/** A later version may say more behind what this one knows; nobody has reason to say much. */
const parentCharsMax = 256
const stateCharsMax = 512
const stateMembersMax = 32
const member = /^[a-z0-9][a-z0-9_\-*/@]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/

/** The caller's place; null when the header is not there or not to be understood, and then the trace begins here. */
export function readTraceParent(header: string | undefined): TraceParent | null {
  if (header === undefined || header.length > parentCharsMax) return null
  const [, version, traceId = '', spanId = '', flags = '', more] = parentPattern.exec(header.trim()) ?? []
  if (version === undefined || version === 'ff' || (version === '00' && more !== undefined)) return null
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return null
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 }
}

/** What may be passed on of a `tracestate`: all of it, or null when anything of it is not as it should be. */
export function readTraceState(header: string | undefined): string | null {
  if (header === undefined || header.length > stateCharsMax) return null
  const members = header
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')
  if (members.length === 0 || members.length > stateMembersMax) return null
  return members.every((one) => member.test(one)) ? members.join(',') : null
}

/** The headers by which somebody asked from here takes part in the trace: names and values. */
export function traceHeaders({ traceId, state, sampled }: TraceContext, spanId: string): string[] {
  const parent = ['traceparent', `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`]
  return state === null ? parent : [...parent, 'tracestate', state]
}

/**
 * The span of one of the attempts that were made within another span. It follows from that one's id, so that whoever
 * asks and whoever tells of it later need not agree on it in any other way.
 */
export function attemptSpanId(spanId: string, attempt: number): string {
  const id = BigInt.asUintN(64, BigInt(`0x${spanId}`) + BigInt(attempt) + 1n)
  return (id === 0n ? 1n : id).toString(16).padStart(16, '0')
}
