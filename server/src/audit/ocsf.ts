import type { CheckpointRow } from './checkpoint-queries.ts'
import { apiActivity, type OcsfClass, ocsfClassOf, other, roleChange } from './ocsf-class.ts'
import { timeOf } from './present.ts'
import type { AuditRow } from './queries.ts'

/**
 * Audit events as OCSF 1.3: what is done to people, groups, roles and credentials is in the category Identity & Access
 * Management, the rest is API Activity. What OCSF has no field for stands in `unmapped`, so that nothing is lost on the
 * way.
 */
export function ocsfEvent(row: AuditRow): Record<string, unknown> {
  const { name, ...found } = ocsfClassOf(row)
  return {
    ...common(found, timeOf(row.id), row.outcome !== 'ok'),
    message: `${row.username ?? 'nobody'} ${row.action} ${row.resource_type} ${row.resource_target}`,
    metadata: { ...metadata, uid: row.id, sequence: row.seq, correlation_uid: row.request_id },
    actor: {
      // There may be nobody, and an actor must be something: the way by which it came is always known.
      app_name: row.source === null ? 'reeve' : `reeve ${row.source}`,
      ...(row.actor_id === null ? {} : { user: named(row.actor_id, row.username ?? '') }),
      ...(row.api_key_id === null ? {} : { session: { credential_uid: row.api_key_id } }),
    },
    ...object(name, row),
    src_endpoint: row.ip === null ? { svc_name: 'reeve' } : { ip: row.ip },
    ...(row.user_agent === null ? {} : { http_request: { user_agent: row.user_agent } }),
    unmapped: {
      action: row.action,
      diff: row.diff,
      reason: row.reason,
      source: row.source,
      organization_id: row.organization_id,
      hash: row.hash?.toString('base64') ?? null,
    },
  }
}

/** A signed checkpoint is no event; as one of the server's own doings it gets through where only OCSF does. */
export function ocsfCheckpoint({ number, seq, key_id, note, created_at }: CheckpointRow): Record<string, unknown> {
  const { name: _, ...found } = apiActivity(other)
  return {
    ...common(found, created_at, false),
    message: `audit checkpoint ${number} covers ${seq} events`,
    metadata: { ...metadata, uid: `checkpoint-${number}-${key_id}`, sequence: seq },
    actor: { app_name: 'reeve system' },
    api: { operation: 'audit_log.checkpoint' },
    resources: [{ type: 'audit_log', uid: String(number), name: `checkpoint ${number}` }],
    src_endpoint: { svc_name: 'reeve' },
    unmapped: { kind: 'checkpoint', number, seq, key_id, note },
  }
}

/** Records that were removed before they could be sent. */
export function ocsfGap(
  stream: string,
  gap: Readonly<Record<string, unknown>> & { readonly id: string },
  at: Date,
): Record<string, unknown> {
  const { name: _, ...found } = apiActivity(other)
  return {
    ...common(found, at, true),
    message: `${stream}: records were removed before this receiver had had them`,
    metadata: { ...metadata, uid: gap.id },
    actor: { app_name: 'reeve system' },
    api: { operation: `${stream}.gap` },
    src_endpoint: { svc_name: 'reeve' },
    unmapped: gap,
  }
}

const metadata = { version: '1.3.0', product: { name: 'Reeve', vendor_name: 'Reeve' } }

const common = (found: Omit<OcsfClass, 'name'>, at: Date, failed: boolean) => ({
  ...found,
  type_uid: found.class_uid * 100 + found.activity_id,
  time: at.getTime(),
  severity_id: failed ? 3 : 1,
  severity: failed ? 'Medium' : 'Informational',
  status_id: failed ? 2 : 1,
  status: failed ? 'Failure' : 'Success',
})

/** What was acted on, in the field where each class has it. */
function object(name: OcsfClass['name'], row: AuditRow): Record<string, unknown> {
  const subject = named(row.resource_id, row.resource_target)
  switch (name) {
    case 'authentication':
      return { user: subject, service: { name: 'Reeve' } }
    case 'account_change':
      return { user: subject }
    case 'user_access': {
      const { came, went } = roleChange(row)
      return { user: subject, privileges: [...came, ...went] }
    }
    case 'entity_management':
      return {
        entity: { type: row.resource_type, ...subject },
        ...(row.reason === null ? {} : { comment: row.reason }),
      }
    case 'api_activity':
      return {
        api: {
          operation: `${row.resource_type}.${row.action}`,
          ...(row.request_id === null || row.request_id === '' ? {} : { request: { uid: row.request_id } }),
        },
        resources: [{ type: row.resource_type, ...subject }],
      }
  }
}

/** An id that is not known, as in a sign-in of nobody, is left out; one of the two there must be. */
const named = (uid: string, name: string) => ({
  ...(uid === '' ? {} : { uid }),
  ...(name === '' && uid !== '' ? {} : { name: name || 'unknown' }),
})
