import type { AgentAppState } from '@reeve/sdk'

/** What is said of a task: what its agent reports of itself, and what is seen of it from outside. */
export interface AppReport {
  readonly state: AgentAppState
  readonly message: string
  readonly uri: string
}

export type TaskEvent =
  /** The agent says so itself, by its tool. */
  | { readonly kind: 'reported'; readonly report: AppReport }
  /** Whether it works, seen by its interface; `message` is what it said last. */
  | { readonly kind: 'seen'; readonly running: boolean; readonly message: string }

export interface TaskState {
  readonly running: boolean
  readonly said: AppReport | null
}

/**
 * What is told of a task, from one event to the next:
 *
 *   (nothing) ──seen running──▶ working ──seen at rest──▶ idle ──seen running──▶ working
 *   complete | failure, as its agent reports them, stay over its rest, and until it is seen to begin again
 *
 * An agent that calls itself idle while it still works is told as working with those words, which stand when it rests:
 * models report the end of their work before they end it. `null` where there is nothing new to tell.
 */
export function nextState(state: TaskState, event: TaskEvent): { state: TaskState; tell: AppReport | null } {
  if (event.kind === 'reported') {
    const { report } = event
    const isEarly = report.state === 'idle' && state.running
    const said: AppReport = isEarly ? { ...report, state: 'working' } : report
    return { state: { ...state, said }, tell: said }
  }
  const { running } = event
  const before = state.said
  if (running === state.running && before !== null) return { state, tell: null }
  if (running) {
    const said: AppReport = { state: 'working', message: '', uri: '' }
    return { state: { running, said }, tell: before?.state === 'working' ? null : said }
  }
  if (before !== null && before.state !== 'working') return { state: { running, said: before }, tell: null }
  const said: AppReport = { state: 'idle', message: before?.message || event.message, uri: before?.uri ?? '' }
  return { state: { running, said }, tell: said }
}
