import { z } from 'zod'
import { Id, Instant } from './common.ts'
import { WorkspaceStatus, WorkspaceTransition } from './workspace-status.ts'

/**
 * A build of the workspace that a session ran in, between the events of its timeline: what started it, what it was paused
 * and resumed by, and what ended it.
 */
export const TimelineBuild = z.object({
  id: Id,
  after: z
    .string()
    .nullable()
    .describe('The event that it began right behind, which may be one of a later page; null: in front of all of them.'),
  time: Instant.describe('When it began.'),
  offset_ms: z.number().describe('Since the session began; less than 0 for what came before it.'),
  ended_at: Instant.nullable(),
  workspace_id: Id,
  workspace_name: z.string(),
  number: z.number().int(),
  transition: WorkspaceTransition,
  reason: z.string(),
  status: WorkspaceStatus,
  task_id: Id.nullable(),
})
export type TimelineBuild = z.infer<typeof TimelineBuild>
