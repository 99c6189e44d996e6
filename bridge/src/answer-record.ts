import type { Clock } from '@reeve/base'
import type { Ending } from './answer-body.ts'
import type { AnswerHeaders } from './headers.ts'
import type { Attempt, Decision, EndFacts, RecordedOutcome, Recording } from './recorder.ts'
import { cleanText } from './wire/json.ts'

/** What became of an answer, for whoever counts. */
export interface RelaySummary {
  outcome: RecordedOutcome
  /** Whether the end of the record is durable. */
  recorded: boolean
  /** What the client was given; null when it got nothing. */
  statusCode: number | null
  responseBytes: number
  firstByteMs: number | null
  gatewayMs: number | null
}

export interface AnswerRecordParts {
  readonly recording: Recording
  readonly clock: Clock
  /** Every time that the provider was asked so far. */
  readonly attempts: readonly Attempt[]
  /** On the monotonic clock: when the request came, and when all of it was there. */
  readonly cameMs: number
  readonly readyMs: number
}

/** What is on record of one answer beside its bytes: when it came, what the client was given, and how it ended. */
export class AnswerRecord {
  readonly summary: RelaySummary = {
    outcome: 'interrupted',
    recorded: false,
    statusCode: null,
    responseBytes: 0,
    firstByteMs: null,
    gatewayMs: null,
  }
  readonly #parts: AnswerRecordParts
  readonly #askedMs: number
  #answeredMs: number | null = null

  /** Made when the provider is asked. */
  constructor(parts: AnswerRecordParts) {
    this.#parts = parts
    this.#askedMs = parts.clock.monotonicMs()
  }

  /** The provider has said something, of which the client has nothing yet. */
  answered(): void {
    if (this.summary.firstByteMs === null) this.#answeredMs = this.#parts.clock.monotonicMs()
  }

  /** The client is being given something. */
  noteFirstByte(): void {
    const { clock, cameMs, readyMs } = this.#parts
    if (this.summary.firstByteMs !== null) return
    const now = clock.monotonicMs()
    this.summary.firstByteMs = now - cameMs
    this.summary.gatewayMs = this.#askedMs - readyMs + (this.#answeredMs === null ? 0 : now - this.#answeredMs)
  }

  /** Resolves when the end is durable. `contentType` says how the bytes that are on record are read. */
  async end(
    { errorType, errorMessage }: Ending,
    about: {
      readonly head: AnswerHeaders | null
      readonly contentType: string | null
      readonly decisions: readonly Decision[]
    },
  ): Promise<void> {
    const { outcome, statusCode, firstByteMs, gatewayMs } = this.summary
    const { clock, cameMs, recording, attempts } = this.#parts
    const requestId = about.head?.requestId ?? null
    const facts: EndFacts = {
      endedAt: clock.now(),
      outcome,
      statusCode,
      errorType: errorType === undefined ? null : cleanText(errorType, 64),
      errorMessage: errorMessage === undefined ? null : cleanText(errorMessage, 1024),
      providerRequestId: requestId === null ? null : cleanText(requestId, 200),
      contentType: about.contentType,
      durationMs: clock.monotonicMs() - cameMs,
      attempts: [...attempts],
      decisions: about.decisions,
      firstByteMs,
      gatewayMs,
    }
    await recording.end(facts)
    this.summary.recorded = true
  }
}
