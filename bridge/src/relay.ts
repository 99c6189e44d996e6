import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Clock, type Log, toError } from '@reeve/base'
import type { Dispatcher } from 'undici'
import { type AnswerHeaders, answerHeaders } from './headers.ts'
import type { Limits } from './limits.ts'
import { type Mask } from './mask.ts'
import type { EndFacts, RecordedOutcome, Recording } from './recorder.ts'
import { interceptionHeader, writeAnswer } from './refuse.ts'
import { upstreamFailure } from './upstream-failure.ts'
import { cleanText } from './wire/json.ts'
import type { Refusal, TerminalWatcher, WireFormat } from './wire/wire-format.ts'

export interface RelayParts {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  readonly recording: Recording
  readonly wire: WireFormat
  readonly mask: Mask
  readonly limits: Limits
  readonly clock: Clock
  readonly log: Log
  /** Null for what is not recorded. */
  readonly interceptionId: string | null
  /** On the monotonic clock: when the request came, when all of it was there. */
  readonly cameMs: number
  readonly readyMs: number
}

/** What became of it, for whoever counts. */
export interface RelaySummary {
  readonly outcome: RecordedOutcome
  /** Whether the end of the record is durable. */
  readonly recorded: boolean
  readonly statusCode: number | null
  readonly responseBytes: number
  readonly firstByteMs: number | null
  readonly gatewayMs: number | null
}

interface Ending {
  readonly outcome: RecordedOutcome
  readonly errorType?: string
  readonly errorMessage?: string
}

/** `events`: whole events of a stream. `whole`: one piece behind. `error`: all of it, to mask and understand it. */
type Mode = 'events' | 'whole' | 'error'

/**
 * Carries one answer from the provider to the client, and sees to it that the record ends exactly once, before the
 * client can have the complete answer.
 *
 *   waiting    The provider was asked. Its head makes it `relaying`; failure or silence is answered in the provider's
 *              shape.
 *   relaying   Bytes are noted and passed on. What completes the answer (the terminal event of a stream, the last piece
 *              of anything else) is held back and makes it `ending`; so does whatever goes wrong.
 *   ending     The end of the record is being written. If it cannot be, the connection is cut with the rest held back.
 *   trailing   The end is durable and the answer complete. What a provider still sends goes through the record, too.
 *   done       Nothing is left to do: `finished` resolves.
 *
 * A client that goes away does not change the state: the provider is listened to a little longer, to learn what was
 * really used, and nothing is written any more. When the client is slower than the provider, the provider is paused.
 */
export class Relay implements Dispatcher.DispatchHandler {
  /** Resolves when nothing is left to do. */
  readonly finished: Promise<RelaySummary>
  readonly #parts: RelayParts
  #state: 'waiting' | 'relaying' | 'ending' | 'trailing' | 'done' = 'waiting'
  #resolveFinished: (summary: RelaySummary) => void = () => {}
  #timer: NodeJS.Timeout
  #upstream: Dispatcher.DispatchController | null = null
  #paused = false
  #upstreamOver = false
  #clientGone = false
  #unheardBytes = 0
  readonly #askedMs: number
  #answeredMs: number | null = null
  readonly #summary: { -readonly [K in keyof RelaySummary]: RelaySummary[K] } = {
    outcome: 'interrupted',
    recorded: false,
    statusCode: null,
    responseBytes: 0,
    firstByteMs: null,
    gatewayMs: null,
  }

  #mode: Mode = 'whole'
  #upstreamStatus = 0
  #head: AnswerHeaders | null = null
  #watcher: TerminalWatcher | null = null
  /** The piece that `whole` is behind with, or all pieces of an `error`. */
  #held: Buffer[] = []

  constructor(parts: RelayParts) {
    this.#parts = parts
    this.finished = new Promise((resolve) => (this.#resolveFinished = resolve))
    this.#askedMs = parts.clock.monotonicMs()
    this.#timer = setTimeout(() => this.#tooSilent(), parts.limits.firstByteMs)
    // A write that fails is followed by a close, which is what counts.
    parts.res
      .on('close', this.#onClientClose)
      .on('drain', this.#onDrain)
      .on('error', () => {})
  }

  /** Ends it from outside: the process is stopping. */
  interrupt(): void {
    const message = 'Reeve was stopped before the answer was complete.'
    this.#fail({ outcome: 'interrupted', errorType: 'stopped' }, { reason: 'unavailable', message })
  }

  // What undici calls.

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#upstream = controller
    if (!this.#isOpen()) this.#abortUpstream()
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    // Early hints and the like are between the provider and us.
    if (status < 200 || this.#state !== 'waiting') return
    this.#answeredMs = this.#parts.clock.monotonicMs()
    this.#upstreamStatus = status
    this.#head = answerHeaders(rawHeadersOf(controller), this.#parts.mask.text)
    if (status < 400 && status >= 300) {
      const message = 'The provider answered with a redirect, which is not followed.'
      return this.#fail({ outcome: 'upstream_error', errorType: 'redirect' }, { reason: 'upstream_failed', message })
    }
    this.#state = 'relaying'
    if (!this.#clientGone) this.#watch(this.#parts.limits.idleMs)
    this.#mode = status >= 400 ? 'error' : isEventStream(this.#head) ? 'events' : 'whole'
    if (this.#mode === 'events') {
      this.#watcher = this.#parts.wire.watchTerminal(this.#parts.limits.eventBytes)
      // A client may wait for the head of a stream whose first event takes long. Most often the event is here already.
      setImmediate(() => this.#state === 'relaying' && this.#writeHead() && this.#parts.res.flushHeaders())
    }
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#summary.responseBytes += chunk.length
    if (this.#state === 'relaying') {
      if (this.#summary.firstByteMs === null) this.#answeredMs = this.#parts.clock.monotonicMs()
      if (!this.#clientGone) this.#timer.refresh()
      if (this.#mode === 'events') this.#relayEvents(chunk)
      else if (this.#mode === 'whole') this.#relayWhole(chunk)
      else this.#holdError(chunk)
      if (this.#clientGone) this.#boundUnheard(chunk)
    } else if (this.#state === 'trailing') void this.#relayTrailer(chunk)
  }

  onResponseEnd(): void {
    this.#upstreamOver = true
    if (this.#state === 'trailing') this.#finishTrailing()
    if (this.#state !== 'relaying') return
    if (this.#mode === 'events') this.#brokenOff('The provider ended the stream before the answer was complete.')
    else if (this.#mode === 'error') this.#endError()
    else this.#endWhole()
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#upstreamOver = true
    if (this.#state === 'trailing') this.#finishTrailing()
    else if (this.#state === 'relaying') this.#brokenOff('The provider broke off before the answer was complete.')
    else if (this.#state === 'waiting') {
      const { refusal, errorType } = upstreamFailure(error)
      this.#parts.log.warn({ interceptionId: this.#parts.interceptionId, errorType }, 'the provider could not be asked')
      this.#fail({ outcome: 'upstream_aborted', errorType, errorMessage: refusal.message }, refusal)
    }
  }

  // Relaying, by mode.

  #relayEvents(chunk: Buffer): void {
    const piece = this.#watcher!.push(chunk)
    if (piece.events !== null) {
      this.#parts.recording.response(piece.events)
      this.#write(piece.events)
    }
    if (piece.terminal !== null) {
      const terminal = this.#parts.mask.bytes(piece.terminal)
      this.#parts.recording.response(terminal)
      this.#pause()
      const ending: Ending =
        piece.error === null
          ? { outcome: 'ok' }
          : {
              outcome: 'upstream_error',
              errorType: piece.error.type,
              errorMessage: this.#parts.mask.text(piece.error.message),
            }
      void this.#end(ending, () => this.#release(terminal))
    } else if (piece.tooLong) {
      const message = 'The provider sent an event that is larger than any event may be.'
      this.#fail({ outcome: 'upstream_error', errorType: 'event_too_large' }, { reason: 'upstream_failed', message })
    }
  }

  #relayWhole(chunk: Buffer): void {
    this.#parts.recording.response(chunk)
    const previous = this.#held[0]
    this.#held[0] = chunk
    if (previous !== undefined) this.#write(previous)
  }

  #endWhole(): void {
    const last = this.#held[0]
    if (this.#head!.endsWithConnection && isJson(this.#head!) && !looksComplete(last)) {
      this.#brokenOff('The provider closed the connection before the answer was complete.')
    } else void this.#end({ outcome: 'ok' }, () => this.#release(last ?? null))
  }

  #holdError(chunk: Buffer): void {
    this.#held.push(chunk)
    if (this.#summary.responseBytes <= this.#parts.limits.errorBytes) return
    this.#held = []
    const message = 'The provider answered with an error that is too long to be passed on.'
    this.#fail({ outcome: 'upstream_error', errorType: 'error_too_large' }, { reason: 'upstream_failed', message })
  }

  #endError(): void {
    const body = this.#parts.mask.bytes(Buffer.concat(this.#held))
    const error = this.#parts.wire.readError(body)
    this.#parts.recording.response(body)
    const ending: Ending = { outcome: 'upstream_error', errorType: error.type, errorMessage: error.message }
    void this.#end(ending, () => this.#release(body))
  }

  // Endings.

  /** The end of the record first; only then, and only if it is durable, what was held back. */
  async #end(ending: Ending, release: () => void, statusCode = this.#upstreamStatus): Promise<void> {
    if (!this.#isOpen()) return
    this.#state = 'ending'
    clearTimeout(this.#timer)
    // Whatever the provider did: a client that had gone by now did not get the answer.
    const outcome = this.#clientGone && ending.outcome !== 'interrupted' ? 'client_disconnected' : ending.outcome
    this.#summary.outcome = outcome
    if (!this.#clientGone || this.#parts.res.headersSent) this.#summary.statusCode = statusCode
    if (!this.#clientGone) this.#noteFirstByte()
    try {
      await this.#parts.recording.end(this.#endFacts(outcome, ending))
    } catch (thrown) {
      this.#parts.log.error(
        { interceptionId: this.#parts.interceptionId, error: toError(thrown).message },
        'the end of a record could not be written',
      )
      this.#cut()
      return
    }
    this.#summary.recorded = true
    this.#state = 'trailing'
    if (this.#clientGone) this.#done()
    else release()
  }

  #isOpen(): boolean {
    return this.#state === 'waiting' || this.#state === 'relaying'
  }

  #endFacts(outcome: RecordedOutcome, ending: Ending): EndFacts {
    const head = this.#head
    return {
      endedAt: this.#parts.clock.now(),
      outcome,
      statusCode: this.#summary.statusCode,
      errorType: ending.errorType === undefined ? null : cleanText(ending.errorType, 64),
      errorMessage: ending.errorMessage === undefined ? null : cleanText(ending.errorMessage, 1024),
      providerRequestId:
        head?.requestId === undefined || head.requestId === null ? null : cleanText(head.requestId, 200),
      contentType: head === null || head.compressed ? null : head.contentType,
      durationMs: this.#parts.clock.monotonicMs() - this.#parts.cameMs,
      firstByteMs: this.#summary.firstByteMs,
      gatewayMs: this.#summary.gatewayMs,
    }
  }

  /** The complete answer is in the record: the client may have it. */
  #release(last: Buffer | null): void {
    const { res, limits } = this.#parts
    if (this.#clientGone) return this.#done()
    this.#writeHead()
    if (this.#upstreamOver) return this.#endResponse(last)
    if (last !== null) res.write(last)
    this.#timer = setTimeout(() => this.#finishTrailing(), limits.afterEndMs)
    this.#unpause()
  }

  /** Nothing more is to be written. A client that does not take it is not waited for for ever. */
  #endResponse(last: Buffer | null): void {
    const { res, limits } = this.#parts
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#cut(), limits.idleMs)
    res.end(last ?? undefined)
  }

  async #relayTrailer(chunk: Buffer): Promise<void> {
    this.#pause()
    try {
      await this.#parts.recording.trailer(chunk)
    } catch (thrown) {
      this.#parts.log.error(
        { interceptionId: this.#parts.interceptionId, error: toError(thrown).message },
        'the trailer of a record could not be written',
      )
      return this.#cut()
    }
    const { res } = this.#parts
    if (res.writableEnded || res.write(chunk)) this.#unpause()
  }

  #finishTrailing(): void {
    if (this.#parts.res.writableEnded) return
    this.#endResponse(null)
    this.#abortUpstream()
  }

  #brokenOff(message: string): void {
    const ending: Ending = { outcome: 'upstream_aborted', errorType: 'upstream_aborted', errorMessage: message }
    this.#fail(ending, { reason: 'upstream_failed', message })
  }

  /**
   * Ends without a complete answer. Before anything was sent the client gets a proper error; in a stream an error event,
   * which no client takes for an end; in anything else the connection is cut, so that half an answer is never taken for
   * all of it.
   */
  #fail(ending: Ending, refusal: Refusal): void {
    if (!this.#isOpen()) return
    const { req, res, recording, wire, interceptionId } = this.#parts
    const rest =
      this.#watcher?.rest() ?? (this.#mode === 'error' ? this.#parts.mask.bytes(Buffer.concat(this.#held)) : null)
    if (rest !== null && rest.length > 0) recording.response(rest)
    this.#held = []
    const answer = wire.refusal(refusal, interceptionId)
    const unsent = !res.headersSent
    void this.#end(
      { errorMessage: refusal.message, ...ending },
      () => {
        if (unsent) void writeAnswer(req, res, answer, interceptionId)
        else if (this.#mode === 'events') this.#endResponse(wire.streamError(refusal))
        else this.#cut()
      },
      unsent ? answer.status : this.#upstreamStatus,
    )
    this.#abortUpstream()
  }

  #cut(): void {
    this.#abortUpstream()
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

  // The client's side.

  #writeHead(): boolean {
    const { res, interceptionId } = this.#parts
    if (res.headersSent || this.#clientGone || this.#head === null) return false
    const { headers, contentLength } = this.#head
    headers.push(...interceptionHeader(interceptionId))
    // A stream may get an event of ours at its end, which no length announced.
    if (contentLength !== null && this.#mode !== 'events') headers.push('content-length', contentLength)
    res.writeHead(this.#upstreamStatus, headers)
    this.#noteFirstByte()
    return true
  }

  #write(bytes: Buffer): void {
    if (this.#clientGone) return
    this.#writeHead()
    if (!this.#parts.res.write(bytes)) this.#pause()
  }

  #noteFirstByte(): void {
    if (this.#summary.firstByteMs !== null) return
    const { clock, cameMs, readyMs } = this.#parts
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
    if (this.#state === 'ending' || this.#state === 'done') return
    this.#watch(this.#parts.limits.disconnectedMs)
    this.#unpause()
  }

  #unpause(): void {
    if (!this.#paused) return
    this.#paused = false
    // By then the connection may carry somebody else's answer.
    if (!this.#upstreamOver) this.#upstream?.resume()
  }

  #pause(): void {
    this.#paused = true
    this.#upstream?.pause()
  }

  /** Nothing more is wanted from the provider. */
  #abortUpstream(): void {
    if (this.#upstreamOver) return
    this.#upstreamOver = this.#upstream !== null
    this.#upstream?.abort(new Error('the answer is not wanted any more'))
  }

  // Time and bounds.

  #watch(ms: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#tooSilent(), ms)
  }

  #tooSilent(): void {
    if (this.#clientGone) return this.#giveUpOnProvider()
    if (this.#paused) {
      // It is the client that takes nothing: to us it has gone, and the provider is asked for no more.
      this.#clientGone = true
      this.#parts.res.destroy()
      return this.#giveUpOnProvider()
    }
    const message =
      this.#state === 'waiting'
        ? 'The provider did not begin to answer in time.'
        : 'The provider fell silent in the middle of the answer.'
    this.#fail({ outcome: 'timeout', errorType: 'timeout' }, { reason: 'upstream_silent', message })
  }

  #boundUnheard(chunk: Buffer): void {
    this.#unheardBytes += chunk.length
    if (this.#unheardBytes > this.#parts.limits.disconnectedBytes) this.#giveUpOnProvider()
  }

  #giveUpOnProvider(): void {
    if (!this.#isOpen()) return
    const rest = this.#watcher?.rest()
    if (rest !== undefined && rest.length > 0) this.#parts.recording.response(rest)
    void this.#end({ outcome: 'client_disconnected' }, () => {})
    this.#abortUpstream()
  }
}

function isEventStream(head: AnswerHeaders): boolean {
  return !head.compressed && head.contentType !== null && /^\s*text\/event-stream\s*(?:;|$)/i.test(head.contentType)
}

function isJson(head: AnswerHeaders): boolean {
  return !head.compressed && head.contentType !== null && /^\s*application\/json\s*(?:;|$)/i.test(head.contentType)
}

function rawHeadersOf(controller: Dispatcher.DispatchController): readonly Buffer[] {
  const { rawHeaders } = controller
  return Array.isArray(rawHeaders) ? rawHeaders.map((part) => Buffer.from(part)) : []
}

/**
 * Whether JSON without any length could be all there: a provider that dies in the middle leaves something else than a
 * closing brace behind, nearly always.
 */
function looksComplete(last: Buffer | undefined): boolean {
  return last !== undefined && /[}\]]\s*$/.test(last.toString('latin1', Math.max(0, last.length - 64)))
}
