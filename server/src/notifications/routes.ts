import { Fault } from '@reeve/base'
import { endpoints } from '@reeve/sdk'
import type { Actor } from '../access/actor.ts'
import { implement, implementEvents, type Route, signedIn } from '../http/implement.ts'
import { resolveUser } from '../identity/identity.ts'
import type { Method } from '../outbox/events.ts'
import { countUnread, isPaused, markAllRead, selectInbox, setReadAt } from './inbox-queries.ts'
import { changePreferences, readPreferences } from './preferences.ts'
import { presentDelivery, presentInbox } from './present.ts'
import { selectDeliveries } from './queries.ts'
import { type Administration, chooseMethod, listTemplates, pause, retryDelivery, sendTest } from './settings.ts'
import type { InboxWatch } from './watch-inbox.ts'

export interface RouteContext extends Administration {
  readonly watch: InboxWatch
  readonly available: readonly Method[]
}

export const notificationRoutes = (context: RouteContext): Route[] => [
  ...inboxRoutes(context),
  ...preferenceRoutes(context),
  ...administrationRoutes(context),
]

const inboxPage = 25

/** Everybody's own inbox, and nobody else's: there is no path that names another person. */
function inboxRoutes({ db, clock, watch }: RouteContext): Route[] {
  return [
    implement(endpoints.listInbox, async ({ query }, scope) => {
      const { userId } = signedIn(scope)
      const { read_status: readStatus = 'all', limit = inboxPage, starting_before: before = null } = query
      const rows = await selectInbox(db.sql, userId, { readStatus, limit, before })
      return { notifications: rows.map(presentInbox), unread_count: await countUnread(db.sql, userId) }
    }),
    implementEvents(endpoints.watchInbox, (_, scope) => watch.changes(signedIn(scope).userId, scope.signal)),
    implement(endpoints.setInboxReadStatus, ({ params, body }, scope) =>
      db.transaction(async (tx) => {
        const { userId } = signedIn(scope)
        const row = await setReadAt(tx, userId, params.id, body.is_read ? clock.now() : null)
        if (row === null) throw new Fault('not_found', 'there is no such notification')
        return { notification: presentInbox(row), unread_count: await countUnread(tx, userId) }
      }),
    ),
    implement(endpoints.markInboxRead, (_, scope) =>
      db.transaction((tx) => markAllRead(tx, signedIn(scope).userId, clock.now())),
    ),
  ]
}

function preferenceRoutes({ db, clock, available }: RouteContext): Route[] {
  const person = (actor: Actor, ref: string, permission: 'notification:read' | 'notification:update') =>
    resolveUser(db.sql, actor, ref, permission)
  return [
    implement(endpoints.getNotificationPreferences, async ({ params }, scope) =>
      readPreferences(db.sql, await person(signedIn(scope), params.user, 'notification:read'), available),
    ),
    implement(endpoints.updateNotificationPreferences, async ({ params, body }, scope) => {
      const whose = await person(signedIn(scope), params.user, 'notification:update')
      return changePreferences({ db, clock, available }, scope, whose, body.preferences)
    }),
  ]
}

const deliveriesPage = 50

function administrationRoutes({ db, clock, available }: RouteContext): Route[] {
  const administration = { db, clock }
  return [
    implement(endpoints.listNotificationTemplates, () => listTemplates(db.sql)),
    implement(endpoints.setNotificationMethod, ({ params, body }, scope) =>
      chooseMethod(administration, scope, params.id, body.method),
    ),
    implement(endpoints.getNotificationSettings, async () => ({ notifier_paused: await isPaused(db.sql) })),
    implement(endpoints.updateNotificationSettings, async ({ body }, scope) => {
      await pause(administration, scope, body.notifier_paused)
      return { notifier_paused: body.notifier_paused }
    }),
    implement(endpoints.listDispatchMethods, () => ({
      available: [...available],
      default: available.find((method) => method !== 'inbox') ?? 'inbox',
    })),
    implement(endpoints.sendTestNotification, async (_, scope) => ({
      methods: [...available],
      notifier_paused: await sendTest(administration, scope),
    })),
    implement(endpoints.listNotificationDeliveries, async ({ query: { status, limit, after_id } }) => {
      const filter = { status: status ?? null, afterId: after_id ?? null, limit: limit ?? deliveriesPage }
      return (await selectDeliveries(db.sql, filter)).map(presentDelivery)
    }),
    implement(endpoints.retryNotificationDelivery, ({ params }, scope) =>
      retryDelivery(administration, scope, params.id),
    ),
  ]
}
