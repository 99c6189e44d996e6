import type { Decision } from '@reeve/policy'
import type { NetFacts } from '../audit/event.ts'
import type { Caller } from '../jail/jail.ts'
import type { HoldEnd } from './asks.ts'
import { netFact } from './facts.ts'
import type { Verdict } from './judge.ts'
import type { Services } from './services.ts'

/** What a client waits for. */
export interface Held<D extends Decision> {
  /** One line, without what a query says; what is the same has the same. */
  readonly text: string
  readonly judge: () => Verdict<D>
  readonly net: NetFacts
  readonly caller: Caller | null
  readonly gone: AbortSignal
  readonly startedMs: number
}

export interface Answered<D extends Decision> {
  readonly verdict: Verdict<D>
  /** How the wait ended; null where nobody was asked. */
  readonly asked: HoldEnd | null
}

/** Whether a person is asked about it: not where the policy only observes, nor where there is nobody. */
export const isAsked = ({ canRequest }: Pick<Services, 'canRequest'>, { passes, decision }: Verdict): boolean =>
  canRequest && !passes && decision.effect === 'ask'

/** Holds what a rule asks about until somebody answers, for as long as the policy has it. Everything else is not held. */
export async function answered<D extends Decision>(services: Services, held: Held<D>): Promise<Answered<D>> {
  const { asks, recorder, clock, askWaitMs } = services
  const { text, judge, net, caller, gone, startedMs } = held
  for (;;) {
    const verdict = judge()
    if (!isAsked(services, verdict)) return { verdict, asked: null }
    const question = {
      key: text,
      text,
      record: () =>
        recorder.record({ ...netFact({ verdict, caller, net, facts: { state: 'held' } }), kind: 'access' }).denial,
    }
    const isStill = () => isAsked(services, judge())
    const waitMs = askWaitMs() - (clock.monotonicMs() - startedMs)
    const asked = await asks.hold(question, { isAsked: isStill, gone, waitMs })
    if (asked === 'approved') return { verdict: approved(verdict), asked }
    if (asked !== 'changed') return { verdict, asked }
  }
}

const approved = <D extends Decision>({ decision }: Verdict<D>): Verdict<D> => ({
  passes: true,
  decision: { ...decision, effect: 'allow' },
})

/** What was approved goes on while the policy still asks: the grant is on its way. */
export const staysAllowed = (asked: HoldEnd | null, now: Verdict): boolean =>
  now.passes || (asked === 'approved' && now.decision.effect === 'ask')
