import { z } from 'zod'
import { Id, Instant, NoContent } from './common.ts'
import { endpoint } from './endpoint.ts'

/**
 * What a boundary says to the control plane and hears from it. A boundary has a reader of its own for these answers:
 * `test/compat` holds both sides to recorded ones.
 */

const count = z.number().int()
const text = (max: number) => z.string().max(max)
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'is no SHA-256 in hex')

export const BoundaryKey = z.object({ id: z.string(), public_key: z.string().describe('Ed25519, raw, base64url.') })
export type BoundaryKey = z.infer<typeof BoundaryKey>

export const BundleLayer = z.object({
  scope: z.enum(['deployment', 'organization', 'template', 'task', 'grant']),
  name: z.string(),
  version: count,
  document: z.string().describe('YAML or JSON.'),
})

/** What `payload` is, once its signature held and it was parsed. */
export const BundlePayload = z.object({
  version: count.describe('Of everything in force; never falls. An older one than is known is refused.'),
  issued_at: Instant,
  not_after: Instant.describe('Until then it holds without the control plane.'),
  organization: z.string(),
  layers: z.array(BundleLayer).describe('The widest scope first. Grants only add, and never what is denied by a rule.'),
  keys: z.array(BoundaryKey).describe('That sign bundles now and from next week on: a key is known before it signs.'),
})
export type BundlePayload = z.infer<typeof BundlePayload>

export const PolicyBundle = z.object({
  payload: z.string().describe('The JSON text of a payload.'),
  key_id: z.string(),
  signature: z.string().describe('Ed25519 over the bytes of `payload` in UTF-8, base64url.'),
})
export type PolicyBundle = z.infer<typeof PolicyBundle>

const tag = 'Boundaries'
const params = z.object({ id: Id })

export const registerBoundary = endpoint({
  name: 'registerBoundary',
  method: 'POST',
  path: '/api/v2/boundaries/sessions',
  summary: 'A command begins behind a boundary; the same again with the same key says where it stands',
  tag,
  permission: 'boundary:create',
  body: z.strictObject({
    id: Id.describe('A UUIDv7 that the boundary made.'),
    client_version: text(64),
    command: text(256).describe('The base name of the program.'),
    hostname: text(256),
    tier: count.min(1).max(3),
    jail: text(64),
    kernel: text(128),
    public_key: z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'is no raw Ed25519 key in base64url'),
    policy: text(64).optional(),
    started_at: Instant,
  }),
  status: 201,
  result: z.object({
    id: Id,
    owner: z.object({ id: Id, username: z.string() }),
    organization: z.string(),
    bundle: PolicyBundle,
    keys: z.array(BoundaryKey),
    acknowledged_seq: count.describe('-1 before the first event.'),
    injects: z
      .array(z.object({ host: z.string(), port: count, paths: z.array(z.string()) }))
      .describe('Where requests carry the session and its signature: the gateway.'),
  }),
  faults: ['invalid', 'conflict'],
})

export const getBoundaryBundle = endpoint({
  name: 'getBoundaryBundle',
  method: 'GET',
  path: '/api/v2/boundaries/sessions/:id/policy',
  summary: 'The signed policy that holds for a boundary now',
  tag,
  permission: 'boundary:create',
  params,
  query: z.object({
    known: z.coerce
      .number()
      .int()
      .min(0)
      .optional()
      .describe('A version: when it is still the one, there is no bundle.'),
  }),
  result: z.object({ version: count, bundle: PolicyBundle.nullable() }),
  faults: ['not_found'],
})

/** Each is one message of the stream, without a name of its own: what it is stands in `type`. */
export const BoundaryNotice = z.discriminatedUnion('type', [
  z.object({ type: z.literal('policy'), version: count }).describe('Comes at the begin too.'),
  z.object({ type: z.literal('access'), request: Id, denial: z.string(), status: z.string() }),
  z.object({ type: z.literal('end') }).describe('Somebody who may ends the command.'),
])
export type BoundaryNotice = z.infer<typeof BoundaryNotice>

export const watchBoundary = endpoint({
  name: 'watchBoundary',
  method: 'GET',
  path: '/api/v2/boundaries/sessions/:id/stream',
  summary: 'What a running boundary has to hear of',
  tag,
  permission: 'boundary:create',
  params,
  answers: 'events',
  result: BoundaryNotice,
  faults: ['not_found'],
})

export const boundaryBatchMax = 500

export const deliverBoundaryEvents = endpoint({
  name: 'deliverBoundaryEvents',
  method: 'POST',
  path: '/api/v2/boundaries/sessions/:id/events',
  summary: 'Lines of a boundary’s record, in order; what came before is taken once',
  tag,
  permission: 'boundary:create',
  params,
  // As they came: their hash is over the keys in their own order.
  body: z.strictObject({ events: z.array(z.record(z.string(), z.unknown())).min(1).max(boundaryBatchMax) }),
  result: z.object({ acknowledged_seq: count }),
  faults: ['invalid', 'not_found', 'conflict'],
})

export const endBoundary = endpoint({
  name: 'endBoundary',
  method: 'POST',
  path: '/api/v2/boundaries/sessions/:id/end',
  summary: 'The command ended, and how its record does',
  tag,
  permission: 'boundary:create',
  params,
  body: z.strictObject({
    last_seq: count.min(-1),
    head: sha256.nullable().describe('Of the last line.'),
    exit_code: count.min(0).max(255).nullable(),
    signal: text(16).nullable(),
  }),
  status: 204,
  result: NoContent,
  faults: ['invalid', 'not_found', 'conflict'],
})

/** One line of the record, as `boundary/src/audit/event.ts` describes it. */
const nullableText = (max: number) => text(max).nullable()
const Effect = z.enum(['allow', 'deny', 'ask'])

export const BoundaryLine = z.looseObject({
  v: z.literal(1),
  kind: z.enum(['session', 'net', 'dns', 'file', 'exec', 'call', 'policy', 'access', 'tamper', 'gap', 'end']),
  session: Id,
  seq: count.min(0),
  time: z.iso.datetime(),
  decision: z.enum(['allow', 'deny']),
  would: Effect,
  rule: text(256),
  reason: nullableText(64),
  denial: z
    .string()
    .regex(/^dny_[0-9A-Za-z]{26}$/, 'is no id of a denial')
    .nullable(),
  policy: z.object({ name: text(128), version: count.min(0) }).nullable(),
  tier: count.min(1).max(3),
  process: z
    .object({
      pid: count,
      exe: nullableText(4096),
      argv: z.array(text(65_536)).max(4096),
      tree: z.array(text(4096)).max(256),
    })
    .nullable(),
  net: z
    .object({
      protocol: text(32),
      method: nullableText(64),
      url: nullableText(65_536),
      host: text(512),
      port: count.min(0).max(65_535),
      address: nullableText(64),
      inspected: z.boolean(),
      status: count.nullable(),
      bytes_up: count.min(0),
      bytes_down: count.min(0),
      duration_ms: z.number().nullable(),
    })
    .nullable(),
  dns: z.object({ name: text(1024), type: text(32), count: count.min(0) }).nullable(),
  file: z.object({ op: text(64), path: text(65_536), count: count.min(0) }).nullable(),
  exec: z.object({ path: text(65_536), argv: z.array(text(65_536)).max(4096), cwd: text(65_536) }).nullable(),
  facts: z.record(text(64), z.union([text(65_536), z.number(), z.boolean(), z.null()])).nullable(),
  prev: sha256.nullable(),
})
export type BoundaryLine = z.infer<typeof BoundaryLine>
