import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Clock, type Log, toError } from '@reeve/base'
import type { Dispatcher } from 'undici'
import { type AnswerBody, answerBody, type BodyEnd, brokenOff, type Ending, spoiled } from './answer-body.ts'
import type { HeaderValues } from './clients.ts'
import { type AnswerHeaders, answerHeaders } from './headers.ts'
import type { Limits } from './limits.ts'
import type { Mask } from './mask.ts'
import type { Attempt, EndFacts, RecordedOutcome, Recording } from './recorder.ts'
import { interceptionHeader, writeAnswer } from './refuse.ts'
import { upstreamFailure } from './upstream-failure.ts'
import { cleanText } from './wire/json.ts'
import type { Refusal, WireFormat } from './wire/wire-format.ts'

export interface RelayParts {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  readonly ownHeaders: readonly string[]
  readonly recording: Recording
  readonly wire: WireFormat
  readonly mask: Mask
  readonly limits: Limits
  readonly clock: Clock
  readonly log: Log
  /** Every time that the provider was asked so far. */
  readonly attempts: readonly Attempt[]
  /** Null for what is not recorded. */
  readonly interceptionId: string | null
  /** On the monotonic clock: when the request came, and when all of it was there. */
  readonly cameMs: number
  readonly readyMs: number
}

/** What became of it, for whoever counts. */
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

/**
 * Carries one answer from the provider to the client, and sees to it that the record ends exactly once, before the
 * client can have the complete answer.
 *
 *   waiting    The provider was asked. Its head makes it `relaying`; failure or silence is answered in its own shape.
 *   relaying   Bytes are noted and passed on. What completes the answer is held back and makes it `ending`; so does
 *              whatever goes wrong.
 *   ending     The end of the record is being written. If it cannot be, the connection is cut and what was held back
 *              stays back.
 *   trailing   The end is durable and the client may have all of it. What a provider still sends is recorded first.
 *   done       Nothing is left to do: `finished` resolves.
 *
 * A client that goes away does not change the state: the provider is listened to a little longer, to learn what was
 * really used, and nothing is written any more. When the client is slower than the provider, the provider is paused.
 */
export class Relay implements Dispatcher.DispatchHandler {
  readonly finished: Promise<RelaySummary>
  readonly #parts: RelayParts
  readonly #summary: RelaySummary
  readonly #askedMs: number
  #answeredMs: number | null = null
  #resolveFinished: (summary: RelaySummary) => void = () => {}
  #state: 'waiting' | 'relaying' | 'ending' | 'trailing' | 'done' = 'waiting'
  #timer: NodeJS.Timeout

  #upstream: Dispatcher.DispatchController | null = null
  #upstreamOver = false
  #paused = false
  #clientGone = false
  #unheardBytes = 0

  #status = 0
  #head: AnswerHeaders | null = null
  #body: AnswerBody | null = null

  constructor(parts: RelayParts) {
    this.#parts = parts
    this.#summary = {
      outcome: 'interrupted',
      recorded: false,
      statusCode: null,
      responseBytes: 0,
      firstByteMs: null,
      gatewayMs: null,
    }
    this.finished = new Promise((resolve) => (this.#resolveFinished = resolve))
    this.#askedMs = parts.clock.monotonicMs()
    this.#timer = setTimeout(this.#onSilence, parts.limits.firstByteMs)
    // A write that fails is followed by a close, which is what counts.
    parts.res.on('close', this.#onClientClose).on('drain', this.#onDrain).on('error', ignore)
  }

  /** Whether no answer has begun and somebody still waits for one. */
  get waits(): boolean {
    return this.#state === 'waiting' && !this.#clientGone
  }

  /** Ends it from outside: the process is stopping. */
  interrupt(): void {
    const message = 'Reeve was stopped before the answer was complete.'
    this.#fail({ outcome: 'interrupted', errorType: 'stopped' }, { reason: 'unavailable', message })
  }

  // The provider's side, as undici calls it.

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#upstream = controller
    if (!this.#isOpen()) this.#abortUpstream()
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: HeaderValues): void {
    // Early hints and the like are between the provider and us.
    if (status < 200 || this.#state !== 'waiting') return
    const { wire, mask, limits, clock, res } = this.#parts
    this.#answeredMs = clock.monotonicMs()
    if (status >= 300 && status < 400) {
      return this.#endWith(spoiled('redirect', 'The provider answered with a redirect, which is not followed.'))
    }
    const head = answerHeaders(headers, mask.text)
    this.#state = 'relaying'
    this.#status = status
    this.#head = head
    this.#body = answerBody({ status, head, wire, mask, limits })
    if (!this.#clientGone) this.#watch(limits.idleMs)
    // A client may wait for the head of a stream whose first event takes long. Most often the event is here already.
    if (this.#body.takesError) setImmediate(() => this.#state === 'relaying' && this.#writeHead() && res.flushHeaders())
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    // Resuming in the middle of a piece, undici gives the nothing that it has: to pause on that again would never end.
    if (chunk.length === 0) return
    this.#summary.responseBytes += chunk.length
    if (this.#state === 'trailing') void this.#relayTrailer(chunk)
    if (this.#state !== 'relaying') return
    if (this.#summary.firstByteMs === null) this.#answeredMs = this.#parts.clock.monotonicMs()
    if (!this.#clientGone) this.#timer.refresh()
    const { pass, end } = this.#body!.push(chunk)
    if (pass !== null) {
      this.#parts.recording.response(this.#parts.mask.bytes(this.#recorded(pass)))
      this.#write(pass)
    }
    if (end !== null) this.#endWith(end)
    else if (this.#clientGone) this.#boundUnheard(chunk)
  }

  onResponseEnd(): void {
    this.#upstreamOver = true
    if (this.#state === 'relaying') this.#endWith(this.#body!.finish())
    else if (this.#state === 'trailing') this.#finishTrailing()
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#upstreamOver = true
    if (this.#state === 'trailing') this.#finishTrailing()
    else if (this.#state === 'relaying') {
      this.#endWith(brokenOff('The provider broke off before the answer was complete.'))
    } else if (this.#state === 'waiting') {
      const { refusal, errorType } = upstreamFailure(error)
      this.#parts.log.warn({ interceptionId: this.#parts.interceptionId, errorType }, 'the provider could not be asked')
      this.#fail({ outcome: 'upstream_aborted', errorType }, refusal)
    }
  }

  #pause(): void {
    this.#paused = true
    this.#upstream?.pause()
  }

  #unpause(): void {
    if (!this.#paused) return
    this.#paused = false
    // When it is over, the connection may carry somebody else's answer.
    if (!this.#upstreamOver) this.#upstream?.resume()
  }

  /** Nothing more is wanted from the provider. One that is not connected yet is told when it is. */
  #abortUpstream(): void {
    if (this.#upstreamOver || this.#upstream === null) return
    this.#upstreamOver = true
    this.#upstream.abort(new Error('the answer is not wanted any more'))
  }

  // Endings.

  #endWith(end: BodyEnd): void {
    if (!end.complete) return this.#fail(end.ending, end.refusal)
    const { last } = end
    if (last !== null) this.#parts.recording.response(this.#recorded(last))
    if (!this.#upstreamOver) this.#pause()
    void this.#end(end.ending, this.#status, () => this.#release(last))
  }

  /**
   * Ends without a complete answer. Before anything was sent the client gets a proper error; in a stream an error event,
   * which no client takes for an end; in anything else the connection is cut, so that half an answer is never taken for
   * all of it.
   */
  #fail(ending: Ending, refusal: Refusal): void {
    if (!this.#isOpen()) return
    const { res, wire, interceptionId } = this.#parts
    this.#noteRest()
    const answer = wire.refusal(refusal, interceptionId)
    const unsent = !res.headersSent
    void this.#end({ errorMessage: refusal.message, ...ending }, unsent ? answer.status : this.#status, () => {
      if (unsent) void writeAnswer(this.#parts, answer, interceptionId)
      else if (this.#body?.takesError === true) this.#endResponse(wire.streamError(refusal))
      else this.#cut()
    })
    this.#abortUpstream()
  }

  /** The end of the record first; only then, and only if it is durable, what was held back. */
  async #end(ending: Ending, statusCode: number, release: () => void): Promise<void> {
    this.#state = 'ending'
    clearTimeout(this.#timer)
    const summary = this.#summary
    // Whatever the provider did: a client that had gone by now did not get the answer.
    summary.outcome = this.#clientGone && ending.outcome !== 'interrupted' ? 'client_disconnected' : ending.outcome
    if (!this.#clientGone || this.#parts.res.headersSent) summary.statusCode = statusCode
    if (!this.#clientGone) this.#noteFirstByte()
    try {
      await this.#parts.recording.end(this.#endFacts(ending))
    } catch (thrown) {
      return this.#cutUnrecorded(thrown, 'the end of a record could not be written')
    }
    summary.recorded = true
    this.#state = 'trailing'
    if (this.#clientGone) this.#done()
    else release()
  }

  #endFacts({ errorType, errorMessage }: Ending): EndFacts {
    const { outcome, statusCode, firstByteMs, gatewayMs } = this.#summary
    const { clock, cameMs } = this.#parts
    const head = this.#head
    return {
      endedAt: clock.now(),
      outcome,
      statusCode,
      errorType: errorType === undefined ? null : cleanText(errorType, 64),
      errorMessage: errorMessage === undefined ? null : cleanText(errorMessage, 1024),
      providerRequestId: head === null || head.requestId === null ? null : cleanText(head.requestId, 200),
      contentType:
        this.#body?.framed !== undefined ? 'text/event-stream' : head?.compressed === false ? head.contentType : null,
      durationMs: clock.monotonicMs() - cameMs,
      attempts: [...this.#parts.attempts],
      firstByteMs,
      gatewayMs,
    }
  }

  /** The complete answer is in the record: the client may have it. */
  #release(last: Buffer | null): void {
    this.#writeHead()
    if (this.#upstreamOver) return this.#endResponse(last)
    if (last !== null) this.#parts.res.write(last)
    this.#timer = setTimeout(() => this.#finishTrailing(), this.#parts.limits.afterEndMs)
    this.#unpause()
  }

  async #relayTrailer(chunk: Buffer): Promise<void> {
    this.#pause()
    try {
      await this.#parts.recording.trailer(this.#recorded(chunk))
    } catch (thrown) {
      return this.#cutUnrecorded(thrown, 'the trailer of a record could not be written')
    }
    const { res } = this.#parts
    if (res.writableEnded || res.write(chunk)) this.#unpause()
  }

  #finishTrailing(): void {
    if (this.#parts.res.writableEnded) return
    this.#endResponse(null)
    this.#abortUpstream()
  }

  /** Nothing more is to be written. A client that does not take it is not waited for for ever. */
  #endResponse(last: Buffer | null): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#cut(), this.#parts.limits.idleMs)
    this.#parts.res.end(last ?? undefined)
  }

  #cutUnrecorded(thrown: unknown, message: string): void {
    this.#parts.log.error({ interceptionId: this.#parts.interceptionId, error: toError(thrown).message }, message)
    this.#cut()
  }

  #cut(): void {
    this.#parts.res.destroy()
    this.#done()
  }

  #done(): void {
    if (this.#state === 'done') return
    this.#state = 'done'
    clearTimeout(this.#timer)
    this.#abortUpstream()
    this.#parts.res.off('close', this.#onClientClose).off('drain', this.#onDrain)
    this.#resolveFinished(this.#summary)
  }

  #isOpen(): boolean {
    return this.#state === 'waiting' || this.#state === 'relaying'
  }

  // The client's side.

  #writeHead(): boolean {
    const { res, ownHeaders, interceptionId } = this.#parts
    if (res.headersSent || this.#clientGone || this.#head === null || this.#body === null) return false
    const { headers, contentLength } = this.#head
    headers.push(...ownHeaders, ...interceptionHeader(interceptionId))
    // What may get an error of ours at its end has no length yet.
    if (contentLength !== null && !this.#body.takesError) headers.push('content-length', contentLength)
    res.writeHead(this.#status, headers)
    this.#noteFirstByte()
    return true
  }

  #write(bytes: Buffer): void {
    if (this.#clientGone) return
    this.#writeHead()
    if (!this.#parts.res.write(bytes)) this.#pause()
  }

  #noteFirstByte(): void {
    const { clock, cameMs, readyMs } = this.#parts
    if (this.#summary.firstByteMs !== null) return
    const now = clock.monotonicMs()
    this.#summary.firstByteMs = now - cameMs
    this.#summary.gatewayMs = this.#askedMs - readyMs + (this.#answeredMs === null ? 0 : now - this.#answeredMs)
  }

  readonly #onDrain = (): void => {
    if (this.#state === 'relaying') this.#timer.refresh()
    // While the end is being written the provider stays paused.
    if (this.#state === 'relaying' || this.#state === 'trailing') this.#unpause()
  }

  readonly #onClientClose = (): void => {
    this.#clientGone = true
    if (this.#state === 'trailing') return this.#done()
    if (!this.#isOpen()) return
    this.#watch(this.#parts.limits.disconnectedMs)
    this.#unpause()
  }

  // Time and bounds.

  #watch(ms: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(this.#onSilence, ms)
  }

  readonly #onSilence = (): void => {
    if (this.#paused && !this.#clientGone) {
      // It is the client that takes nothing: to us it has gone.
      this.#clientGone = true
      this.#parts.res.destroy()
    }
    if (this.#clientGone) return this.#stopListening()
    const message =
      this.#state === 'waiting'
        ? 'The provider did not begin to answer in time.'
        : 'The provider fell silent in the middle of the answer.'
    this.#fail({ outcome: 'timeout', errorType: 'timeout' }, { reason: 'upstream_silent', message })
  }

  #boundUnheard(chunk: Buffer): void {
    this.#unheardBytes += chunk.length
    if (this.#unheardBytes > this.#parts.limits.disconnectedBytes) this.#stopListening()
  }

  /** The client has gone, and the provider was listened to for long enough. */
  #stopListening(): void {
    if (!this.#isOpen()) return
    this.#noteRest()
    void this.#end({ outcome: 'client_disconnected' }, this.#status, ignore)
    this.#abortUpstream()
  }

  #noteRest(): void {
    const rest = this.#body?.rest()
    if (rest !== undefined && rest.length > 0) this.#parts.recording.response(this.#recorded(rest))
  }

  /** Bytes of the answer as they are recorded. */
  #recorded(bytes: Buffer): Buffer {
    return this.#body?.framed?.asEvents(bytes) ?? bytes
  }
}

function ignore(): void {}
