import { type Uuid, uuidv7 } from '@reeve/base'
import type { Actor } from '../access/actor.ts'
import type { Tx } from '../db/database.ts'
import type { Scope } from '../http/implement.ts'
import { insertAuditEvent } from './queries.ts'

/**
 * The journal of administrative change. An entry is appended in the transaction of the change that it tells of, so that
 * there is never one without the other. Rows only grow; the table itself refuses anything else.
 */
export interface AuditEntry {
  /** Who did it, from where. A null actor is nobody signed in, as in a failed sign-in. */
  readonly scope: Pick<Scope, 'requestId' | 'sourceIp' | 'userAgent'> & {
    readonly actor: Pick<Actor, 'userId' | 'apiKeyId'> | null
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
}

export type AuditDiff = Readonly<
  Record<string, { readonly old: unknown; readonly new: unknown; readonly secret?: boolean }>
>

export async function appendAudit(tx: Tx, entry: AuditEntry): Promise<void> {
  await insertAuditEvent(tx, {
    id: uuidv7(entry.at),
    organization_id: entry.organizationId ?? null,
    actor_id: entry.scope.actor?.userId ?? null,
    api_key_id: entry.scope.actor?.apiKeyId ?? null,
    action: entry.action,
    resource_type: entry.resourceType,
    resource_id: entry.resourceId,
    resource_target: storable(entry.resourceTarget, 256),
    outcome: entry.outcome ?? 'ok',
    diff: JSON.stringify(stored(entry.diff ?? {})),
    ip: entry.scope.sourceIp,
    user_agent: entry.scope.userAgent === null ? null : storable(entry.scope.userAgent, 512),
    request_id: entry.scope.requestId,
  })
}

/** That a secret was set, changed or removed is worth keeping; its value is not, in any form. */
function stored(diff: AuditDiff): Record<string, { old: unknown; new: unknown; secret: boolean }> {
  const mask = (value: unknown) => (value === null || value === undefined ? null : '[secret]')
  return Object.fromEntries(
    Object.entries(diff).map(([field, { old, new: now, secret = false }]) => [
      field,
      secret ? { old: mask(old), new: mask(now), secret } : { old: old ?? null, new: now ?? null, secret },
    ]),
  )
}

/** PostgreSQL text holds neither NUL nor half a surrogate pair. */
function storable(text: string, charsMax: number): string {
  return text.slice(0, charsMax).replaceAll('\0', '\uFFFD').toWellFormed()
}
