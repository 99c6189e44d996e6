import { z } from 'zod'
import { Id, Instant } from './common.ts'
import { endpoint } from './endpoint.ts'

export const GatewayFacts = z.object({
  id: Id.describe('Of its journal.'),
  host: z.string(),
  process: z.number().int().describe('Which process of this machine.'),
  version: z.string(),
  state: z
    .enum(['running', 'silent', 'stopped'])
    .describe('silent: not heard of for 20 s, and it did not say that it stops.'),
  healthy: z.boolean(),
  detail: z.string(),
  started_at: Instant,
  seen_at: Instant,
  pending_records: z
    .number()
    .int()
    .describe(
      'In its journal when it was heard of last, and not in PostgreSQL: of a silent one, what only its disk has.',
    ),
  pending_bytes: z.number().int(),
  drain_lag_seconds: z.number(),
  open_requests: z.number().int(),
})
export type GatewayFacts = z.infer<typeof GatewayFacts>

export const listGateways = endpoint({
  name: 'listGateways',
  method: 'GET',
  path: '/api/v2/aibridge/gateways',
  aliases: ['/api/v2/ai-gateway/gateways'],
  summary: 'The gateways of this deployment: which are there, and how much of their record is not in the database yet',
  tag: 'AI Bridge',
  permission: 'deployment_config:read',
  result: z.object({ gateways: z.array(GatewayFacts) }),
})
