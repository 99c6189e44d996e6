import { type Clock, type Log, toError } from '@reeve/base'
import { WebSocket } from 'ws'
import type { Ending } from '../answer-body.ts'
import { deniedEnd } from '../gate/gated-body.ts'
import type { Hold } from '../gate/hold.ts'
import type { Limits } from '../limits.ts'
import type { Mask } from '../mask.ts'
import type { Denial } from '../policy.ts'
import type { RelaySummary } from '../answer-record.ts'
import { asEvent } from '../wire/as-event.ts'
import type { Refusal, SocketFormat } from '../wire/wire-format.ts'
import { leave, type Message, receive, send } from './messages.ts'
import type { Turn } from './turn.ts'

export interface SocketRelayParts {
  readonly client: WebSocket
  readonly upstream: WebSocket
  readonly format: SocketFormat
  readonly mask: Mask
  readonly limits: Limits
  readonly clock: Clock
  readonly log: Log
  /** Puts a request on record and finds out whether it may be asked; null when it was refused, and its record ended. */
  begin(message: Buffer, madeHere: ReadonlySet<string>): Promise<Turn | Refusal>
  /** What became of a turn that was begun. */
  ended(turn: Turn, summary: RelaySummary | null, keyStatus: number | null): void
}

/** So many ids of what was made over one connection are remembered; a provider keeps fewer. */
const madeMax = 1000

const oneAtATime: Refusal = {
  reason: 'invalid',
  message: 'The answer before this one is not complete: over one WebSocket there is one at a time.',
}
const notRelayed: Refusal = {
  reason: 'invalid',
  message: 'Reeve relays response.create and response.cancel, in JSON, and nothing else over a WebSocket.',
}
const stopping: Refusal = { reason: 'unavailable', message: 'Reeve is stopping.', retryAfterSeconds: 5 }
const gone: Refusal = { reason: 'upstream_failed', message: 'The provider broke off before the answer was complete.' }

/**
 * Carries messages between a client and a provider, untouched, and sees to it that each request for an answer is one
 * record: begun before the provider has it, ended before the client can have the complete answer.
 *
 *   idle        Nothing is asked. A request makes it `beginning`; what the provider says now belongs to the record that
 *               ended last.
 *   beginning   The start of the record is being written, and the client waits. A refusal makes it `idle` again.
 *   answering   The provider's messages are noted and passed on. The one that completes the answer is held back and makes
 *               it `ending`; so does whatever goes wrong.
 *   ending      The end of the record is being written, and the provider waits. Then it is `idle`; if the end could not
 *               be written, both connections are cut and what was held back stays back.
 *
 * Whoever is slower makes the other one wait. When the client goes, the provider is listened to a little longer, to learn
 * what was really used. When the provider goes, so does the client's connection, because it can ask nobody any more.
 */
export class SocketRelay {
  /** Resolves when both connections are closed and every record has ended. */
  readonly finished: Promise<void>
  readonly #parts: SocketRelayParts
  readonly #made = new Set<string>()
  #turn: Turn | null = null
  #last: Turn | null = null
  #beginning = false
  #clientOpen = true
  #upstreamOpen = true
  #stopping = false
  #timer: NodeJS.Timeout
  #unheardBytes = 0
  #isDenied = false
  #isAlive = true
  readonly #pings: NodeJS.Timeout
  #resolveFinished: () => void = () => {}

  constructor(parts: SocketRelayParts) {
    this.#parts = parts
    const { client, upstream, limits } = parts
    this.finished = new Promise((resolve) => (this.#resolveFinished = resolve))
    this.#timer = setTimeout(this.#onSilence, limits.socketIdleMs)
    this.#pings = setInterval(this.#ping, limits.socketPingMs)
    client.on('pong', () => (this.#isAlive = true))
    receive(client, (message) => this.#fromClient(message), this.#onClientClosed)
    receive(upstream, (message) => this.#fromProvider(message), this.#onProviderClosed)
    upstream.resume()
    if (upstream.readyState === WebSocket.CLOSED) this.#onProviderClosed(1006, '')
    if (client.readyState === WebSocket.CLOSED) this.#onClientClosed()
  }

  /** Whether somebody waits for an answer. */
  get isAsked(): boolean {
    return this.#turn !== null || this.#beginning
  }

  /** Takes nothing new, and closes when nothing is under way any more. */
  stop(): void {
    this.#stopping = true
    if (!this.isAsked) this.#leaveBoth(1012, 'Reeve is stopping.')
  }

  /** Ends it from outside. */
  interrupt(): void {
    this.#stopping = true
    const message = 'Reeve was stopped before the answer was complete.'
    void this.#fail({ outcome: 'interrupted', errorType: 'stopped' }, { reason: 'unavailable', message }).then(() =>
      this.#leaveBoth(1012, 'Reeve is stopping.'),
    )
  }

  // The client's side.

  async #fromClient({ bytes, isBinary }: Message): Promise<void> {
    const { format, upstream, limits } = this.#parts
    this.#isAlive = true
    const what = isBinary ? 'unknown' : format.readClientMessage(bytes)
    if (what === 'unknown') return this.#tell(notRelayed)
    if (what === 'ask') return this.#ask(bytes)
    if (this.#turn !== null) await send(upstream, bytes, limits.idleMs)
  }

  async #ask(bytes: Buffer): Promise<void> {
    const { upstream, limits } = this.#parts
    if (this.#turn !== null) return this.#tell(oneAtATime)
    if (this.#stopping) return this.#tell(stopping)
    this.#beginning = true
    const begun = await this.#parts.begin(bytes, this.#made)
    this.#beginning = false
    if ('reason' in begun) {
      await this.#tell(begun)
      if (this.#stopping) this.#leaveBoth(1012, 'Reeve is stopping.')
      return this.#settle()
    }
    this.#turn = begun
    if (!this.#clientOpen) return this.#end({ outcome: 'client_disconnected' }, null, [], null)
    if (!this.#upstreamOpen) return this.#fail({ outcome: 'upstream_aborted', errorType: 'upstream_closed' }, gone)
    begun.ask()
    this.#watch(limits.firstByteMs)
    await send(upstream, bytes, limits.idleMs)
  }

  readonly #onClientClosed = (): void => {
    if (!this.#clientOpen) return
    this.#clientOpen = false
    if (this.#turn === null) {
      leave(this.#parts.upstream, 1000, '')
      return this.#settle()
    }
    if (!this.#turn.ending) this.#watch(this.#parts.limits.disconnectedMs)
  }

  // The provider's side.

  #fromProvider({ bytes, isBinary }: Message): Promise<void> | undefined {
    const { format, client, limits, mask } = this.#parts
    const turn = this.#turn
    const id = format.madeIn(bytes)
    if (id !== null && this.#made.size < madeMax) this.#made.add(id)
    if (turn === null || turn.ending) return this.#relayTrailer(mask.bytes(bytes))
    if (isBinary) return this.#fail({ outcome: 'upstream_aborted', errorType: 'bad_response' }, gone)
    const end = format.endOf(bytes)
    if (end === null) {
      turn.note(bytes)
      if (!this.#clientOpen) this.#boundUnheard(bytes)
      else if (turn.hold?.denial == null) this.#watch(limits.idleMs)
      return turn.hold === null ? send(client, bytes, limits.idleMs) : this.#pass(turn.hold, bytes)
    }
    const last = mask.bytes(bytes)
    turn.note(last)
    const errorMessage = end.error === null ? '' : mask.text(end.error.message)
    const ending: Ending =
      end.error === null ? { outcome: 'ok' } : { outcome: 'upstream_error', errorType: end.error.type, errorMessage }
    const status = end.error === null ? 200 : (end.status ?? 200)
    if (turn.hold === null) return this.#end(ending, status, [last], end.status)
    return this.#endHeld(turn.hold, ending, status, last, end.status)
  }

  // The policy's part.

  /** Sends what may pass now, and what may when somebody has decided: until then the provider waits. */
  async #pass(hold: Hold, bytes: Buffer): Promise<void> {
    const { client, limits } = this.#parts
    const { now, later } = hold.take(bytes)
    for (const message of now) await send(client, message, limits.idleMs)
    const decided = (await later) ?? []
    // It may have ended meanwhile, and then nothing follows what the client was told of that.
    if (this.#turn?.hold !== hold || this.#turn.ending) return
    for (const message of decided) await send(client, message, limits.idleMs)
    // After a no the provider may finish, for a moment, so that what was used is known.
    if (hold.denial !== null && !this.#isDenied) this.#watch(limits.afterEndMs)
    this.#isDenied = hold.denial !== null
  }

  async #endHeld(hold: Hold, ending: Ending, status: number, last: Buffer, keyStatus: number | null): Promise<void> {
    const taken = hold.take(last)
    const ended = hold.end()
    const released = [...taken.now, ...((await taken.later) ?? []), ...ended.now, ...((await ended.later) ?? [])]
    if (hold.denial !== null) return this.#deny(hold.denial)
    await this.#end(ending, status, released, keyStatus)
  }

  async #deny(denial: Denial): Promise<void> {
    const { ending, refusal } = deniedEnd(denial)
    await this.#end(ending, 400, [this.#parts.format.error(refusal)], null)
  }

  async #relayTrailer(bytes: Buffer): Promise<void> {
    const { client, limits, log } = this.#parts
    try {
      await this.#last?.recording.trailer(asEvent(bytes))
    } catch (thrown) {
      log.error({ error: toError(thrown).message }, 'the trailer of a record could not be written')
      return this.#cut()
    }
    // What a policy looks at may not be followed by what it did not.
    if (this.#last?.hold?.passesBehind(bytes) !== false) await send(client, bytes, limits.idleMs)
  }

  readonly #onProviderClosed = (code: number, reason: string): void => {
    if (!this.#upstreamOpen) return
    this.#upstreamOpen = false
    const told = this.#parts.mask.text(reason)
    void this.#fail({ outcome: 'upstream_aborted', errorType: 'upstream_closed' }, gone).then(() => {
      leave(this.#parts.client, code, told)
      this.#settle()
    })
  }

  // Endings.

  /** The end of the record first; only then, and only if it is durable, what was held back. */
  async #end(ending: Ending, status: number | null, last: readonly Buffer[], keyStatus: number | null): Promise<void> {
    const turn = this.#turn
    if (turn === null || turn.ending) return
    turn.ending = true
    clearTimeout(this.#timer)
    const counts = this.#clientOpen || ending.outcome === 'interrupted' || ending.outcome === 'denied'
    const outcome = counts ? ending.outcome : 'client_disconnected'
    const given = this.#clientOpen || turn.hasBegun ? status : null
    let summary: RelaySummary | null = null
    try {
      summary = await turn.end({ ...ending, outcome }, given)
    } catch (thrown) {
      const { id } = turn.start
      this.#parts.log.error(
        { interceptionId: id, error: toError(thrown).message },
        'the end of a record could not be written',
      )
    }
    this.#parts.ended(turn, summary, keyStatus)
    this.#turn = null
    this.#last = turn
    if (summary === null) return this.#cut()
    this.#isDenied = false
    for (const message of last) await send(this.#parts.client, message, this.#parts.limits.idleMs)
    if (this.#stopping) this.#leaveBoth(1012, 'Reeve is stopping.')
    if (!this.#clientOpen) leave(this.#parts.upstream, 1000, '')
    this.#watch(this.#parts.limits.socketIdleMs)
    this.#settle()
  }

  /** Ends without a complete answer, and says so to the client. Without anything under way it does nothing. */
  async #fail(ending: Ending, refusal: Refusal): Promise<void> {
    if (this.#turn === null || this.#turn.ending) return
    const denial = this.#turn.hold?.denial ?? null
    if (denial !== null && ending.outcome !== 'interrupted') return this.#deny(denial)
    const error = this.#parts.format.error(refusal)
    await this.#end({ errorMessage: refusal.message, ...ending }, 200, [error], null)
  }

  async #tell(refusal: Refusal): Promise<void> {
    const { client, format, limits } = this.#parts
    await send(client, format.error(refusal), limits.idleMs)
  }

  #leaveBoth(code: number, reason: string): void {
    leave(this.#parts.client, code, reason)
    leave(this.#parts.upstream, 1000, '')
  }

  #cut(): void {
    this.#parts.client.terminate()
    this.#parts.upstream.terminate()
    this.#settle()
  }

  #settle(): void {
    if (this.#clientOpen || this.#upstreamOpen || this.isAsked) return
    clearTimeout(this.#timer)
    clearInterval(this.#pings)
    this.#resolveFinished()
  }

  // Time and bounds.

  #watch(ms: number): void {
    clearTimeout(this.#timer)
    if (this.#clientOpen || this.#upstreamOpen) this.#timer = setTimeout(this.#onSilence, ms)
  }

  readonly #onSilence = (): void => {
    const turn = this.#turn
    if (turn === null) return this.#beginning ? undefined : this.#leaveBoth(1000, 'Nothing was asked for a while.')
    if (!this.#clientOpen) return void this.#end({ outcome: 'client_disconnected' }, 200, [], null)
    const message = turn.hasBegun
      ? 'The provider fell silent in the middle of the answer.'
      : 'The provider did not begin to answer in time.'
    const refusal = { reason: 'upstream_silent', message } as const
    // What the provider still sends of this answer must not be taken for the next one.
    void this.#fail({ outcome: 'timeout', errorType: 'timeout' }, refusal).then(() => this.#leaveBoth(1011, message))
  }

  /** A client that does not even answer this has gone without a word. */
  readonly #ping = (): void => {
    const { client } = this.#parts
    if (client.readyState !== WebSocket.OPEN || client.isPaused) return
    if (!this.#isAlive) return client.terminate()
    this.#isAlive = false
    client.ping()
  }

  #boundUnheard(bytes: Buffer): void {
    this.#unheardBytes += bytes.length
    if (this.#unheardBytes <= this.#parts.limits.disconnectedBytes) return
    void this.#end({ outcome: 'client_disconnected' }, 200, [], null)
  }
}
