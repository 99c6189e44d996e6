import { z } from 'zod'
import { DenialId } from './boundary-events.ts'
import { Id, Instant, MinimalUser, pageCursor, pageLimit } from './common.ts'
import { endpoint } from './endpoint.ts'

/** Requests for what was denied: asked for by whoever ran into it, answered by somebody else. */

const count = z.number().int()

export const AccessScope = z.enum(['session', 'user', 'organization'])

export const AccessRule = z.object({
  host: z.string().min(1).max(255),
  port: count.min(1).max(65_535),
  tcp: z.boolean(),
  methods: z.array(z.string().min(1).max(32)).max(16).describe('Empty: any.'),
  paths: z.array(z.string().min(1).max(1024)).max(16).describe('Empty: any.'),
})
export type AccessRule = z.infer<typeof AccessRule>

export const AccessRequest = z.object({
  id: Id,
  denial: z.string(),
  status: z.enum(['pending', 'approved', 'declined', 'withdrawn', 'expired']),
  requester: MinimalUser,
  organization_id: Id.nullable(),
  session_id: Id,
  scope: AccessScope,
  duration_seconds: count,
  reason: z.string(),
  what: z.string().describe('What was denied, in one line: `POST https://telemetry.example.com/v1/t`.'),
  rule: AccessRule.nullable().describe('The narrowest that allows it; null for what no rule can allow.'),
  identical: z.object({ count, people: count }).describe('The same denials in the last 7 days.'),
  risks: z.array(z.enum(['new-domain', 'raw-address', 'shared-host', 'large-upload', 'write-method'])),
  created_at: Instant,
  decided_at: Instant.nullable(),
  decided_by: MinimalUser.nullable(),
  answer: z.string().nullable().describe('What whoever decided said.'),
  expires_at: Instant.nullable().describe('Of what was granted.'),
})
export type AccessRequest = z.infer<typeof AccessRequest>

const tag = 'Access requests'
const params = z.object({ id: Id })
const duration = count.min(60).max(30 * 86_400)

export const listAccessRequests = endpoint({
  name: 'listAccessRequests',
  method: 'GET',
  path: '/api/v2/boundaries/access-requests',
  summary: 'Access requests, newest first; members see their own',
  tag,
  permission: 'access_request:read',
  query: z.object({
    q: z.string().max(1000).optional().describe('Keys: status, user, host, scope, denial; words of the reason.'),
    limit: pageLimit(1000),
    after_id: pageCursor,
  }),
  result: z.object({ access_requests: z.array(AccessRequest), count, count_is_exact: z.boolean() }),
  faults: ['invalid'],
})

export const createAccessRequest = endpoint({
  name: 'createAccessRequest',
  method: 'POST',
  path: '/api/v2/boundaries/access-requests',
  summary: 'Ask for what was denied; those who may decide are told',
  tag,
  permission: 'access_request:create',
  body: z.strictObject({
    denial: DenialId,
    scope: AccessScope,
    duration_seconds: duration,
    reason: z.string().trim().min(3, 'must say why, in 3 characters or more').max(500),
  }),
  status: 201,
  result: AccessRequest,
  faults: ['invalid', 'not_found', 'conflict'],
})

export const getAccessRequest = endpoint({
  name: 'getAccessRequest',
  method: 'GET',
  path: '/api/v2/boundaries/access-requests/:id',
  summary: 'One access request',
  tag,
  permission: 'access_request:read',
  params,
  result: AccessRequest,
  faults: ['not_found'],
})

export const approveAccessRequest = endpoint({
  name: 'approveAccessRequest',
  method: 'POST',
  path: '/api/v2/boundaries/access-requests/:id/approve',
  summary: 'Grant it, as asked or narrower; running boundaries have it within 10 seconds',
  tag,
  permission: 'access_request:update',
  params,
  body: z.strictObject({
    rule: AccessRule.optional(),
    scope: AccessScope.optional(),
    duration_seconds: duration.optional(),
    answer: z.string().trim().max(500).optional(),
  }),
  result: AccessRequest,
  faults: ['invalid', 'not_found', 'conflict', 'forbidden'],
})

export const declineAccessRequest = endpoint({
  name: 'declineAccessRequest',
  method: 'POST',
  path: '/api/v2/boundaries/access-requests/:id/decline',
  summary: 'Decline it with a reason, which whoever runs into the same is shown',
  tag,
  permission: 'access_request:update',
  params,
  body: z.strictObject({ reason: z.string().trim().min(3, 'must say why, in 3 characters or more').max(500) }),
  result: AccessRequest,
  faults: ['invalid', 'not_found', 'conflict', 'forbidden'],
})

export const withdrawAccessRequest = endpoint({
  name: 'withdrawAccessRequest',
  method: 'POST',
  path: '/api/v2/boundaries/access-requests/:id/withdraw',
  summary: 'Take a request of one’s own back',
  tag,
  permission: 'access_request:create',
  params,
  result: AccessRequest,
  faults: ['not_found', 'conflict'],
})
