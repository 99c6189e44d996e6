import { z } from 'zod'

/** What is done to a workspace, and where it stands. */

export const WorkspaceTransition = z.enum(['start', 'stop', 'delete'])
export type WorkspaceTransition = z.infer<typeof WorkspaceTransition>

export const WorkspaceStatus = z.enum([
  'pending',
  'starting',
  'running',
  'stopping',
  'stopped',
  'deleting',
  'deleted',
  'canceling',
  'canceled',
  'failed',
])
export type WorkspaceStatus = z.infer<typeof WorkspaceStatus>
