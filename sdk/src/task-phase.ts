import type { Task, TaskState } from './tasks.ts'

/**
 * What people are shown of a task: one word for where its workspace is and, once its agent works, for what that is doing.
 * The API has the two apart, as `status` and `current_state`.
 */
export const taskPhases = [
  'queued',
  'starting',
  'working',
  'needs input',
  'done',
  'paused',
  'failed',
  'unknown',
] as const
export type TaskPhase = (typeof taskPhases)[number]

const ofStatus: Readonly<Record<Exclude<Task['status'], 'active'>, TaskPhase>> = {
  pending: 'queued',
  initializing: 'starting',
  paused: 'paused',
  error: 'failed',
  unknown: 'unknown',
}

const ofState: Readonly<Record<TaskState['state'], TaskPhase>> = {
  working: 'working',
  idle: 'needs input',
  complete: 'done',
  failed: 'failed',
}

export function taskPhase({ status, current_state: state }: Pick<Task, 'status' | 'current_state'>): TaskPhase {
  if (status !== 'active') return ofStatus[status]
  // An agent that has not said anything yet has been given its prompt and works on it.
  return state === null ? 'working' : ofState[state.state]
}
