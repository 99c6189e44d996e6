import { type Uuid, uuidv7 } from '@reeve/base'
import { contentHash } from '@reeve/sdk'
import type { Actor } from '../access/actor.ts'
import type { Tx } from '../db/database.ts'
import type { Scope } from '../http/implement.ts'
import { sha256 } from './proof.ts'
import { insertAuditEvent } from './queries.ts'

/**
 * The journal of administrative change. An entry is appended in the transaction of the change that it tells of, so that
 * there is never one without the other. Rows only grow; the table itself refuses anything else. When the transaction
 * commits, the database puts the entry's hash into the chain.
 */
export interface AuditEntry {
  /** Who did it, from where. A null actor is nobody signed in, as in a failed sign-in. */
  readonly scope: Pick<Scope, 'requestId' | 'sourceIp' | 'userAgent'> & {
    readonly actor: Pick<Actor, 'userId' | 'apiKeyId'> | null
    readonly source?: Scope['source']
  }
  readonly at: Date
  /** The verb: create, write, delete, login, logout, … */
  readonly action: string
  readonly resourceType: string
  readonly resourceId: string
  /** What a person calls the thing. */
  readonly resourceTarget: string
  readonly organizationId?: Uuid | null
  readonly outcome?: 'ok' | 'refused'
  readonly diff?: AuditDiff
  /** In the words of whoever did it, or what made the server do it. */
  readonly reason?: string
}

export type AuditDiff = Readonly<
  Record<string, { readonly old: unknown; readonly new: unknown; readonly secret?: boolean }>
>

export async function appendAudit(tx: Tx, entry: AuditEntry): Promise<void> {
  const { sourceIp, userAgent, requestId, source } = entry.scope
  const event = {
    id: uuidv7(entry.at),
    organization_id: entry.organizationId ?? null,
    actor_id: entry.scope.actor?.userId ?? null,
    api_key_id: entry.scope.actor?.apiKeyId ?? null,
    action: entry.action,
    resource_type: entry.resourceType,
    resource_id: storable(entry.resourceId, 256),
    resource_target: storable(entry.resourceTarget, 256),
    outcome: entry.outcome ?? 'ok',
    diff: stored(entry.diff ?? {}),
    ip: sourceIp,
    user_agent: userAgent === null ? null : storable(userAgent, 512),
    request_id: requestId,
    reason: entry.reason === undefined ? null : storable(entry.reason, 500),
    // What comes from nowhere is the server's own doing.
    source: source ?? (sourceIp === null && userAgent === null && entry.scope.actor === null ? 'system' : 'api'),
  }
  const content_sha256 = Buffer.from(contentHash(event, sha256))
  await insertAuditEvent(tx, { ...event, diff: JSON.stringify(event.diff), content_sha256 })
}

/** That a secret was set, changed or removed is worth keeping; its value is not, in any form. */
function stored(diff: AuditDiff): Record<string, { old: unknown; new: unknown; secret: boolean }> {
  const mask = (value: unknown) => (value === null || value === undefined ? null : '[secret]')
  return Object.fromEntries(
    Object.entries(diff).map(([field, { old, new: now, secret = false }]) => [
      field,
      secret ? { old: mask(old), new: mask(now), secret } : { old: plain(old), new: plain(now), secret },
    ]),
  )
}

/** The value as it will be read back: as JSON, in text that PostgreSQL can hold. */
function plain(value: unknown): unknown {
  if (value === null || value === undefined) return null
  const text = JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'string' ? storable(inner, inner.length) : inner,
  )
  return JSON.parse(text) ?? null
}

/** PostgreSQL text holds neither NUL nor half a surrogate pair. */
function storable(text: string, charsMax: number): string {
  return text.slice(0, charsMax).replaceAll('\0', '\uFFFD').toWellFormed()
}
