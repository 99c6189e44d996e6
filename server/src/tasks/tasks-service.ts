import { toError } from '@reeve/base'
import type { Registry } from 'prom-client'
import type { Dial } from '../agents/dial.ts'
import type { Route } from '../http/implement.ts'
import { repeating } from '../runtime/repeating.ts'
import type { WorkspaceRoom } from '../workspaces/workspace-room.ts'
import { registerTaskMetrics } from './metrics.ts'
import { taskRoutes } from './routes.ts'
import type { TaskRoom } from './task-room.ts'
import { tendTasks } from './tending.ts'

/** Tasks, running. */
export interface TasksService extends AsyncDisposable {
  readonly routes: readonly Route[]
}

/** What agents say of themselves is noticed with the next look; the end of a build at once. */
const everyMs = 3_000

export function startTasks(
  room: WorkspaceRoom,
  { dial, metrics }: { readonly dial: Dial; readonly metrics: Registry },
): TasksService {
  const tasks: TaskRoom = { ...room, dial, metrics: registerTaskMetrics(metrics, room) }
  const stopping = new AbortController()
  const tending = repeating(
    () => tendTasks(tasks, stopping.signal),
    everyMs,
    (thrown) => room.log.warn({ err: toError(thrown) }, 'the tasks could not be looked at'),
  )
  const heard = room.notices.on(({ kind }) => {
    if (kind === 'end') tending.again()
  })
  tending.again()
  return {
    routes: taskRoutes(tasks),
    async [Symbol.asyncDispose]() {
      heard[Symbol.dispose]()
      stopping.abort()
      await tending[Symbol.asyncDispose]()
    },
  }
}
