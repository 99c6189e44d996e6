import type { Room } from '../templates/room.ts'
import type { Times } from './deadlines.ts'

/** What the functions of this room stand on that set the times of workspaces. */
export interface WorkspaceRoom extends Room {
  readonly times: Times
}
