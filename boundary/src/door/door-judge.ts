import type { Connection, ConnectionDecision, Decision, RequestDecision } from '@reeve/policy'
import { openedAs } from '../proxy/gateway-judge.ts'
import type { Judge, Verdict } from '../proxy/judge.ts'
import { isDoorRequest, reportBytesMax } from './door-paths.ts'

/** The name under which a sandbox asks the agent of its workspace. It leads to the supervisor, and nowhere else. */
export const doorHost = 'workspace.reeve.internal'
export const doorPort = 80

/** As which rule the door stands in the record. */
export const doorRule = 'workspace'

export const isDoor = (host: string, port: number): boolean => host === doorHost && port === doorPort

/**
 * Opens the door's own paths, where no rule says otherwise: a policy shuts it, or has a person asked, as it does for any
 * other address. Everything else at its name is shut whatever a policy says, observing ones too: nobody is there.
 */
export function doorJudge(judge: Judge): Judge {
  return {
    request(request) {
      const verdict = judge.request(request)
      if (request.host !== doorHost) return verdict
      if (request.port !== doorPort || !isDoorRequest(request)) return shut(verdict)
      return bounded(openedAs(doorRule, verdict))
    },
    connection(connection) {
      const verdict = judge.connection(connection)
      return connection.host === doorHost ? doorConnection(connection, verdict) : verdict
    },
    name: (name) => (name === doorHost ? openedAs(doorRule, judge.name(name)) : judge.name(name)),
    onChange: (listener) => judge.onChange(listener),
  }
}

/** It is read as HTTP, request by request, also where a rule lets every connection pass unseen. */
function doorConnection({ port }: Connection, verdict: Verdict<ConnectionDecision>): Verdict<ConnectionDecision> {
  const { passes, decision } = port === doorPort ? openedAs(doorRule, verdict) : shut(verdict)
  return { passes, decision: { ...decision, carry: 'web' } }
}

function bounded({ passes, decision }: Verdict<RequestDecision>): Verdict<RequestDecision> {
  const requestBytesMax = Math.min(decision.requestBytesMax ?? reportBytesMax, reportBytesMax)
  return { passes, decision: { ...decision, requestBytesMax } }
}

const shut = <D extends Decision>({ decision }: Verdict<D>): Verdict<D> => ({
  passes: false,
  decision: { ...decision, effect: 'deny', rule: doorRule, reason: 'protocol', hint: null },
})
