import { type Clock, type Log, toError } from '@reeve/base'
import type { BridgeEvent } from '../exchange.ts'
import type { Limits } from '../limits.ts'
import type { Denial, Policy, ProposedCall, ToolGate } from '../policy.ts'
import type { Decision, StartFacts } from '../recorder.ts'
import type { Routed } from '../routes.ts'
import { cleanText } from '../wire/json.ts'
import { readerOf } from '../wire/readers.ts'

export interface GatekeeperParts {
  readonly limits: Limits
  readonly clock: Clock
  readonly log: Log
  readonly observe: (event: BridgeEvent) => void
}

/** An answer with more calls than this is not one that a model gives. */
const callsMax = 256

/**
 * Asks for each tool call of one answer whether the client may have it, once, and keeps what was decided. Never throws and
 * never rejects: whatever goes wrong is a no.
 */
export class Gatekeeper {
  readonly decisions: Decision[] = []
  readonly #gate: ToolGate
  readonly #providerName: string
  readonly #parts: GatekeeperParts
  readonly #allowed = new Set<string>()

  constructor(gate: ToolGate, providerName: string, parts: GatekeeperParts) {
    this.#gate = gate
    this.#providerName = providerName
    this.#parts = parts
  }

  /** The first no to these calls, or null. They have been held since `sinceMs`, on the monotonic clock. */
  decide(calls: readonly ProposedCall[], sinceMs: number): Denial | null | Promise<Denial | null> {
    for (const [index, call] of calls.entries()) {
      const denial = this.#ask(call, sinceMs)
      if (denial instanceof Promise) return this.#decideRest(denial, calls.slice(index + 1), sinceMs)
      if (denial !== null) return denial
    }
    return null
  }

  /** Says no by itself, to what it cannot show to anybody. */
  deny(denial: Denial, sinceMs: number): Denial {
    return this.#decided({ id: null, name: '', input: '' }, denial, sinceMs)
  }

  async #decideRest(
    first: Promise<Denial | null>,
    rest: readonly ProposedCall[],
    sinceMs: number,
  ): Promise<Denial | null> {
    return (await first) ?? this.decide(rest, sinceMs)
  }

  #ask(call: ProposedCall, sinceMs: number): Denial | null | Promise<Denial | null> {
    const told = JSON.stringify([call.id, call.name, call.input])
    if (this.#allowed.has(told)) return null
    if (this.#allowed.size >= callsMax) return this.#decided(call, tooMany, sinceMs)
    this.#allowed.add(told)
    try {
      const denial = this.#gate.decide(call)
      if (!(denial instanceof Promise)) return this.#decided(call, denial, sinceMs)
      return this.#inTime(denial).then((said) => this.#decided(call, said, sinceMs))
    } catch (thrown) {
      return this.#decided(call, this.#failed(thrown), sinceMs)
    }
  }

  #inTime(denial: Promise<Denial | null>): Promise<Denial | null> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(undecided), this.#parts.limits.decisionMs)
      void denial
        .catch((thrown: unknown) => this.#failed(thrown))
        .then((said) => {
          clearTimeout(timer)
          resolve(said)
        })
    })
  }

  #failed(thrown: unknown): Denial {
    this.#parts.log.error({ error: toError(thrown).message }, 'the policy could not decide on a tool call')
    return undecided
  }

  #decided<Said extends Denial | null>({ id, name }: ProposedCall, denial: Said, sinceMs: number): Said {
    const { clock, observe } = this.#parts
    const heldMs = clock.monotonicMs() - sinceMs
    const allowed = denial === null
    this.decisions.push({
      at: clock.now(),
      subject: 'tool_call',
      name: cleanText(name, 256),
      toolCallId: id === null ? null : cleanText(id, 256),
      allowed,
      rule: denial?.rule ?? null,
      heldMs,
    })
    observe({ kind: 'decided', providerName: this.#providerName, subject: 'tool_call', allowed, heldMs })
    return denial
  }
}

const undecided: Denial = {
  rule: 'a decision in time',
  message: 'Reeve could not decide in time whether this tool may be called, so it was not. Ask your administrator.',
}
const tooMany: Denial = {
  rule: `at most ${callsMax} tool calls in one answer`,
  message: 'The model asked for more tool calls at once than Reeve looks at, so none was made. Ask it for fewer.',
}

/** Who looks at the tool calls in the answer to this request; null when nobody does. A policy that fails says no to all. */
export function gatekeeperOf(
  policy: Policy,
  start: StartFacts,
  { route }: Routed,
  parts: GatekeeperParts,
): Gatekeeper | null {
  // An answer that was asked for in the background is fetched from what the provider has stored.
  const mayCall = route.kind === 'passthrough' ? route.wire.stored !== undefined : readerOf(start.route) !== null
  if (!mayCall) return null
  const { actor, providerName, model, client } = start
  try {
    const gate = policy.tools({ actor, providerName, model, client })
    return gate === null ? null : new Gatekeeper(gate, providerName, parts)
  } catch (thrown) {
    parts.log.error({ error: toError(thrown).message }, 'the policy could not say whether tool calls are looked at')
    return new Gatekeeper({ decide: () => undecided }, providerName, parts)
  }
}
