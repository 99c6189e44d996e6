import type { Timers } from '../timers.ts'

/** Something that a person has to decide while the sandbox waits. The recorder has it under `denial`. */
export interface Matter {
  readonly kind: 'command' | 'deletion' | 'request'
  readonly denial: string | null
  /** One line for whoever decides: a command line, a folder and a number, a method and an address. */
  readonly text: string
}

/**
 * Who decides: the control plane's access requests, or a person at another terminal. Never the terminal of the agent
 * itself, whose screen and keyboard are in its hands.
 */
export interface Approvals {
  /** Rejects where nobody can be asked; `unanswered` where it was taken back, or nobody answered in a week. */
  ask(matter: Matter, signal: AbortSignal): Promise<Outcome>
}

/** Nobody is there to ask. */
export const noApprovals: Approvals = { ask: () => Promise.resolve('declined') }

export type Outcome = 'approved' | 'declined' | 'unanswered'

/** Waits for a person for as long as is allowed; no answer is a denial, and so is nobody to ask. */
export async function askedInTime(
  approvals: Approvals,
  matter: Matter,
  effects: { readonly timers: Timers; readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<Outcome> {
  const late = new AbortController()
  const stop = () => late.abort()
  const cancel = effects.timers.after(effects.timeoutMs, stop)
  effects.signal.addEventListener('abort', stop, { once: true })
  if (effects.signal.aborted) stop()
  try {
    const unanswered = new Promise<Outcome>((resolve) => {
      late.signal.addEventListener('abort', () => resolve('unanswered'), { once: true })
      if (late.signal.aborted) resolve('unanswered')
    })
    return await Promise.race([approvals.ask(matter, late.signal), unanswered])
  } catch {
    return 'unanswered'
  } finally {
    cancel()
    effects.signal.removeEventListener('abort', stop)
    late.abort()
  }
}
