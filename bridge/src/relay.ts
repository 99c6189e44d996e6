import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Log, toError } from '@reeve/base'
import type { Dispatcher } from 'undici'
import { Alarm } from './alarm.ts'
import { AnswerRecord, type AnswerRecordParts, type RelaySummary } from './answer-record.ts'
import {
  type AnswerBody,
  answerBody,
  type BodyEnd,
  type BodyStep,
  brokenOff,
  type Ending,
  spoiled,
} from './answer-body.ts'
import type { HeaderValues } from './clients.ts'
import { type GatedParts, gatedBody } from './gate/gated-body.ts'
import type { Gatekeeper } from './gate/gatekeeper.ts'
import { type AnswerHeaders, answerHeaders } from './headers.ts'
import type { Limits } from './limits.ts'
import type { Mask } from './mask.ts'
import { interceptionHeader, writeAnswer } from './refuse.ts'
import { UpstreamTap } from './upstream-tap.ts'
import { upstreamFailure } from './upstream-failure.ts'
import type { Refusal, WireFormat } from './wire/wire-format.ts'

export interface RelayParts extends AnswerRecordParts {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  readonly ownHeaders: readonly string[]
  readonly wire: WireFormat
  readonly mask: Mask
  readonly limits: Limits
  readonly log: Log
  /** Who looks at the tool calls in the answer; null when nobody does. */
  readonly keeper: Gatekeeper | null
  /** Null for what is not recorded. */
  readonly interceptionId: string | null
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
  readonly #record: AnswerRecord
  #resolveFinished: (summary: RelaySummary) => void = () => {}
  #state: 'waiting' | 'relaying' | 'ending' | 'trailing' | 'done' = 'waiting'
  readonly #alarm = new Alarm()

  readonly #upstream = new UpstreamTap()
  #clientGone = false
  #unheardBytes = 0

  #status = 0
  #head: AnswerHeaders | null = null
  #body: AnswerBody | null = null
  #isDenied = false
  #alive: NodeJS.Timeout | undefined

  constructor(parts: RelayParts) {
    this.#parts = parts
    this.#record = new AnswerRecord(parts)
    this.finished = new Promise((resolve) => (this.#resolveFinished = resolve))
    this.#alarm.after(parts.limits.firstByteMs, this.#onSilence)
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
    this.#upstream.opened(controller)
    if (!this.#isOpen()) this.#upstream.abort()
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: HeaderValues): void {
    // Early hints and the like are between the provider and us.
    if (status < 200 || this.#state !== 'waiting') return
    const { wire, mask, limits, res, keeper } = this.#parts
    this.#record.answered()
    if (status >= 300 && status < 400) {
      return this.#endWith(spoiled('redirect', 'The provider answered with a redirect, which is not followed.'))
    }
    const head = answerHeaders(headers, mask.text)
    this.#state = 'relaying'
    this.#status = status
    this.#head = head
    const body = answerBody({ status, head, wire, mask, limits })
    this.#body = keeper === null || status >= 400 ? body : gatedBody(body, this.#gated(head, keeper))
    if (!this.#clientGone) this.#alarm.whenIdle(limits.idleMs, this.#onSilence)
    if (this.#body.notesItself && this.#body.takesError && this.#body.framed === undefined) this.#keepAlive()
    // A client may wait for the head of a stream whose first event takes long. Most often the event is here already.
    if (this.#body.takesError) setImmediate(() => this.#state === 'relaying' && this.#writeHead() && res.flushHeaders())
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    // Resuming in the middle of a piece, undici gives the nothing that it has: to pause on that again would never end.
    if (chunk.length === 0) return
    this.#record.summary.responseBytes += chunk.length
    if (this.#state === 'trailing') void this.#relayTrailer(chunk)
    if (this.#state !== 'relaying') return
    this.#record.answered()
    const body = this.#body!
    this.#alarm.moved()
    this.#take(body, body.push(chunk), chunk)
  }

  #take(body: AnswerBody, { pass, end, later }: BodyStep, chunk: Buffer): void {
    if (pass !== null) {
      if (!body.notesItself) this.#note(pass, body)
      this.#write(pass)
    }
    if (end !== null) return this.#endWith(end)
    if (later !== undefined) return this.#whenKnown(later, (step) => this.#take(body, step, chunk))
    if (this.#clientGone) this.#boundUnheard(chunk)
    else this.#hearOut()
  }

  onResponseEnd(): void {
    this.#upstream.isOver = true
    // It is at its end already, and waits only for somebody to decide.
    if (this.#state === 'relaying' && this.#body?.isEnding === true) return
    if (this.#state === 'relaying') this.#whenKnown(this.#body!.finish(), (end) => this.#endWith(end))
    else if (this.#state === 'trailing') this.#finishTrailing()
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#upstream.isOver = true
    if (this.#state === 'relaying' && this.#body?.isEnding === true) return
    if (this.#state === 'trailing') this.#finishTrailing()
    else if (this.#state === 'relaying') {
      this.#endWith(brokenOff('The provider broke off before the answer was complete.'))
    } else if (this.#state === 'waiting') {
      const { refusal, errorType } = upstreamFailure(error)
      this.#parts.log.warn({ interceptionId: this.#parts.interceptionId, errorType }, 'the provider could not be asked')
      this.#fail({ outcome: 'upstream_aborted', errorType }, refusal)
    }
  }

  // The policy's part.

  #gated(head: AnswerHeaders, keeper: Gatekeeper): GatedParts {
    const { wire, mask, limits, clock } = this.#parts
    const note = (bytes: Buffer): void => this.#parts.recording.response(mask.bytes(this.#recorded(bytes)))
    return { head, toolCalls: wire.toolCalls, keeper, limits, clock, note }
  }

  /** At once where nobody has to be waited for. What comes meanwhile waits in the body, in its order. */
  #whenKnown<Known>(value: Known | Promise<Known>, then: (value: Known) => void): void {
    if (!(value instanceof Promise)) return then(value)
    void value.then((known) => {
      if (this.#state === 'relaying') then(known)
    })
  }

  /** After a no the provider may finish, for a moment, so that what was used is known. */
  #hearOut(): void {
    if (this.#isDenied || !this.#body?.denied) return
    this.#isDenied = true
    this.#alarm.after(this.#parts.limits.afterEndMs, this.#onSilence)
  }

  /** A comment between two events, which no client takes for anything, while a tool call is held. */
  #keepAlive(): void {
    this.#alive = setInterval(() => {
      if (this.#body?.isHolding && !this.#clientGone && this.#state === 'relaying') this.#write(waiting)
    }, this.#parts.limits.keepAliveMs)
  }

  // Endings.

  #endWith(end: BodyEnd): void {
    if (!end.complete) return this.#fail(end.ending, end.refusal)
    const { last } = end
    if (last !== null && !this.#body?.notesItself) this.#parts.recording.response(this.#recorded(last))
    if (!this.#upstream.isOver) this.#upstream.pause()
    void this.#end(end.ending, this.#status, () => this.#release(last))
  }

  /**
   * Ends without a complete answer. Before anything was sent the client gets a proper error; in a stream an error event,
   * which no client takes for an end; in anything else the connection is cut, so that half an answer is never taken for
   * all of it.
   */
  #fail(ending: Ending, refusal: Refusal): void {
    if (!this.#isOpen()) return
    const denied = this.#body?.denied ?? null
    if (denied !== null && !denied.complete && ending.outcome !== 'interrupted') ({ ending, refusal } = denied)
    const { res, wire, interceptionId } = this.#parts
    this.#noteRest()
    const answer = wire.refusal(refusal, interceptionId)
    const unsent = !res.headersSent
    void this.#end({ errorMessage: refusal.message, ...ending }, unsent ? answer.status : this.#status, () => {
      if (unsent) void writeAnswer(this.#parts, answer, interceptionId)
      else if (this.#body?.takesError === true) this.#endResponse(wire.streamError(refusal))
      else this.#cut()
    })
    this.#upstream.abort()
  }

  /** The end of the record first; only then, and only if it is durable, what was held back. */
  async #end(ending: Ending, statusCode: number, release: () => void): Promise<void> {
    this.#state = 'ending'
    this.#alarm.off()
    clearInterval(this.#alive)
    const { summary } = this.#record
    // Whatever the provider did: a client that had gone by now did not get the answer.
    const counts = !this.#clientGone || ending.outcome === 'interrupted' || ending.outcome === 'denied'
    summary.outcome = counts ? ending.outcome : 'client_disconnected'
    if (!this.#clientGone || this.#parts.res.headersSent) summary.statusCode = statusCode
    if (!this.#clientGone) this.#record.noteFirstByte()
    const decisions = this.#parts.keeper?.decisions ?? []
    try {
      await this.#record.end(ending, { head: this.#head, contentType: this.#recordedType, decisions })
    } catch (thrown) {
      return this.#cutUnrecorded(thrown, 'the end of a record could not be written')
    }
    this.#state = 'trailing'
    if (this.#clientGone) this.#done()
    else release()
  }

  get #recordedType(): string | null {
    if (this.#body?.framed !== undefined) return 'text/event-stream'
    return this.#head?.compressed === false ? this.#head.contentType : null
  }

  /** The complete answer is in the record: the client may have it. */
  #release(last: Buffer | null): void {
    this.#writeHead()
    if (this.#upstream.isOver) return this.#endResponse(last)
    if (last !== null) this.#parts.res.write(last)
    this.#alarm.after(this.#parts.limits.afterEndMs, () => this.#finishTrailing())
    this.#upstream.resume()
  }

  async #relayTrailer(chunk: Buffer): Promise<void> {
    this.#upstream.pause()
    try {
      await this.#parts.recording.trailer(this.#recorded(chunk))
    } catch (thrown) {
      return this.#cutUnrecorded(thrown, 'the trailer of a record could not be written')
    }
    const { res } = this.#parts
    const behind = this.#body?.behind
    behind?.take(chunk)
    if (behind !== undefined || res.writableEnded || res.write(chunk)) this.#upstream.resume()
  }

  #finishTrailing(): void {
    if (this.#parts.res.writableEnded) return
    this.#endResponse(this.#body?.behind?.passing() ?? null)
    this.#upstream.abort()
  }

  /** Nothing more is to be written. A client that does not take it is not waited for for ever. */
  #endResponse(last: Buffer | null): void {
    this.#alarm.after(this.#parts.limits.idleMs, () => this.#cut())
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
    this.#alarm.off()
    clearInterval(this.#alive)
    this.#upstream.abort()
    this.#parts.res.off('close', this.#onClientClose).off('drain', this.#onDrain)
    this.#resolveFinished(this.#record.summary)
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
    this.#record.noteFirstByte()
    return true
  }

  #write(bytes: Buffer): void {
    if (this.#clientGone) return
    this.#writeHead()
    if (!this.#parts.res.write(bytes)) this.#upstream.pause()
  }

  readonly #onDrain = (): void => {
    this.#alarm.moved()
    // While the end is being written the provider stays paused.
    if (this.#state === 'relaying' || this.#state === 'trailing') this.#upstream.resume()
  }

  readonly #onClientClose = (): void => {
    this.#clientGone = true
    if (this.#state === 'trailing') return this.#done()
    if (!this.#isOpen()) return
    this.#alarm.after(this.#parts.limits.disconnectedMs, this.#onSilence)
    this.#upstream.resume()
  }

  // Time and bounds.

  readonly #onSilence = (): void => {
    if (this.#upstream.isPaused && !this.#clientGone) {
      // It is the client that takes nothing: to us it has gone.
      this.#parts.log.info({ interceptionId: this.#parts.interceptionId }, 'the client takes nothing and is cut off')
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
    this.#upstream.abort()
  }

  #noteRest(): void {
    const rest = this.#body?.rest()
    if (rest !== undefined && rest.length > 0) this.#parts.recording.response(this.#recorded(rest))
  }

  /** What is passed on has its credentials masked already; only frames, which have checksums, are masked as events. */
  #note(passed: Buffer, { framed }: AnswerBody): void {
    const { recording, mask } = this.#parts
    recording.response(framed === undefined ? passed : mask.bytes(framed.asEvents(passed)))
  }

  /** Bytes of the answer as they are recorded. */
  #recorded(bytes: Buffer): Buffer {
    return this.#body?.framed?.asEvents(bytes) ?? bytes
  }
}

const waiting = Buffer.from(': a tool call is being looked at\n\n')

function ignore(): void {}
