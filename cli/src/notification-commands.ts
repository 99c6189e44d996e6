import { type Command, command, optional, required } from './command.ts'
import { choice, count, flag, text } from './option.ts'

const paging = {
  limit: count('how many to show (default: 50)'),
  all: flag('show all, however many'),
}

const methods = ['inbox', 'smtp', 'webhook'] as const

export const notificationCommands: readonly Command[] = [
  command({
    path: 'notifications list',
    summary: 'Your notifications, newest first',
    options: { unread: flag('only those that you have not read'), ...paging },
    run: async (context, input) => (await import('./commands/notifications.ts')).listNotifications(context, input),
  }),
  command({
    path: 'notifications read',
    summary: 'Show a notification and mark it as read, or mark all',
    args: { id: optional('id of the notification, or a beginning that only one has') },
    options: { all: flag('mark all as read') },
    examples: ['reeve notifications read 019a…', 'reeve notifications read --all'],
    run: async (context, input) => (await import('./commands/notifications.ts')).readNotification(context, input),
  }),
  command({
    path: 'notifications preferences',
    summary: 'What you are told of and how; with an event and a method, switch it',
    options: {
      event: text('event', 'the event to switch'),
      method: choice(methods, 'the method to switch'),
      on: flag('switch it on'),
      off: flag('switch it off'),
      user: text('user', 'whose: username or id (default: yourself)'),
    },
    examples: ['reeve notifications preferences --event token-expiring --method smtp --off'],
    run: async (context, input) => (await import('./commands/notifications.ts')).preferences(context, input),
  }),
  command({
    path: 'notifications test',
    summary: 'Send yourself a test by every method that the deployment has',
    run: async (context) => (await import('./commands/notification-sending.ts')).sendTest(context),
  }),
  command({
    path: 'notifications pause',
    summary: 'Let mail and webhooks wait, for everybody; inboxes go on',
    run: async (context) => (await import('./commands/notification-sending.ts')).setPaused(context, true),
  }),
  command({
    path: 'notifications resume',
    summary: 'Send what has waited, and go on',
    run: async (context) => (await import('./commands/notification-sending.ts')).setPaused(context, false),
  }),
  command({
    path: 'notifications deliveries',
    summary: 'What was sent, waits or failed by mail and webhook, newest first',
    options: {
      status: choice(['pending', 'sent', 'failed', 'skipped'], 'only these'),
      ...paging,
    },
    examples: ['reeve notifications deliveries --status failed'],
    run: async (context, input) => (await import('./commands/notification-sending.ts')).listDeliveries(context, input),
  }),
  command({
    path: 'notifications retry',
    summary: 'Try a failed delivery again, now',
    args: { id: required('id of the delivery, or a beginning that only one has') },
    run: async (context, input) => (await import('./commands/notification-sending.ts')).retryDelivery(context, input),
  }),
  command({
    path: 'notifications events',
    summary: 'The events that people are told of',
    run: async (context) => (await import('./commands/notification-sending.ts')).listEvents(context),
  }),
  command({
    path: 'notifications method',
    summary: 'Choose the one method beside the inbox for an event',
    args: { event: required('id of the event'), method: required('inbox, smtp, webhook or default') },
    examples: ['reeve notifications method audit-sink-failing webhook'],
    run: async (context, input) => (await import('./commands/notification-sending.ts')).setMethod(context, input),
  }),
]
