import { Fault, type Uuid, uuidv7Time } from '@reeve/base'
import type { endpoints } from '@reeve/sdk'
import type { Actor } from '../access/actor.ts'
import { allows } from '../access/policy.ts'
import { appendAudit } from '../audit/journal.ts'
import type { Executor } from '../db/database.ts'
import { demand } from '../http/demand.ts'
import { type Scope, signedIn } from '../http/implement.ts'
import { boundaryStopped } from './events.ts'
import { makeBundle } from './bundle.ts'
import { sessionStatus } from './lifecycle.ts'
import type { Room } from './room.ts'
import type { ForWhom } from './policy-queries.ts'
import { findSession, insertSession, type SessionRow, tellBoundaries, updateSession } from './session-queries.ts'
import { findWorkspaceFacts, type WorkspaceFacts } from './workspace-queries.ts'

type Registration = ReturnType<typeof endpoints.registerBoundary.result.parse>
type Given = ReturnType<NonNullable<typeof endpoints.registerBoundary.body>['parse']>

/** How much older than its registration a session may be: it may have begun without the control plane. */
const begunBeforeMs = 30 * 86_400_000

/** Whoever registers owns the session. The same again, with the same key, is told where it stands. */
export async function register(room: Room, scope: Scope, given: Given): Promise<Registration> {
  const { db, clock } = room
  const actor = signedIn(scope)
  const id = given.id.toLowerCase()
  const now = clock.now()
  if (uuidv7Time(id) === null) {
    throw new Fault('invalid', 'the request has problems', { problems: [{ field: 'id', detail: 'is no UUIDv7' }] })
  }
  const place = await placeOf(db.sql, actor)
  const organizationId = place?.organization_id ?? actor.organizationIds[0]
  if (organizationId === undefined) throw new Fault('conflict', 'whoever is in no organization has no policy')
  demand(actor, 'boundary:create', { ownerId: actor.userId, organizationId })
  const began = Math.min(Math.max(Date.parse(given.started_at), now.getTime() - begunBeforeMs), now.getTime())
  const publicKey = Buffer.from(given.public_key, 'base64url')
  const isNew = await db.transaction((tx) =>
    insertSession(tx, {
      ...place,
      id,
      organization_id: organizationId,
      user_id: actor.userId,
      public_key: publicKey,
      client_version: given.client_version,
      command: given.command,
      hostname: given.hostname,
      tier: given.tier,
      jail: given.jail,
      kernel: given.kernel,
      policy_name: null,
      policy_version: null,
      started_at: new Date(began),
      registered_at: now,
      last_seen_at: now,
      bundle_sent_at: now,
    }),
  )
  const row = await findSession(db.sql, id)
  if (row === undefined || !isOf(actor, row) || !publicKey.equals(row.public_key)) {
    throw new Fault('conflict', 'this id is taken', { fix: 'a boundary makes a new id for each command' })
  }
  if (isNew) room.metrics.sessions.inc({ tier: String(given.tier) })
  const { bundle } = await makeBundle({ ...room, db: db.sql }, whomOf(row))
  const bundled: { organization: string } = JSON.parse(bundle.payload)
  return {
    id,
    owner: { id: actor.userId, username: actor.username },
    organization: bundled.organization,
    bundle,
    keys: [...(await room.signer.keys())],
    acknowledged_seq: row.acknowledged_seq,
    injects: [gatewayPlace(room.url)],
  }
}

/** What a client says of its workspace counts for nothing: where a boundary runs is known from its credential. */
async function placeOf(db: Executor, { apiKeyId, workspaceId = null }: Actor): Promise<WorkspaceFacts | undefined> {
  if (workspaceId === null) return undefined
  const found = await findWorkspaceFacts(db, apiKeyId)
  if (found === undefined) throw new Fault('conflict', 'this credential was not made for boundaries')
  return found
}

/** A credential of a workspace speaks for the boundaries of that workspace alone. */
const isOf = ({ userId, workspaceId = null }: Actor, row: Pick<SessionRow, 'user_id' | 'workspace_id'>): boolean =>
  row.user_id === userId && (workspaceId === null || row.workspace_id === workspaceId)

export const whomOf = (
  row: Pick<SessionRow, 'id' | 'organization_id' | 'user_id' | 'template_id' | 'task_id'>,
): ForWhom => ({
  organizationId: row.organization_id,
  templateId: row.template_id,
  taskId: row.task_id,
  userId: row.user_id,
  sessionId: row.id,
})

function gatewayPlace(url: string): Registration['injects'][number] {
  const { hostname, port, protocol } = new URL(url)
  const usual = protocol === 'https:' ? 443 : 80
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? usual : Number(port),
    paths: ['/api/v2/aibridge/**', '/api/v2/ai-gateway/**'],
  }
}

const absent = () => new Fault('not_found', 'there is no such boundary')

/** Missing and somebody else's look the same. */
export async function readableSession(db: Executor, actor: Actor, id: Uuid): Promise<SessionRow> {
  const row = await findSession(db, id.toLowerCase())
  if (row === undefined || !allows(actor, 'boundary:read', objectOf(row))) throw absent()
  return row
}

/** What a boundary says of itself is taken from its owner alone, whatever else somebody may do. */
export async function ownSession(db: Executor, actor: Actor, id: Uuid): Promise<SessionRow> {
  const row = await findSession(db, id.toLowerCase())
  const isOwn = row !== undefined && isOf(actor, row) && allows(actor, 'boundary:create', objectOf(row))
  if (!isOwn) throw absent()
  return row
}

export const objectOf = (row: { readonly id: Uuid; readonly user_id: Uuid; readonly organization_id: Uuid }) => ({
  id: row.id,
  ownerId: row.user_id,
  organizationId: row.organization_id,
})

/** The command behind the boundary is ended: by its owner, or by whoever may do that to others. */
export async function stopSession({ db, clock }: Room, scope: Scope, id: Uuid): Promise<SessionRow> {
  const actor = signedIn(scope)
  const row = await readableSession(db.sql, actor, id)
  demand(actor, 'boundary:update', objectOf(row))
  const now = clock.now()
  if (sessionStatus(row, now) !== 'live') throw new Fault('conflict', 'this boundary is not running')
  await db.transaction(async (tx) => {
    await updateSession(tx, row.id, { stop_requested_at: now })
    await appendAudit(tx, { scope, at: now, ...boundaryStopped(row) })
    await tellBoundaries(tx, { kind: 'end', session: row.id })
  })
  return row
}
