import type { Clock } from '@reeve/base'
import type { Ending } from '../answer-body.ts'
import type { Hold } from '../gate/hold.ts'
import type { Attempt, Decision, EndFacts, Recording, StartFacts } from '../recorder.ts'
import type { RelaySummary } from '../answer-record.ts'
import { asEvent } from '../wire/as-event.ts'
import { cleanText } from '../wire/json.ts'

export interface TurnParts {
  readonly start: StartFacts
  readonly recording: Recording
  readonly clock: Clock
  /** On the monotonic clock: when the request came. */
  readonly cameMs: number
  readonly providerRequestId: string | null
  /** Makes room for another one. */
  readonly leave: () => void
  readonly hold: Hold | null
  /** Grows while the answer comes. */
  readonly decisions: Decision[]
}

/** One request for an answer over a WebSocket, with the record of its answer. Ends once. */
export class Turn {
  readonly start: StartFacts
  readonly recording: Recording
  readonly leave: () => void
  /** Set once it ends. */
  ending = false
  readonly decisions: Decision[]
  /** Holds the tool calls of the answer; null when nobody looks at them. */
  readonly hold: Hold | null
  readonly #parts: TurnParts
  #asked: { readonly at: Date; readonly ms: number } | null = null
  #answeredMs: number | null = null
  #responseBytes = 0

  constructor(parts: TurnParts) {
    this.#parts = parts
    this.start = parts.start
    this.recording = parts.recording
    this.leave = parts.leave
    this.hold = parts.hold
    this.decisions = parts.decisions
  }

  /** The provider is being asked. */
  ask(): void {
    this.#asked = { at: this.#parts.clock.now(), ms: this.#parts.clock.monotonicMs() }
  }

  get hasBegun(): boolean {
    return this.#answeredMs !== null
  }

  get responseBytes(): number {
    return this.#responseBytes
  }

  note(message: Buffer): void {
    this.#answeredMs ??= this.#parts.clock.monotonicMs()
    this.#responseBytes += message.length
    this.recording.response(asEvent(message))
  }

  /** Resolves when the end is durable, with what is told of it. */
  async end({ outcome, errorType, errorMessage }: Ending, statusCode: number | null): Promise<RelaySummary> {
    const { clock, cameMs, providerRequestId } = this.#parts
    const firstByteMs = this.#answeredMs === null ? null : this.#answeredMs - cameMs
    const gatewayMs = this.#answeredMs === null || this.#asked === null ? null : this.#asked.ms - cameMs
    const facts: EndFacts = {
      endedAt: clock.now(),
      outcome,
      statusCode,
      errorType: errorType === undefined ? null : cleanText(errorType, 64),
      errorMessage: errorMessage === undefined ? null : cleanText(errorMessage, 1024),
      attempts: this.#attempts(statusCode, errorType ?? null),
      decisions: this.decisions,
      providerRequestId,
      contentType: this.#answeredMs === null ? null : 'text/event-stream',
      durationMs: clock.monotonicMs() - cameMs,
      firstByteMs,
      gatewayMs,
    }
    await this.recording.end(facts)
    return { outcome, recorded: true, statusCode, responseBytes: this.#responseBytes, firstByteMs, gatewayMs }
  }

  #attempts(statusCode: number | null, errorType: string | null): readonly Attempt[] {
    if (this.#asked === null) return []
    const { at, ms } = this.#asked
    const waitedMs = (this.#answeredMs ?? this.#parts.clock.monotonicMs()) - ms
    const { credentialHint } = this.start
    return [{ at, credentialHint, statusCode: this.hasBegun ? statusCode : null, errorType, waitedMs }]
  }
}
