import { systemClock, type Uuid, uuidv7 } from '@reeve/base'
import type { Grantable } from '@reeve/sdk'
import { check, type Entry, gate, once, type Place, reached } from './matrix-entry.ts'
import { idsIn } from './matrix-people.ts'
import type { MatrixWorld } from './matrix-world.ts'

/** The routes of what went through the bridge, and of the record of administration. */

export interface Recorded {
  readonly holderId: Uuid
  readonly organizationId: Uuid
  readonly interceptionId: Uuid
  readonly sessionId: Uuid
}

/** One request to the scripted provider by each of them; resolves when all are in the record. */
export async function recordOfEach(world: MatrixWorld): Promise<readonly Recorded[]> {
  const people = [
    ...new Map(
      [world.peer, world.stranger, ...world.askers.map(({ person }) => person)].map((each) => [each.id, each]),
    ).values(),
  ]
  const body = { model: 'm', max_tokens: 10, messages: [{ role: 'user', content: 'hello' }] }
  for (const person of people) {
    const { token } = await world.newKey(person)
    const { status, json } = await world.ask('POST', '/api/v2/aibridge/scripted/v1/messages', token, body)
    if (status !== 200)
      throw new Error(`${person.username} cannot call the scripted model: ${status} ${JSON.stringify(json)}`)
  }
  for (let tries = 0; ; tries++) {
    const rows = await world.db.sql
      .selectFrom('interceptions')
      .select(['id', 'user_id', 'organization_id', 'session_id'])
      .where('ended_at', 'is not', null)
      .execute()
    if (rows.length === people.length) {
      return rows.map((row) => ({
        holderId: row.user_id,
        organizationId: row.organization_id,
        interceptionId: row.id,
        sessionId: row.session_id,
      }))
    }
    // The drain gives way to whatever else runs on this machine.
    if (tries > 7_500) throw new Error(`of ${people.length} requests ${rows.length} are in the record`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

const unknownId = uuidv7(systemClock.now())

export function recordEntries(recorded: readonly Recorded[]) {
  const of = ({ holder }: Place): Recorded => {
    const found = recorded.find(({ holderId }) => holderId === holder.id)
    if (found === undefined) throw new Error(`nothing is recorded of ${holder.username}`)
    return found
  }
  const one =
    (thing: 'interceptionId' | 'sessionId', more: readonly Grantable[] = []): Entry =>
    (place) => {
      const found = of(place)
      const object = { id: found[thing], ownerId: found.holderId, organizationId: found.organizationId }
      const permissions: readonly Grantable[] = ['interception:read', ...more]
      return {
        params: { id: found[thing], side: 'request' },
        checks: permissions.map((permission) => check(permission, object, 404)),
      }
    }
  const known = (thing: 'interceptionId' | 'sessionId') =>
    recorded.map((each) => ({
      id: each[thing],
      permission: 'interception:read' as const,
      object: { id: each[thing], ownerId: each.holderId, organizationId: each.organizationId },
    }))
  return {
    getBridgeStatus: gate(),
    listGateways: gate(),
    listInterceptions: gate({
      query: 'limit=1000',
      list: { ids: (json) => idsIn(json, 'results'), known: known('interceptionId') },
    }),
    getInterception: one('interceptionId'),
    getInterceptionBody: one('interceptionId', ['interception_content:read']),
    listSessions: gate({
      query: 'limit=1000',
      list: { ids: (json) => idsIn(json, 'sessions'), known: known('sessionId') },
    }),
    exportSessions: gate({ query: 'content=false' }),
    getSession: one('sessionId'),
    getSessionTimeline: one('sessionId'),
    watchSession: one('sessionId'),
    watchSessions: gate(),
    listModels: gate(),
    listClients: gate(),
    getUsage: gate({
      query: 'group_by=user&top=1000',
      list: {
        ids: (json) => idsIn(json, 'rows', 'key'),
        known: recorded.map(({ holderId, organizationId }) => ({
          id: holderId,
          permission: 'usage:read' as const,
          object: { ownerId: holderId, organizationId },
        })),
      },
    }),
    exportUsage: gate(),
    listAiProviders: once('ai_provider:read'),
    createAiProvider: ({ world }) => ({
      body: { name: world.unique('provider').toLowerCase().replaceAll('_', '-'), type: 'openai' },
    }),
    getAiProvider: once('ai_provider:read', { params: { provider: unknownId }, answers: 404 }),
    getAiProviderStanding: once('ai_provider:read', { params: { provider: unknownId }, answers: 404 }),
    updateAiProvider: gate({ params: { provider: unknownId }, body: { enabled: false }, answers: 404 }),
    testAiProvider: gate({ params: { provider: unknownId }, answers: 404 }),
    deleteAiProvider: gate({ params: { provider: unknownId }, answers: 404 }),

    listAuditEvents: async ({ world }) => {
      const rows = await world.db.sql
        .selectFrom('audit_events')
        .select(['id', 'organization_id'])
        .orderBy('id')
        .limit(200)
        .execute()
      return {
        query: 'limit=1000',
        list: {
          ids: (json) => idsIn(json, 'audit_logs'),
          known: rows.map(({ id, organization_id }) => ({
            id,
            permission: 'audit_log:read' as const,
            object: { id, organizationId: organization_id },
          })),
        },
      }
    },
    exportAuditEvents: gate(),
    getAuditChain: once('audit_log:read'),
    listAuditSinks: once('audit_log:read'),
    createAuditSink: ({ world }) => ({
      body: { name: world.unique('sink'), kind: 'webhook', url: 'https://collector.example.com/' },
    }),
    updateAuditSink: gate({ params: { sink: unknownId }, body: { format: 'ocsf' }, answers: 404 }),
    testAuditSink: gate({ params: { sink: unknownId }, answers: 404 }),
    deleteAuditSink: gate({ params: { sink: unknownId }, answers: 404 }),
    listRetentionPolicies: gate(),
    setRetentionPolicy: (place) => ({
      params: { class: 'content' },
      body: { organization: place.organizationId, keep_days: 0 },
      answers: 400,
      checks: reached('audit_log:read', 'audit_log:update', { organizationId: place.organizationId }),
    }),
    planRetention: once('audit_log:read', { body: {} }),
    runRetention: once('audit_log:update'),
    listRetentionReceipts: once('audit_log:read'),
    listLegalHolds: once('audit_log:read'),
    previewLegalHold: once('audit_log:read', { body: { user: unknownId }, answers: 404 }),
    createLegalHold: ({ world }) => ({ body: { user: world.peer.id, reason: 'an inquiry' } }),
    getLegalHold: once('audit_log:read', { params: { id: unknownId }, answers: 404 }),
    releaseLegalHold: gate({ params: { id: unknownId }, body: { reason: 'over' }, answers: 404 }),
  } satisfies Record<string, Entry>
}
