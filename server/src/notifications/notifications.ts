import type { Clock, Log } from '@reeve/base'
import type { Registry } from 'prom-client'
import type { Database } from '../db/database.ts'
import { type AllowedNetwork, createEgress } from '../http/egress.ts'
import type { Route } from '../http/implement.ts'
import type { Keyring } from '../keyring/keyring.ts'
import { keepNotificationsTidy } from './jobs.ts'
import { createNotificationMetrics } from './metrics.ts'
import { createNotifier, type NotifierSettings, startNotifier } from './notifier.ts'
import { notificationRoutes } from './routes.ts'
import { watchInboxes } from './watch-inbox.ts'

export interface NotificationsConfig extends NotifierSettings {
  /** Private networks that the webhook may be in. */
  readonly allowedNetworks: readonly AllowedNetwork[]
}

export interface Notifications extends AsyncDisposable {
  readonly routes: readonly Route[]
}

/** The room as `app.ts` sees it: what it answers, and what it does by itself until it is disposed of. */
export async function startNotifications(options: {
  readonly config: NotificationsConfig
  readonly db: Database
  readonly keyring: Keyring
  /** Of the deployment; links in messages begin with it. */
  readonly url: string
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Registry
}): Promise<Notifications> {
  const { config, db, keyring, url, clock, log, metrics } = options
  await using undo = new AsyncDisposableStack()
  const egress = undo.use(createEgress({ allowed: config.allowedNetworks }))
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
