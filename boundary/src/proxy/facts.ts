import type { AddressClass, Decision, Reason } from '@reeve/policy'
import type { Fact, NetFacts } from '../audit/event.ts'
import type { Caller } from '../jail/jail.ts'
import { processOf } from './caller.ts'
import type { Verdict } from './judge.ts'

export interface NetOutcome {
  readonly verdict: Verdict
  readonly caller: Caller | null
  readonly net: NetFacts
  readonly facts?: Fact['facts']
}

export function netFact({ verdict: { decision, passes }, caller, net, facts = null }: NetOutcome): Fact {
  return {
    kind: 'net',
    decision: passes ? 'allow' : 'deny',
    would: decision.effect,
    rule: decision.rule,
    policy: decision.policy,
    reason: decision.effect === 'allow' ? null : decision.reason,
    process: processOf(caller),
    net,
    dns: null,
    file: null,
    exec: null,
    facts,
  }
}

/** Of a connection of which nothing is known yet but where it goes. */
export const baseFacts = (host: string, port: number): NetFacts => ({
  protocol: 'tcp',
  method: null,
  url: null,
  host,
  port,
  address: null,
  inspected: false,
  status: null,
  bytes_up: 0,
  bytes_down: 0,
  duration_ms: null,
})

/** A denial for a reason that no rule stands for, in the name of whatever layer decides about the host. */
export function deniedFor(reason: Reason, about: Decision): Verdict {
  return {
    passes: false,
    decision: { effect: 'deny', rule: 'default', policy: about.policy, reason, hint: null },
  }
}

/** What the address turned out to be; a rule that allows the host does not allow that. */
export const deniedAddress = (about: Decision, classes: readonly AddressClass[]) => ({
  verdict: deniedFor('address-class', about),
  facts: { address_classes: classes.join(' '), matched_rule: about.rule },
})
