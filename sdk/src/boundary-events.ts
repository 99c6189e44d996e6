import { z } from 'zod'
import { BoundaryEvent, Effect } from './boundary-event.ts'
import { Id, Instant, MinimalUser, pageCursor, pageLimit } from './common.ts'
import { endpoint } from './endpoint.ts'

/** What boundaries decided: about requests, connections, names, files and commands. */

const count = z.number().int()

export const DenialId = z.string().regex(/^dny_[0-9A-Za-z]{26}$/, 'is no id of a denial')

const eventSearch =
  'Words are looked for in host, path and command. Keys: verdict (allowed, denied, observed), kind, host, method, path, ' +
  'rule, policy, process, proto, session, seq (as 3..7), user, workspace, template, task, denial, id, reason, started_after, started_before.'
const q = z.string().max(1000).optional().describe(eventSearch)
const tag = 'Boundaries'

export const listBoundaryEvents = endpoint({
  name: 'listBoundaryEvents',
  method: 'GET',
  path: '/api/v2/boundaries/events',
  summary: 'What boundaries decided, newest first; members see their own',
  tag,
  permission: 'boundary:read',
  query: z.object({ q, limit: pageLimit(1000), after_id: pageCursor }),
  result: z.object({ events: z.array(BoundaryEvent), count, count_is_exact: z.boolean() }),
  faults: ['invalid'],
})

export const BoundaryDestination = z.object({
  host: z.string(),
  first_seen: Instant,
  last_seen: Instant,
  allowed: count,
  denied: count,
  observed: count,
  people: count,
  bytes_up: count,
  bytes_down: count,
  is_new: z.boolean().describe('Not seen before the last 7 days.'),
})
export type BoundaryDestination = z.infer<typeof BoundaryDestination>

export const listBoundaryDestinations = endpoint({
  name: 'listBoundaryDestinations',
  method: 'GET',
  path: '/api/v2/boundaries/destinations',
  summary: 'Hosts that boundaries decided about, the most decisions first',
  tag,
  permission: 'boundary:read',
  query: z.object({ q, limit: pageLimit(1000) }),
  result: z.object({ destinations: z.array(BoundaryDestination), count }),
  faults: ['invalid'],
})

export const BoundaryRuleHits = z.object({
  policy: z.string(),
  version: count.nullable(),
  rule: z.string(),
  effect: Effect.nullable(),
  hits: count,
  denied: count,
  last_hit: Instant.nullable().describe('Null: never in the time that was asked for.'),
})
export type BoundaryRuleHits = z.infer<typeof BoundaryRuleHits>

export const listBoundaryRules = endpoint({
  name: 'listBoundaryRules',
  method: 'GET',
  path: '/api/v2/boundaries/rules',
  summary: 'How often each rule decided, those that never did too',
  tag,
  permission: 'boundary:read',
  query: z.object({ q, limit: pageLimit(1000) }),
  result: z.object({ rules: z.array(BoundaryRuleHits), count }),
  faults: ['invalid'],
})

export const CheckedRule = z.object({
  rule: z.string(),
  policy: z.string(),
  summary: z.string().describe('The rule in one line: methods, hosts, paths.'),
  differs: z.enum(['host', 'port', 'method', 'path', 'process', 'expired', 'command']).nullable(),
})
export type CheckedRule = z.infer<typeof CheckedRule>

export const Denial = z.object({
  denial: z.string(),
  event: BoundaryEvent,
  mode: z.enum(['enforce', 'observe']),
  checked: z.array(CheckedRule).describe('The rules that were in force, in the order in which they were looked at.'),
  now: Effect.describe('What the policy of today would say.'),
  identical: z.object({ count, people: count }).describe('The same in the last 7 days, of everybody.'),
  requests: z.array(z.object({ id: Id, status: z.string(), requester: MinimalUser, reason: z.string() })),
  declined: z.string().nullable().describe('Why the last request for the same was declined.'),
  can_request: z.boolean(),
})
export type Denial = z.infer<typeof Denial>

export const getDenial = endpoint({
  name: 'getDenial',
  method: 'GET',
  path: '/api/v2/boundaries/denials/:denial',
  summary: 'Why something was denied, and what can be done about it',
  tag,
  permission: 'boundary:read',
  params: z.object({ denial: DenialId }),
  result: Denial,
  faults: ['not_found'],
})

export const BoundaryBucket = z.object({ from: Instant, allowed: count, denied: count, observed: count })
export type BoundaryBucket = z.infer<typeof BoundaryBucket>

export const countBoundaryEvents = endpoint({
  name: 'countBoundaryEvents',
  method: 'GET',
  path: '/api/v2/boundaries/events/counts',
  summary: 'How much was allowed and denied over time, in at most 100 steps of the same length',
  tag,
  permission: 'boundary:read',
  query: z.object({ q }),
  result: z.object({ step_seconds: count, buckets: z.array(BoundaryBucket) }),
  faults: ['invalid'],
})
