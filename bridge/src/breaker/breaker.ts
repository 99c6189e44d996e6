/**
 * Whether a model of a provider is asked at all, on a clock of milliseconds. One that fails again and again is left
 * alone for a while, so that requests fail at once and do not pile up behind it.
 *
 *   closed      everything passes; so many failures in a row, none of them long after the one before, open it
 *   open        nothing passes until its time is over
 *   half open   a few probes pass at a time; one that fails opens it again, so many that succeed close it
 *
 * What counts is decided by whoever notes it: the failures are the provider's, not those of one key or one client.
 */
export type BreakerState =
  | { readonly is: 'closed'; readonly failures: number; readonly failedAtMs: number }
  | { readonly is: 'open'; readonly untilMs: number }
  | { readonly is: 'half_open'; readonly probes: number; readonly successes: number; readonly probedAtMs: number }

export interface BreakerRules {
  /** Failures in a row that open it. */
  readonly failures: number
  /** A failure this long after the one before begins a new row. */
  readonly withinMs: number
  readonly openMs: number
  /** Probes that may be under way at once, and that have to succeed to close it. */
  readonly probes: number
}

export const defaultBreakerRules: BreakerRules = { failures: 5, withinMs: 30_000, openMs: 30_000, probes: 3 }

export const closed: BreakerState = { is: 'closed', failures: 0, failedAtMs: 0 }

/** How it is seen at a moment: an open one whose time is over is half open, for the next request is a probe. */
export const seenAt = (state: BreakerState, nowMs: number): BreakerState['is'] =>
  state.is === 'open' && state.untilMs <= nowMs ? 'half_open' : state.is

/** What became of a request that had passed. `unknown`: nothing that says anything about the provider. */
export type Verdict = 'success' | 'failure' | 'unknown'

export type Admission =
  { readonly passes: true; readonly state: BreakerState } | { readonly passes: false; readonly retryAfterMs: number }

/** Whether a request may pass, and the state when it does. */
export function admit(state: BreakerState, nowMs: number, rules = defaultBreakerRules): Admission {
  if (state.is === 'closed') return { passes: true, state }
  if (state.is === 'open') {
    if (nowMs < state.untilMs) return { passes: false, retryAfterMs: state.untilMs - nowMs }
    return { passes: true, state: { is: 'half_open', probes: 1, successes: 0, probedAtMs: nowMs } }
  }
  // A probe that never comes back does not keep everybody out for ever.
  const late = nowMs - state.probedAtMs >= rules.openMs
  if (state.probes < rules.probes || late) {
    return { passes: true, state: { ...state, probes: late ? 1 : state.probes + 1, probedAtMs: nowMs } }
  }
  return { passes: false, retryAfterMs: state.probedAtMs + rules.openMs - nowMs }
}

/** The state after the verdict on a request that had passed. */
export function note(state: BreakerState, verdict: Verdict, nowMs: number, rules = defaultBreakerRules): BreakerState {
  if (state.is === 'open') return state
  if (state.is === 'half_open') {
    if (verdict === 'failure') return { is: 'open', untilMs: nowMs + rules.openMs }
    const probes = Math.max(0, state.probes - 1)
    const successes = state.successes + (verdict === 'success' ? 1 : 0)
    return successes >= rules.probes ? closed : { ...state, probes, successes }
  }
  if (verdict === 'success') return closed
  if (verdict === 'unknown') return state
  const failures = nowMs - state.failedAtMs > rules.withinMs ? 1 : state.failures + 1
  return failures >= rules.failures
    ? { is: 'open', untilMs: nowMs + rules.openMs }
    : { is: 'closed', failures, failedAtMs: nowMs }
}
