import type { Handler, Name } from './testing.ts'

interface Facts {
  readonly hostile: string
  readonly userId: string
  readonly id: string
  readonly at: string
}

/** What a deployment answers about notifications; `empty` leaves the lists without any. */
export function notificationAnswers(
  empty: boolean,
  { hostile, userId, id, at }: Facts,
): Partial<Record<Name, Handler>> {
  const some = <T>(items: readonly T[]): readonly T[] => (empty ? [] : items)
  const notification = {
    id,
    user_id: userId,
    event: 'token-expiring',
    title: hostile,
    content: hostile,
    actions: [{ label: hostile, url: 'https://reeve.example.com/tokens' }],
    created_at: at,
    read_at: null,
  }
  const preference = {
    event: 'token-expiring',
    title: hostile,
    group: 'Your account',
    can_switch_off: true,
    methods: [{ method: 'smtp', enabled: false, is_default: false }],
  }
  const notificationTemplate = {
    id: 'token-expiring',
    name: hostile,
    group: 'Your account',
    kind: 'system',
    recipients: 'concerned',
    can_switch_off: true,
    default_methods: ['inbox', 'smtp'],
    method: null,
  }
  const delivery = {
    id,
    event: 'token-expiring',
    method: 'smtp',
    recipient: hostile,
    status: 'failed',
    attempts: 3,
    next_attempt_at: null,
    last_error: hostile,
    created_at: at,
    finished_at: at,
  }
  return {
    listInbox: () => ({ notifications: some([notification]), unread_count: empty ? 0 : 1 }),
    setInboxReadStatus: () => ({ notification, unread_count: 0 }),
    markInboxRead: () => undefined,
    getNotificationPreferences: () => some([preference]),
    updateNotificationPreferences: () => some([preference]),
    listNotificationTemplates: () => some([notificationTemplate]),
    setNotificationMethod: () => notificationTemplate,
    updateNotificationSettings: ({ body }) => body,
    sendTestNotification: () => ({ methods: ['inbox', 'smtp'], notifier_paused: true }),
    listNotificationDeliveries: () => some([delivery]),
    retryNotificationDelivery: () => delivery,
  }
}
