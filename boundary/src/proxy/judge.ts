import type { Connection, ConnectionDecision, Decision, RequestDecision, WebRequest } from '@reeve/policy'

/** What the policy in force says, and what is done about it: observing lets pass what would be denied. */
export interface Verdict<D extends Decision = Decision> {
  readonly decision: D
  readonly passes: boolean
}

/** Whom the network asks. Time, layers and mode are the business of whoever answers. */
export interface Judge {
  request(request: WebRequest): Verdict<RequestDecision>
  connection(connection: Connection): Verdict<ConnectionDecision>
  /** Whether any rule could be about the name. */
  name(name: string): Verdict
  /** Told after every change of the policy. */
  onChange(listener: () => void): void
}
