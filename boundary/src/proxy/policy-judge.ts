import type { Clock } from '@reeve/base'
import { type Decision, decideConnection, decideRequest, mayResolve } from '@reeve/policy'
import type { Standing } from '../policy-in-force.ts'
import { whatHolds } from '../standing.ts'
import type { Judge, Verdict } from './judge.ts'

/** The judge of the network by the policy in force. What a rule asks about does not pass until somebody has answered. */
export function policyJudge(standing: Standing, clock: Clock): Judge {
  const verdict = <D extends Decision>(said: D): Verdict<D> => {
    const decision = standing.expired ? { ...said, reason: 'expired-policy' as const } : said
    return { decision, passes: whatHolds(standing, decision) === 'allow' }
  }
  return {
    request: (request) => verdict(decideRequest(standing.current, request, clock.now())),
    connection: (connection) => verdict(decideConnection(standing.current, connection, clock.now())),
    name: (name) => verdict(mayResolve(standing.current, name, clock.now())),
    onChange: (listener) => standing.onChange(listener),
  }
}
