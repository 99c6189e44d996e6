import { InboxNotification, type NotificationDelivery, type NotificationTemplate } from '@reeve/sdk'
import { definitionOf, type EventName, type Method } from '../outbox/events.ts'
import type { InboxRow } from './inbox-queries.ts'
import type { DeliveryRow } from './queries.ts'

/** Rows as the contract has them. */

export const presentInbox = (row: InboxRow): InboxNotification => ({
  id: row.id,
  user_id: row.user_id,
  event: row.event,
  title: row.title,
  content: row.body,
  actions: InboxNotification.shape.actions.parse(row.actions),
  created_at: row.created_at.toISOString(),
  read_at: row.read_at?.toISOString() ?? null,
})

export function presentTemplate(event: EventName, method: Method | null): NotificationTemplate {
  const { title, group, audience, on, switchedOffBy } = definitionOf(event)
  return {
    id: event,
    name: title,
    group,
    kind: 'system',
    recipients: audience,
    can_switch_off: switchedOffBy === 'recipient',
    default_methods: [...on],
    method,
  }
}

const statuses = ['pending', 'sent', 'failed', 'skipped'] as const

export const presentDelivery = (row: DeliveryRow): NotificationDelivery => ({
  id: row.id,
  event: row.event,
  method: row.method === 'smtp' ? 'smtp' : 'webhook',
  recipient: row.recipient,
  status: statuses.find((status) => status === row.status) ?? 'failed',
  attempts: row.attempts,
  next_attempt_at: row.status === 'pending' ? row.next_attempt_at.toISOString() : null,
  last_error: row.last_error,
  created_at: row.created_at.toISOString(),
  finished_at: row.finished_at?.toISOString() ?? null,
})
