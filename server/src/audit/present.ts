import { Fault, uuidv7Time } from '@reeve/base'
import { AuditEvent } from '@reeve/sdk'
import type { AuditRow } from './queries.ts'

export function presentAuditEvent(row: AuditRow): AuditEvent {
  return {
    ...storedFields(row),
    seq: row.seq,
    hash: row.hash?.toString('base64') ?? null,
    time: timeOf(row.id).toISOString(),
    actor:
      row.actor_id === null
        ? null
        : { id: row.actor_id, username: row.username ?? '', name: row.name ?? '', avatar_url: row.avatar_url ?? '' },
    outcome: row.outcome === 'ok' ? 'ok' : 'refused',
    diff: AuditEvent.shape.diff.parse(row.diff),
    source: AuditEvent.shape.source.parse(row.source),
  }
}

/** What the event's hash covers, as it is stored. */
export function storedFields(row: AuditRow) {
  const { id, organization_id, actor_id, api_key_id, action, resource_type, resource_id, resource_target } = row
  const { outcome, diff, ip, user_agent, request_id, reason, source } = row
  return {
    id,
    organization_id,
    actor_id,
    api_key_id,
    action,
    resource_type,
    resource_id,
    resource_target,
    outcome,
    diff,
    ip,
    user_agent,
    request_id,
    reason,
    source,
  }
}

export function timeOf(id: string): Date {
  const time = uuidv7Time(id)
  if (time === null) throw new Fault('internal', 'an audit event has an id without a time', { detail: id })
  return time
}
