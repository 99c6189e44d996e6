import { z } from 'zod'
import { Id, Instant, MinimalUser } from './common.ts'

/** One line of a boundary's record, as the API shows it. */

export const Effect = z.enum(['allow', 'deny', 'ask'])
const count = z.number().int()

export const BoundaryWorkspace = z
  .object({
    id: Id,
    name: z.string(),
    template_id: Id,
    template_name: z.string(),
    template_version_id: Id,
    build_id: Id,
    agent_id: Id,
    agent_name: z.string(),
    task_id: Id.nullable(),
    task_name: z.string().nullable(),
  })
  .describe('Where it ran, with the names of the time; known from its credential, not from what it says.')
export type BoundaryWorkspace = z.infer<typeof BoundaryWorkspace>

export const BoundaryProcess = z.object({
  pid: count,
  exe: z.string().nullable(),
  argv: z.array(z.string()),
  tree: z.array(z.string()).describe('Base names of the program and its parents, the outermost first.'),
})

export const BoundaryEvent = z.object({
  id: Id,
  session_id: Id.describe('Of the boundary, not of the conversation with a model.'),
  seq: count,
  kind: z.enum(['session', 'net', 'dns', 'file', 'exec', 'call', 'policy', 'access', 'tamper', 'gap', 'end']),
  time: Instant,
  owner: MinimalUser,
  workspace: BoundaryWorkspace.nullable(),
  decision: z.enum(['allow', 'deny']).describe('What was done.'),
  would: Effect.describe('What the policy says: another than `decision` where it only observes.'),
  rule: z.string(),
  reason: z.string().nullable(),
  denial: z.string().nullable(),
  policy: z.object({ name: z.string(), version: count }).nullable(),
  tier: count,
  process: BoundaryProcess.nullable(),
  net: z
    .object({
      protocol: z.string(),
      method: z.string().nullable(),
      url: z.string().nullable(),
      host: z.string(),
      port: count,
      address: z.string().nullable(),
      inspected: z.boolean(),
      status: count.nullable(),
      bytes_up: count,
      bytes_down: count,
      duration_ms: z.number().nullable(),
    })
    .nullable(),
  dns: z.object({ name: z.string(), type: z.string(), count }).nullable(),
  file: z.object({ op: z.string(), path: z.string(), count }).nullable(),
  exec: z.object({ path: z.string(), argv: z.array(z.string()), cwd: z.string() }).nullable(),
  facts: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).nullable(),
})
export type BoundaryEvent = z.infer<typeof BoundaryEvent>
