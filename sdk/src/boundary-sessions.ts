import { z } from 'zod'
import { BoundaryWorkspace } from './boundary-event.ts'
import { Id, Instant, MinimalUser, pageCursor, pageLimit } from './common.ts'
import { endpoint } from './endpoint.ts'

/** Boundaries that run or ran: each is one command behind a policy. */

const count = z.number().int()

export const BoundarySession = z.object({
  id: Id,
  owner: MinimalUser,
  workspace: BoundaryWorkspace.nullable(),
  organization_id: Id.nullable(),
  status: z.enum(['live', 'ended', 'lost', 'truncated']),
  command: z.string(),
  hostname: z.string(),
  client_version: z.string(),
  tier: count,
  jail: z.string(),
  kernel: z.string(),
  policy: z.object({ name: z.string(), version: count }).nullable(),
  started_at: Instant,
  last_seen_at: Instant,
  ended_at: Instant.nullable(),
  exit_code: count.nullable(),
  allowed: count,
  denied: count,
  observed: count,
  acknowledged_seq: count,
  gaps: count.describe('Events that are missing between those that came.'),
  tampered: z.boolean(),
})
export type BoundarySession = z.infer<typeof BoundarySession>

const tag = 'Boundaries'
const params = z.object({ id: Id })

export const listBoundarySessions = endpoint({
  name: 'listBoundarySessions',
  method: 'GET',
  path: '/api/v2/boundaries/sessions',
  summary: 'Boundaries, the latest first; members see their own',
  tag,
  permission: 'boundary:read',
  query: z.object({
    q: z
      .string()
      .max(1000)
      .optional()
      .describe('Keys: status, user, command, tier, policy, host, workspace, template, task.'),
    limit: pageLimit(1000),
    after_id: pageCursor,
  }),
  result: z.object({ sessions: z.array(BoundarySession), count, count_is_exact: z.boolean() }),
  faults: ['invalid'],
})

export const getBoundarySession = endpoint({
  name: 'getBoundarySession',
  method: 'GET',
  path: '/api/v2/boundaries/sessions/:id',
  summary: 'One boundary, and how complete its record is',
  tag,
  permission: 'boundary:read',
  params,
  result: BoundarySession,
  faults: ['not_found'],
})

export const stopBoundarySession = endpoint({
  name: 'stopBoundarySession',
  method: 'POST',
  path: '/api/v2/boundaries/sessions/:id/stop',
  summary: 'End the command that runs behind a boundary',
  tag,
  permission: 'boundary:update',
  params,
  status: 202,
  result: BoundarySession,
  faults: ['not_found', 'conflict'],
})
