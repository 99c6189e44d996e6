import type { Dial } from '../agents/dial.ts'
import type { WorkspaceRoom } from '../workspaces/workspace-room.ts'
import type { TaskMetrics } from './metrics.ts'

/** What the functions of this room stand on. */
export interface TaskRoom extends WorkspaceRoom {
  /** The way to an agent's workspace. */
  readonly dial: Dial
  readonly metrics: TaskMetrics
}
