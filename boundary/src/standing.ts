import type { Decision, Effect } from '@reeve/policy'
import type { Standing } from './policy-in-force.ts'

/**
 * What is done about a decision, which is not always what it says: a policy that only observes lets pass what it would deny
 * or ask about. This is the one place where that is so. What an address is denied for holds all the same, and once a
 * policy's time is over nothing is let pass.
 */
export function whatHolds(standing: Standing, { effect, reason }: Decision): Effect {
  const observes = standing.current.mode === 'observe' && !standing.expired && reason !== 'address-class'
  return observes ? 'allow' : effect
}
