import { z } from 'zod'
import { CheckedRule } from './boundary-events.ts'
import { Id, Instant, MinimalUser, NoContent } from './common.ts'
import { endpoint } from './endpoint.ts'

/** The policies of boundaries: documents with versions, each of which passed its own tests. */

const count = z.number().int()
const text = z.string().max(262_144)

export const BoundaryPolicy = z.object({
  id: Id,
  name: z.string(),
  scope: z.enum(['deployment', 'organization', 'template']),
  organization_id: Id.nullable(),
  organization_name: z.string().nullable(),
  template_id: Id.nullable().describe('It holds in the workspaces of this template alone.'),
  template_name: z.string().nullable(),
  version: count.describe('The one in force; 0: none was published yet.'),
  mode: z.enum(['enforce', 'observe']).nullable(),
  rules: count,
  denials_7d: count,
  would_deny_7d: count,
  created_at: Instant,
  published_at: Instant.nullable(),
  published_by: MinimalUser.nullable(),
})
export type BoundaryPolicy = z.infer<typeof BoundaryPolicy>

export const BoundaryPolicyVersion = z.object({
  version: count,
  document: z.string(),
  message: z.string(),
  reverts: count.nullable().describe('The version whose text it has again.'),
  published_at: Instant,
  published_by: MinimalUser.nullable(),
})
export type BoundaryPolicyVersion = z.infer<typeof BoundaryPolicyVersion>

export const PolicyProblem = z.object({
  level: z.enum(['error', 'warning']),
  path: z.string(),
  line: count.nullable(),
  column: count.nullable(),
  message: z.string(),
  fix: z.string().nullable(),
})

const tag = 'Boundary policies'
const params = z.object({ policy: z.string().min(1).max(64).describe('Name or id.') })
const message = z.string().trim().min(3, 'must say what changes, in 3 characters or more').max(500)

export const listBoundaryPolicies = endpoint({
  name: 'listBoundaryPolicies',
  method: 'GET',
  path: '/api/v2/boundaries/policies',
  summary: 'Policies of the deployment, of organizations and of templates',
  tag,
  permission: 'boundary_policy:read',
  result: z.object({ policies: z.array(BoundaryPolicy) }),
})

export const createBoundaryPolicy = endpoint({
  name: 'createBoundaryPolicy',
  method: 'POST',
  path: '/api/v2/boundaries/policies',
  summary: 'Publish the first version of a policy; its name is the one in the document',
  tag,
  permission: 'boundary_policy:create',
  body: z.strictObject({
    organization: z.string().min(1).max(64).optional().describe('Of this organization; without it, of the deployment.'),
    template: z
      .string()
      .min(1)
      .max(64)
      .optional()
      .describe('For the workspaces of this template: an id, or a name there.'),
    document: text,
    message,
  }),
  status: 201,
  result: BoundaryPolicy,
  faults: ['invalid', 'conflict'],
})

export const getBoundaryPolicy = endpoint({
  name: 'getBoundaryPolicy',
  method: 'GET',
  path: '/api/v2/boundaries/policies/:policy',
  summary: 'One policy, and the text in force',
  tag,
  permission: 'boundary_policy:read',
  params,
  result: BoundaryPolicy.extend({ document: z.string() }),
  faults: ['not_found'],
})

export const deleteBoundaryPolicy = endpoint({
  name: 'deleteBoundaryPolicy',
  method: 'DELETE',
  path: '/api/v2/boundaries/policies/:policy',
  summary: 'Take a policy out of force; its versions stay on record',
  tag,
  permission: 'boundary_policy:delete',
  params,
  status: 204,
  result: NoContent,
  faults: ['not_found'],
})

export const listBoundaryPolicyVersions = endpoint({
  name: 'listBoundaryPolicyVersions',
  method: 'GET',
  path: '/api/v2/boundaries/policies/:policy/versions',
  summary: 'Every version, the latest first',
  tag,
  permission: 'boundary_policy:read',
  params,
  result: z.object({ versions: z.array(BoundaryPolicyVersion) }),
  faults: ['not_found'],
})

export const publishBoundaryPolicy = endpoint({
  name: 'publishBoundaryPolicy',
  method: 'POST',
  path: '/api/v2/boundaries/policies/:policy/versions',
  summary: 'Publish a text that passes its own tests; running boundaries have it within seconds',
  tag,
  permission: 'boundary_policy:update',
  params,
  body: z.strictObject({
    document: text,
    message,
    based_on: count.min(0).describe('The version that was read: a conflict where somebody published since.'),
    reverts: count.optional(),
  }),
  status: 201,
  result: BoundaryPolicyVersion,
  faults: ['invalid', 'not_found', 'conflict'],
})

export const PolicyTestResult = z.object({
  test: z.string(),
  expected: z.string(),
  decision: z.string(),
  rule: z.string(),
  passed: z.boolean(),
})

export const checkBoundaryPolicy = endpoint({
  name: 'checkBoundaryPolicy',
  method: 'POST',
  path: '/api/v2/boundaries/policies/check',
  summary: 'What is wrong with a text, and what its tests come to; nothing is changed',
  tag,
  permission: 'boundary_policy:read',
  body: z.strictObject({ document: text }),
  result: z.object({
    problems: z.array(PolicyProblem),
    tests: z.array(PolicyTestResult),
    publishable: z.boolean(),
  }),
})

export const simulateBoundaryPolicy = endpoint({
  name: 'simulateBoundaryPolicy',
  method: 'POST',
  path: '/api/v2/boundaries/policies/simulate',
  summary: 'What would be decided about one request or command, and which rules were looked at',
  tag,
  permission: 'boundary_policy:read',
  body: z.strictObject({
    request: z.string().max(4096).optional().describe('`GET https://api.github.com/acme/x`'),
    command: z.string().max(4096).optional().describe('`git push --force`'),
    exe: z.string().max(1024).optional().describe('The program that asks.'),
    document: text.optional().describe('This text; without it, the layers in force.'),
    organization: z.string().min(1).max(64).optional(),
    template: z.string().min(1).max(64).optional().describe('In a workspace of this template.'),
    user: z.string().min(1).max(64).optional().describe('In force for this person.'),
  }),
  result: z.object({
    decision: z.enum(['allow', 'deny', 'ask']),
    rule: z.string(),
    policy: z.string(),
    reason: z.string(),
    checked: z.array(CheckedRule),
  }),
  faults: ['invalid', 'not_found'],
})

export const ReplayChange = z.object({
  was: z.enum(['allow', 'deny', 'ask']),
  becomes: z.enum(['allow', 'deny', 'ask']),
  what: z.string(),
  rule: z.string(),
  count,
  people: count,
  last: Instant,
})
export type ReplayChange = z.infer<typeof ReplayChange>

export const replayBoundaryPolicy = endpoint({
  name: 'replayBoundaryPolicy',
  method: 'POST',
  path: '/api/v2/boundaries/policies/replay',
  summary: 'What a text would have decided otherwise in the last days',
  tag,
  permission: 'boundary_policy:read',
  body: z.strictObject({
    document: text,
    policy: z.string().min(1).max(64).optional().describe('In place of this one.'),
    days: count.min(1).max(30).optional(),
  }),
  result: z.object({
    since: Instant,
    decisions: count,
    changed: count,
    complete: z.boolean().describe('False where there were more than could be looked at.'),
    changes: z.array(ReplayChange).describe('The most frequent first, at most 200.'),
  }),
  faults: ['invalid', 'not_found'],
})
