import {
  AgentAppHealth,
  AgentLifecycle,
  ProvisionerJob,
  type TaskState,
  type TaskStatus,
  WorkspaceTransition,
} from '@reeve/sdk'

/**
 * What a task is follows from what is known of its workspace, and is kept nowhere:
 *
 *   pending ──▶ initializing ──▶ active ──▶ paused ──▶ pending …
 *                     └──── error ◀────┘
 *
 * Three layers are looked at, one after the other, and the first that is not well says what it is: the latest build, the
 * agent of the latest start, and the app through which the task is talked to. An agent whose scripts failed goes on: the
 * app says whether the task does.
 */
export interface TaskFacts {
  /** Null: it has no workspace. */
  readonly build: { readonly job: ProvisionerJob['status']; readonly transition: WorkspaceTransition } | null
  /** Of the agent; null where the latest start has none yet. */
  readonly lifecycle: AgentLifecycle | null
  /** Of the app; null where the template names none that is there. */
  readonly health: AgentAppHealth | null
}

export function statusOf({ build, lifecycle, health }: TaskFacts): TaskStatus {
  return (build === null ? 'pending' : ofBuild(build)) ?? ofAgent(lifecycle) ?? ofApp(health)
}

/** Null: the next layer says. */
function ofBuild({ job, transition }: NonNullable<TaskFacts['build']>): TaskStatus | null {
  if (job === 'failed' || job === 'canceling' || job === 'canceled') return 'error'
  if (transition === 'start') return job === 'pending' ? 'pending' : null
  return job === 'succeeded' ? 'paused' : 'unknown'
}

function ofAgent(lifecycle: AgentLifecycle | null): TaskStatus | null {
  if (lifecycle === null || lifecycle === 'created' || lifecycle === 'starting') return 'initializing'
  return lifecycle === 'ready' || lifecycle === 'start_timeout' || lifecycle === 'start_error' ? null : 'unknown'
}

function ofApp(health: AgentAppHealth | null): TaskStatus {
  if (health === 'initializing') return 'initializing'
  if (health === 'unhealthy') return 'error'
  return health === 'healthy' || health === 'disabled' ? 'active' : 'unknown'
}

/** Facts as one word, in which queries say them: `succeeded/start/ready/healthy`. */
export const wordOf = ({ build, lifecycle, health }: TaskFacts): string =>
  build === null ? 'none' : `${build.job}/${build.transition}/${lifecycle ?? ''}/${health ?? ''}`

const every: readonly TaskFacts[] = [
  { build: null, lifecycle: null, health: null },
  ...ProvisionerJob.shape.status.options.flatMap((job) =>
    WorkspaceTransition.options.flatMap((transition) =>
      [null, ...AgentLifecycle.options].flatMap((lifecycle) =>
        [null, ...AgentAppHealth.options].map((health) => ({ build: { job, transition }, lifecycle, health })),
      ),
    ),
  ),
]
const statuses: ReadonlyMap<string, TaskStatus> = new Map(every.map((facts) => [wordOf(facts), statusOf(facts)]))

export const statusOfWord = (word: string): TaskStatus => statuses.get(word) ?? 'unknown'

/** The facts that make a task this, for queries. */
export const wordsOf = (status: TaskStatus): string[] =>
  [...statuses].filter(([, each]) => each === status).map(([word]) => word)

/** What a task is about while its agent has not said anything yet, in words for people. */
export function lineOf({ build, lifecycle, health }: TaskFacts): string | null {
  if (build === null) return 'Waits for its workspace'
  if (build.transition !== 'start') return null
  if (build.job === 'pending') return 'Waits for somebody to build its workspace'
  if (build.job === 'running') return 'Its workspace is being built'
  if (build.job !== 'succeeded') return null
  if (lifecycle === null || lifecycle === 'created') return 'Waits for the agent of its workspace to connect'
  if (lifecycle === 'starting') return 'The scripts of its workspace run'
  return health === 'initializing' ? 'Its app starts' : null
}

/**
 * What its owner was told of last. `resumed` is told once for each time that it goes on after a pause or an error, and
 * what an agent says of itself only while its task is active.
 */
export const phases = ['created', 'resumed', 'working', 'idle', 'complete', 'paused', 'failed', 'deleted'] as const
export type Phase = (typeof phases)[number]

export interface Seen {
  readonly status: TaskStatus
  readonly state: TaskState['state'] | null
  readonly isDeleted: boolean
}

export function phaseAfter(last: Phase, { status, state, isDeleted }: Seen): Phase {
  if (isDeleted || last === 'deleted') return 'deleted'
  switch (status) {
    case 'paused':
      return 'paused'
    case 'error':
      return 'failed'
    case 'unknown':
      return last
    case 'pending':
    case 'initializing':
      return last === 'paused' || last === 'failed' ? 'resumed' : last
    case 'active':
      if (last === 'paused') return 'resumed'
      return state === null ? 'working' : phaseOfState[state]
  }
}

const phaseOfState: Readonly<Record<TaskState['state'], Phase>> = {
  working: 'working',
  idle: 'idle',
  complete: 'complete',
  failed: 'failed',
}

export interface Limited {
  readonly token_budget: number | null
  readonly tokens_used: number
  readonly time_limit_seconds: number | null
  readonly seconds_used: number
}

/** Which of its limits a task has come to. */
export function limitOf(task: Limited): '' | 'tokens' | 'time' {
  if (task.token_budget !== null && task.tokens_used >= task.token_budget) return 'tokens'
  return task.time_limit_seconds !== null && task.seconds_used >= task.time_limit_seconds ? 'time' : ''
}
