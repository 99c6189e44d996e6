import type { ProposedCall } from '../policy.ts'
import type { WireEvent } from './sse.ts'

/**
 * How the calls of a client's own tools are found in the answers of one format before the client has them. What the
 * provider runs itself is none of them. Nothing here is lenient: a client may read an odd answer in another way than we
 * do, so what is not plain is `unreadable`.
 */
export interface ToolCallFormat {
  /** Whole events, taken apart, with the bytes of each. */
  units(bytes: Buffer): Iterable<Unit>
  readStream(): CallStream
  /** The calls in an answer that came in one piece; null when it cannot be read. */
  readWhole(bytes: Buffer): readonly ProposedCall[] | null
}

/** The event is null where the bytes say nothing, as comments do. */
export interface Unit {
  readonly bytes: Buffer
  readonly event: WireEvent | 'unreadable' | null
}

export interface CallStream {
  step(event: WireEvent): CallStep | 'unreadable'
  /** Calls that are still open when the answer ends; null when they cannot be read. */
  finish(): readonly ProposedCall[] | null
}

export interface CallStep {
  /** Calls that are complete with this event. */
  readonly complete: readonly ProposedCall[]
  /** Whether a call has begun that is not complete. */
  readonly open: boolean
}
