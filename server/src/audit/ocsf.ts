import type { AuditRow } from './queries.ts'
import { timeOf } from './present.ts'

/**
 * Audit events as OCSF 1.3: what people and their credentials did is in the category Identity & Access Management, the
 * rest is API Activity. What OCSF has no field for stands in `unmapped`, so that nothing is lost on the way.
 */
export function ocsfEvent(row: AuditRow): Record<string, unknown> {
  const { class_uid, class_name, category_uid, category_name, activity_id, activity_name } = classify(row)
  const time = timeOf(row.id).getTime()
  const failed = row.outcome !== 'ok'
  const person = { type: row.resource_type, uid: row.resource_id, name: row.resource_target }
  return {
    class_uid,
    class_name,
    category_uid,
    category_name,
    activity_id,
    activity_name,
    type_uid: class_uid * 100 + activity_id,
    time,
    severity_id: failed ? 3 : 1,
    severity: failed ? 'Medium' : 'Informational',
    status_id: failed ? 2 : 1,
    status: failed ? 'Failure' : 'Success',
    message: `${row.username ?? 'nobody'} ${row.action} ${row.resource_type} ${row.resource_target}`,
    metadata: {
      version: '1.3.0',
      uid: row.id,
      sequence: row.seq,
      correlation_uid: row.request_id,
      product: { name: 'Reeve', vendor_name: 'Reeve' },
    },
    actor: {
      user: row.actor_id === null ? { type_id: 0 } : { uid: row.actor_id, name: row.username, type_id: 1 },
      ...(row.api_key_id === null ? {} : { session: { credential_uid: row.api_key_id } }),
    },
    ...(class_uid === 6003
      ? {
          api: { operation: `${row.resource_type}.${row.action}`, request: { uid: row.request_id ?? '' } },
          resources: [person],
        }
      : { user: { uid: row.resource_id, name: row.resource_target } }),
    ...(row.ip === null ? {} : { src_endpoint: { ip: row.ip } }),
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

interface Class {
  readonly class_uid: number
  readonly class_name: string
  readonly category_uid: number
  readonly category_name: string
  readonly activity_id: number
  readonly activity_name: string
}

const iam = { category_uid: 3, category_name: 'Identity & Access Management' }

function classify({ action, resource_type }: AuditRow): Class {
  if (action === 'login')
    return { ...iam, class_uid: 3002, class_name: 'Authentication', activity_id: 1, activity_name: 'Logon' }
  if (action === 'logout')
    return { ...iam, class_uid: 3002, class_name: 'Authentication', activity_id: 2, activity_name: 'Logoff' }
  if (resource_type === 'user' && action in accountChanges) {
    const [activity_id, activity_name] = accountChanges[action]!
    return { ...iam, class_uid: 3001, class_name: 'Account Change', activity_id, activity_name }
  }
  const [activity_id, activity_name] = activities[action] ?? [99, 'Other']
  return {
    category_uid: 6,
    category_name: 'Application Activity',
    class_uid: 6003,
    class_name: 'API Activity',
    activity_id,
    activity_name,
  }
}

const accountChanges: Readonly<Record<string, readonly [number, string]>> = {
  create: [1, 'Create'],
  delete: [6, 'Delete'],
}
const activities: Readonly<Record<string, readonly [number, string]>> = {
  create: [1, 'Create'],
  read: [2, 'Read'],
  read_content: [2, 'Read'],
  export: [2, 'Read'],
  write: [3, 'Update'],
  delete: [4, 'Delete'],
}
