import { z } from 'zod'
import { Empty, Id, Instant, NoContent } from './common.ts'
import { endpoint } from './endpoint.ts'

/** What people have been told, to be read in the product itself: everybody's own, and nobody else's. */

const tag = 'Notifications'

export const InboxNotification = z.object({
  id: Id,
  user_id: Id,
  event: z.string().describe('Id of the event in the catalogue, such as account-suspended.'),
  title: z.string(),
  content: z.string().describe('Plain text: show as text, never interpret.'),
  actions: z.array(z.object({ label: z.string(), url: z.string().describe('A page of this deployment.') })),
  created_at: Instant,
  read_at: Instant.nullable(),
})
export type InboxNotification = z.infer<typeof InboxNotification>

const UnreadCount = z.number().int().describe('Of the whole inbox.')

export const listInbox = endpoint({
  name: 'listInbox',
  method: 'GET',
  path: '/api/v2/notifications/inbox',
  summary: 'Your notifications, newest first',
  tag,
  permission: 'notification:read',
  query: z.object({
    read_status: z.enum(['all', 'read', 'unread']).optional(),
    limit: z.coerce.number().int().min(1).max(1000).optional(),
    starting_before: Id.optional().describe('Only what is older than this notification.'),
  }),
  result: z.object({ notifications: z.array(InboxNotification), unread_count: UnreadCount }),
  faults: ['invalid'],
})

export const watchInbox = endpoint({
  name: 'watchInbox',
  method: 'GET',
  path: '/api/v2/notifications/inbox/watch',
  summary: 'Your notifications as they come, and the number of unread ones as it changes',
  tag,
  permission: 'notification:read',
  answers: 'events',
  result: z.object({
    notification: InboxNotification.nullable().describe('Null when only the number of unread ones changed.'),
    unread_count: UnreadCount,
  }),
})

export const setInboxReadStatus = endpoint({
  name: 'setInboxReadStatus',
  method: 'PUT',
  path: '/api/v2/notifications/inbox/:id/read-status',
  summary: 'Mark one of your notifications as read or unread',
  tag,
  permission: 'notification:update',
  params: z.object({ id: Id }),
  body: z.object({ is_read: z.boolean() }),
  result: z.object({ notification: InboxNotification, unread_count: UnreadCount }),
  faults: ['invalid', 'not_found'],
})

export const markInboxRead = endpoint({
  name: 'markInboxRead',
  method: 'PUT',
  path: '/api/v2/notifications/inbox/mark-all-as-read',
  summary: 'Mark all of your notifications as read',
  tag,
  permission: 'notification:update',
  body: Empty.optional(),
  status: 204,
  result: NoContent,
})
