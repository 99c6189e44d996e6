import { generateKeyPairSync } from 'node:crypto'
import { systemClock, type Uuid, uuidv7 } from '@reeve/base'
import { check, type Entry, gate, type Place, reached } from './matrix-entry.ts'
import type { MatrixWorld, Person } from './matrix-world.ts'

/** The routes of boundaries: sessions and denials that stand in the tables, and what is asked and answered about them. */

const unknownId = uuidv7(systemClock.now())
const unknownDenial = `dny_${'0'.repeat(26)}`
const document = (name: string): string => `apiVersion: reeve/v1\nname: ${name}\n`

const publicKey = () => generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }).x ?? ''

const begun = (id: Uuid) => ({
  id,
  client_version: '0.1.0',
  command: 'claude',
  hostname: 'laptop',
  tier: 1,
  jail: 'namespaces',
  kernel: '6.12',
  public_key: publicKey(),
  started_at: systemClock.now().toISOString(),
})

const freshId = (): Uuid => uuidv7(systemClock.now())

/** As its holder registers it. */
async function sessionOf({ db }: MatrixWorld, holder: Person, organizationId: Uuid): Promise<Uuid> {
  const id = freshId()
  const now = systemClock.now()
  const { public_key: key, started_at: _, ...rest } = begun(id)
  await db.sql
    .insertInto('boundary_sessions')
    .values({
      ...rest,
      organization_id: organizationId,
      user_id: holder.id,
      public_key: Buffer.from(key, 'base64url'),
      started_at: now,
      registered_at: now,
      last_seen_at: now,
    })
    .execute()
  return id
}

const objectOf = (id: Uuid, { holder, organizationId }: Place) => ({ id, ownerId: holder.id, organizationId })

/** What a boundary asks about its own session: others have none of it, whatever they may do. */
const own =
  (request: { readonly body?: (id: Uuid) => unknown; readonly answers?: number } = {}): Entry =>
  async (place) => {
    const id = await sessionOf(place.world, place.holder, place.organizationId)
    const isOwner = { passes: () => place.holder.id === place.asker.person.id, otherwise: 404 as const }
    return {
      params: { id },
      ...(request.body === undefined ? {} : { body: request.body(id) }),
      ...(request.answers === undefined ? {} : { answers: request.answers }),
      checks: [isOwner, check('boundary:create', objectOf(id, place), 404)],
    }
  }

const line = (session: Uuid) => ({
  v: 1,
  kind: 'session',
  session,
  seq: 0,
  time: systemClock.now().toISOString(),
  decision: 'allow',
  would: 'allow',
  rule: 'default',
  reason: null,
  denial: null,
  policy: null,
  tier: 1,
  process: null,
  net: null,
  dns: null,
  file: null,
  exec: null,
  facts: null,
  prev: null,
})

export const boundaryEntries = {
  registerBoundary: () => ({ body: begun(freshId()) }),
  getBoundaryBundle: own(),
  watchBoundary: own(),
  deliverBoundaryEvents: own({ body: (id) => ({ events: [line(id)] }) }),
  endBoundary: own({ body: () => ({ last_seq: -1, head: null, exit_code: 0, signal: null }) }),
  listBoundarySessions: gate(),
  getBoundarySession: async (place) => {
    const id = await sessionOf(place.world, place.holder, place.organizationId)
    return { params: { id }, checks: [check('boundary:read', objectOf(id, place), 404)] }
  },
  stopBoundarySession: async (place) => {
    const id = await sessionOf(place.world, place.holder, place.organizationId)
    const object = objectOf(id, place)
    return {
      params: { id },
      checks: [check('boundary:read', object, 404), check('boundary:update', object, 403)],
    }
  },
  getAgentFirewallSession: async (place) => {
    const id = await sessionOf(place.world, place.holder, place.organizationId)
    return { params: { id }, checks: [check('boundary:read', objectOf(id, place), 404)] }
  },
  listAgentFirewallLogs: async (place) => {
    const id = await sessionOf(place.world, place.holder, place.organizationId)
    return { params: { id }, checks: [check('boundary:read', objectOf(id, place), 404)] }
  },
  listBoundaryEvents: gate(),
  countBoundaryEvents: gate(),
  listBoundaryDestinations: gate(),
  listBoundaryRules: gate(),
  getDenial: gate({ params: { denial: unknownDenial }, answers: 404 }),
  listBoundaryPolicies: gate(),
  createBoundaryPolicy: (place) => ({
    body: {
      organization: place.organizationId,
      document: document(place.world.unique('p').toLowerCase().replaceAll('_', '-')),
      message: 'the first one',
    },
    checks: reached('organization:read', 'boundary_policy:create', { organizationId: place.organizationId }),
  }),
  getBoundaryPolicy: gate({ params: { policy: unknownId }, answers: 404 }),
  deleteBoundaryPolicy: gate({ params: { policy: unknownId }, answers: 404 }),
  listBoundaryPolicyVersions: gate({ params: { policy: unknownId }, answers: 404 }),
  publishBoundaryPolicy: gate({
    params: { policy: unknownId },
    body: { document: document('x'), message: 'no reason', based_on: 1 },
    answers: 404,
  }),
  checkBoundaryPolicy: gate({ body: { document: document('x') } }),
  simulateBoundaryPolicy: gate({ body: { request: 'GET https://example.com/', document: document('x') } }),
  replayBoundaryPolicy: gate({ body: { document: document('x') } }),
  listAccessRequests: gate(),
  createAccessRequest: gate({
    body: { denial: unknownDenial, scope: 'session', duration_seconds: 600, reason: 'it is needed' },
    answers: 404,
  }),
  getAccessRequest: gate({ params: { id: unknownId }, answers: 404 }),
  approveAccessRequest: gate({ params: { id: unknownId }, body: {}, answers: 404 }),
  declineAccessRequest: gate({ params: { id: unknownId }, body: { reason: 'not meant' }, answers: 404 }),
  withdrawAccessRequest: gate({ params: { id: unknownId }, answers: 404 }),
} satisfies Record<string, Entry>
