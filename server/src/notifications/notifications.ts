import type { Clock, Log } from '@reeve/base'
import type { Registry } from 'prom-client'
import type { Database } from '../db/database.ts'
import type { Egress } from '../http/egress.ts'
import type { Route } from '../http/implement.ts'
import type { Keyring } from '../keyring/keyring.ts'
import { keepNotificationsTidy } from './jobs.ts'
import { createNotificationMetrics } from './metrics.ts'
import { createNotifier, type NotifierSettings, startNotifier } from './notifier.ts'
import { notificationRoutes } from './routes.ts'
import { watchInboxes } from './watch-inbox.ts'

export interface Notifications extends AsyncDisposable {
  readonly routes: readonly Route[]
}

/** The room as `app.ts` sees it: what it answers, and what it does by itself until it is disposed of. */
export async function startNotifications(options: {
  readonly config: NotifierSettings
  readonly db: Database
  readonly keyring: Keyring
  /** By which the webhook is reached. */
  readonly egress: Egress
  /** Of the deployment; links in messages begin with it. */
  readonly url: string
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Registry
}): Promise<Notifications> {
  const { config, db, keyring, egress, url, clock, log, metrics } = options
  await using undo = new AsyncDisposableStack()
  const ended = createNotificationMetrics(metrics, { db, clock, log })
  const context = { db, clock, log, url, settings: config, egress, keyring, ended }
  const notifier = createNotifier(context)
  const watch = undo.use(await watchInboxes({ db, log }))
  undo.use(keepNotificationsTidy({ db, clock, log }))
  undo.use(await startNotifier(notifier, context))
  const running = undo.move()
  return {
    routes: notificationRoutes({ db, clock, watch, available: notifier.available }),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}
