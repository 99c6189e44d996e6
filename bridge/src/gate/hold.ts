import type { Clock } from '@reeve/base'
import type { Limits } from '../limits.ts'
import type { Denial } from '../policy.ts'
import type { CallStream, ToolCallFormat, Unit } from '../wire/tool-calls.ts'
import type { Gatekeeper } from './gatekeeper.ts'
import { whenKnown } from './when-known.ts'

export interface HoldParts {
  readonly format: ToolCallFormat
  readonly keeper: Gatekeeper
  readonly limits: Limits
  readonly clock: Clock
}

/** What may pass now, and what may when somebody has decided; null where nobody has to. */
export interface Released {
  readonly now: readonly Buffer[]
  readonly later: Promise<readonly Buffer[]> | null
}

const nothing: readonly Buffer[] = []

/**
 * Holds back what belongs to a tool call until that is complete and decided, and everything behind it, so that the order
 * stays.
 *
 *   passing    Events are given out as they come. One that begins a call makes it `holding`.
 *   holding    Events are kept. When no call is open any more and each of them was allowed, they are given out, and it is
 *              `passing` again; while somebody decides, what comes waits. A no, an event that cannot be read, or too much
 *              for too long makes it `denied`.
 *   denied     Nothing is given out any more.
 */
export class Hold {
  /** Set for good by the first no. */
  denial: Denial | null = null
  readonly #parts: HoldParts
  readonly #stream: CallStream
  #held: Buffer[] = []
  #heldBytes = 0
  #sinceMs: number | null = null
  /** Resolves when what came before has been decided on. */
  #waiting: Promise<unknown> | null = null
  #waitingBytes = 0

  constructor(parts: HoldParts) {
    this.#parts = parts
    this.#stream = parts.format.readStream()
  }

  get isHolding(): boolean {
    return this.#sinceMs !== null && this.denial === null
  }

  /** Takes the next events, and gives out what may pass: at once, and after it was decided. */
  take(bytes: Buffer): Released {
    const waiting = this.#waiting
    if (waiting !== null) this.#waitingBytes += bytes.length
    if (this.#waitingBytes > this.#parts.limits.heldBytes && this.denial === null) {
      this.#deny(this.#parts.keeper.deny(tooMuch, this.#sinceMs ?? this.#parts.clock.monotonicMs()))
    }
    if (this.denial !== null) return { now: nothing, later: null }
    const units = this.#parts.format.units(bytes)[Symbol.iterator]()
    const now: Buffer[] = []
    const later = waiting === null ? this.#takeFrom(units, now) : waiting.then(() => this.#takeAll(units))
    return { now, later: later === null ? null : this.#remember(later) }
  }

  /** There are no more events. */
  end(): Released {
    const ended = this.#waiting === null ? this.#endNow() : this.#waiting.then(() => this.#endNow())
    return ended instanceof Promise ? { now: nothing, later: this.#remember(ended) } : { now: ended, later: null }
  }

  #endNow(): readonly Buffer[] | Promise<readonly Buffer[]> {
    const { keeper, clock } = this.#parts
    if (this.denial !== null) return nothing
    const calls = this.#stream.finish()
    const sinceMs = this.#sinceMs ?? clock.monotonicMs()
    if (calls === null) return this.#deny(keeper.deny(unreadable, sinceMs))
    return whenKnown(keeper.decide(calls, sinceMs), (denial) => this.#release(denial, false))
  }

  /** Whether events that come behind the end of the answer may pass: only those that call nothing. */
  passesBehind(bytes: Buffer): boolean {
    if (this.denial !== null) return false
    for (const { event } of this.#parts.format.units(bytes)) {
      const step = event === null || event === 'unreadable' ? event : this.#stream.step(event)
      if (step === 'unreadable' || (step !== null && (step.open || step.complete.length > 0))) return false
    }
    return true
  }

  #remember(later: Promise<readonly Buffer[]>): Promise<readonly Buffer[]> {
    this.#waiting = later
    void later.then(() => {
      if (this.#waiting !== later) return
      this.#waiting = null
      this.#waitingBytes = 0
    })
    return later
  }

  /** Unit after unit, up to one that somebody has to be waited for; what follows from there comes later. */
  #takeFrom(units: Iterator<Unit>, out: Buffer[]): Promise<readonly Buffer[]> | null {
    for (let next = units.next(); next.done !== true; next = units.next()) {
      const released = this.#takeOne(next.value)
      if (released instanceof Promise) return released.then((pieces) => this.#takeAll(units, pieces))
      out.push(...released)
    }
    return null
  }

  async #takeAll(units: Iterator<Unit>, before: readonly Buffer[] = []): Promise<readonly Buffer[]> {
    const out = [...before]
    const later = await this.#takeFrom(units, out)
    return later === null ? out : [...out, ...later]
  }

  #takeOne({ bytes, event }: Unit): readonly Buffer[] | Promise<readonly Buffer[]> {
    const { keeper, clock } = this.#parts
    if (this.denial !== null) return nothing
    const step = event === null ? null : event === 'unreadable' ? event : this.#stream.step(event)
    if (step === null && this.#sinceMs === null) return [bytes]
    if (step === 'unreadable') return this.#deny(keeper.deny(unreadable, this.#sinceMs ?? clock.monotonicMs()))
    const begins = step !== null && (step.open || step.complete.length > 0)
    if (this.#sinceMs === null && !begins) return [bytes]
    this.#sinceMs ??= clock.monotonicMs()
    this.#held.push(bytes)
    this.#heldBytes += bytes.length
    const isOpen = step?.open ?? true
    return whenKnown(keeper.decide(step?.complete ?? [], this.#sinceMs), (denial) => this.#release(denial, isOpen))
  }

  #release(denial: Denial | null, isOpen: boolean): readonly Buffer[] {
    const { keeper, limits, clock } = this.#parts
    if (denial !== null) return this.#deny(denial)
    // While this was decided on, too much may have come.
    if (this.denial !== null) return nothing
    const sinceMs = this.#sinceMs ?? clock.monotonicMs()
    if (isOpen && (this.#heldBytes > limits.heldBytes || clock.monotonicMs() - sinceMs > limits.heldMs)) {
      return this.#deny(keeper.deny(tooMuch, sinceMs))
    }
    if (isOpen) return nothing
    const released = this.#held
    this.#forget()
    return released
  }

  #deny(denial: Denial): readonly Buffer[] {
    this.denial = denial
    this.#forget()
    return nothing
  }

  #forget(): void {
    this.#held = []
    this.#heldBytes = 0
    this.#sinceMs = null
  }
}

export const unreadable: Denial = {
  rule: 'tool calls that can be read',
  message:
    'Reeve cannot read whether this answer calls a tool that it may not, so it was not passed on. Ask your administrator.',
}
const tooMuch: Denial = {
  rule: 'tool calls within the bounds',
  message: 'The model took too long over a tool call, or made it too large, so it was not passed on. Ask it for less.',
}
