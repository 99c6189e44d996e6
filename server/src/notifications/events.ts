import type { Uuid } from '@reeve/base'
import type { AuditEntry } from '../audit/journal.ts'

/** The audit entries of this room, as data. `scope` and `at` are added by whoever appends them. */
type NotificationEvent = Omit<AuditEntry, 'scope' | 'at'>

export const sendingPaused = (before: boolean, after: boolean): NotificationEvent => ({
  action: 'write',
  resourceType: 'notification_settings',
  resourceId: 'notifier',
  resourceTarget: 'notifier',
  diff: { notifier_paused: { old: before, new: after } },
})

export const methodChosen = (event: string, before: string | null, after: string | null): NotificationEvent => ({
  action: 'write',
  resourceType: 'notification_template',
  resourceId: event,
  resourceTarget: event,
  diff: { method: { old: before, new: after } },
})

/** Each preference as `event method`. */
export const preferencesChanged = (
  user: { readonly id: Uuid; readonly username: string },
  changes: readonly { readonly name: string; readonly old: boolean; readonly new: boolean }[],
): NotificationEvent => ({
  action: 'write',
  resourceType: 'notification_preferences',
  resourceId: user.id,
  resourceTarget: user.username,
  diff: Object.fromEntries(changes.map((change) => [change.name, { old: change.old, new: change.new }])),
})

export const deliveryRetried = (id: Uuid, event: string): NotificationEvent => ({
  action: 'retry',
  resourceType: 'notification_delivery',
  resourceId: id,
  resourceTarget: event,
})

export const testSent = (user: { readonly userId: Uuid; readonly username: string }): NotificationEvent => ({
  action: 'test',
  resourceType: 'notification_settings',
  resourceId: user.userId,
  resourceTarget: user.username,
})
