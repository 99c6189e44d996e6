import { z } from 'zod'
import { Empty, Id, Instant, UserRef } from './common.ts'
import { endpoint } from './endpoint.ts'

/** What people are told, and by which ways. */

export const NotificationMethod = z.enum(['inbox', 'smtp', 'webhook'])
export type NotificationMethod = z.infer<typeof NotificationMethod>

const tag = 'Notifications'
const EventId = z.string().min(1).max(64)

export const NotificationPreference = z.object({
  event: z.string(),
  title: z.string(),
  group: z.string(),
  can_switch_off: z.boolean().describe('False for what nobody may miss.'),
  methods: z
    .array(
      z.object({
        method: NotificationMethod,
        enabled: z.boolean(),
        is_default: z.boolean().describe('False where the person chose it.'),
      }),
    )
    .describe('The methods that this deployment has for the event.'),
})
export type NotificationPreference = z.infer<typeof NotificationPreference>

const ofUser = { params: z.object({ user: UserRef }) }

export const getNotificationPreferences = endpoint({
  name: 'getNotificationPreferences',
  method: 'GET',
  path: '/api/v2/users/:user/notifications/preferences',
  summary: 'Of what a person is told, and how',
  tag,
  permission: 'notification:read',
  ...ofUser,
  result: z.array(NotificationPreference),
  faults: ['not_found'],
})

export const updateNotificationPreferences = endpoint({
  name: 'updateNotificationPreferences',
  method: 'PUT',
  path: '/api/v2/users/:user/notifications/preferences',
  summary: 'Switch methods of events on or off for a person; what is not named stays',
  tag,
  permission: 'notification:update',
  ...ofUser,
  body: z.object({
    preferences: z
      .array(z.object({ event: EventId, method: NotificationMethod, enabled: z.boolean() }))
      .min(1)
      .max(200),
  }),
  result: z.array(NotificationPreference),
  faults: ['invalid', 'not_found'],
})

export const NotificationTemplate = z.object({
  id: z.string(),
  name: z.string().describe('What happened, in words.'),
  group: z.string(),
  kind: z.literal('system'),
  recipients: z.enum(['concerned', 'user-admins', 'owners']).describe('concerned: the person that it happened to.'),
  can_switch_off: z.boolean(),
  default_methods: z.array(NotificationMethod),
  method: NotificationMethod.nullable().describe('The one method beside the inbox that an administrator chose.'),
})
export type NotificationTemplate = z.infer<typeof NotificationTemplate>

export const listNotificationTemplates = endpoint({
  name: 'listNotificationTemplates',
  method: 'GET',
  path: '/api/v2/notifications/templates/system',
  summary: 'The events that people are told of',
  tag,
  permission: 'notification:read',
  result: z.array(NotificationTemplate),
})

export const setNotificationMethod = endpoint({
  name: 'setNotificationMethod',
  method: 'PUT',
  path: '/api/v2/notifications/templates/:id/method',
  summary: 'Choose the one method beside the inbox for an event; inbox alone, or null for the default',
  tag,
  permission: 'deployment_config:update',
  params: z.object({ id: EventId }),
  body: z.object({ method: NotificationMethod.nullable() }),
  result: NotificationTemplate,
  faults: ['invalid', 'not_found'],
})

export const NotificationSettings = z.object({
  notifier_paused: z.boolean().describe('Nothing leaves by mail or webhook; it waits. The inbox goes on.'),
})

export const getNotificationSettings = endpoint({
  name: 'getNotificationSettings',
  method: 'GET',
  path: '/api/v2/notifications/settings',
  summary: 'Whether sending is paused',
  tag,
  permission: 'deployment_config:read',
  result: NotificationSettings,
})

export const updateNotificationSettings = endpoint({
  name: 'updateNotificationSettings',
  method: 'PUT',
  path: '/api/v2/notifications/settings',
  summary: 'Pause or resume sending, for everybody',
  tag,
  permission: 'deployment_config:update',
  body: NotificationSettings,
  result: NotificationSettings,
  faults: ['invalid'],
})

export const listDispatchMethods = endpoint({
  name: 'listDispatchMethods',
  method: 'GET',
  path: '/api/v2/notifications/dispatch-methods',
  summary: 'The ways by which this deployment can tell people',
  tag,
  permission: 'notification:read',
  result: z.object({
    available: z.array(NotificationMethod),
    default: NotificationMethod.describe('The first one beside the inbox, else the inbox.'),
  }),
})

export const sendTestNotification = endpoint({
  name: 'sendTestNotification',
  method: 'POST',
  path: '/api/v2/notifications/test',
  summary: 'Send yourself a test by every method',
  tag,
  permission: 'deployment_config:update',
  body: Empty.optional(),
  status: 202,
  result: z.object({ methods: z.array(NotificationMethod), notifier_paused: z.boolean() }),
})

export const NotificationDelivery = z.object({
  id: Id.describe('The receiver sees it too: webhook-id, and the first part of a Message-ID.'),
  event: z.string(),
  method: z.enum(['smtp', 'webhook']),
  recipient: z.string().nullable().describe('Username, or the address of mail to somebody who cannot sign in.'),
  status: z.enum(['pending', 'sent', 'failed', 'skipped']),
  attempts: z.number().int(),
  next_attempt_at: Instant.nullable(),
  last_error: z.string().nullable(),
  created_at: Instant,
  finished_at: Instant.nullable(),
})
export type NotificationDelivery = z.infer<typeof NotificationDelivery>

export const listNotificationDeliveries = endpoint({
  name: 'listNotificationDeliveries',
  method: 'GET',
  path: '/api/v2/notifications/deliveries',
  summary: 'What was sent, waits or failed by mail and webhook, newest first',
  tag,
  permission: 'deployment_config:read',
  query: z.object({
    status: z.enum(['pending', 'sent', 'failed', 'skipped']).optional(),
    limit: z.coerce.number().int().min(1).max(1000).optional(),
    after_id: Id.optional(),
  }),
  result: z.array(NotificationDelivery),
  faults: ['invalid'],
})

export const retryNotificationDelivery = endpoint({
  name: 'retryNotificationDelivery',
  method: 'POST',
  path: '/api/v2/notifications/deliveries/:id/retry',
  summary: 'Try a failed delivery again, now',
  tag,
  permission: 'deployment_config:update',
  params: z.object({ id: Id }),
  body: Empty.optional(),
  result: NotificationDelivery,
  faults: ['invalid', 'not_found', 'conflict'],
})
