import { type Clock, type Log, toError } from '@reeve/base'
import { Counter, Gauge, type Registry } from 'prom-client'
import type { Database } from '../db/database.ts'
import type { Delivering } from './deliver.ts'
import { measureQueue, type QueueRow } from './queries.ts'

/** The queue is one for all replicas: each of them tells of all of it. */
export function createNotificationMetrics(
  registry: Registry,
  { db, clock, log }: { readonly db: Database; readonly clock: Clock; readonly log: Log },
): Delivering['ended'] {
  const registers = [registry]
  const attempts = new Counter({
    name: 'reeve_notification_attempts_total',
    help: 'Attempts of this server to deliver a notification, by how they ended.',
    labelNames: ['method', 'outcome'],
    registers,
  })
  const gauge = (name: string, help: string, value: (row: QueueRow) => number): void => {
    // oxlint-disable-next-line no-new -- It registers itself.
    new Gauge({
      name,
      help,
      labelNames: ['method'],
      registers,
      async collect() {
        try {
          const rows = await measureQueue(db.sql)
          this.reset()
          for (const method of ['smtp', 'webhook'] as const) {
            const row = rows.find((one) => one.method === method)
            this.set({ method }, row === undefined ? 0 : value(row))
          }
        } catch (thrown) {
          // The other numbers are worth having while PostgreSQL does not answer; these are left out.
          this.reset()
          log.debug({ err: toError(thrown) }, 'the queue of notifications cannot be measured')
        }
      },
    })
  }
  gauge('reeve_notifications_queued', 'Notifications that wait to be delivered.', (row) => row.queued)
  gauge(
    'reeve_notifications_failed',
    'Notifications that could not be delivered, of the last 30 days.',
    (row) => row.failed,
  )
  gauge('reeve_notifications_oldest_seconds', 'How long the oldest of those that wait has waited.', ({ oldest }) =>
    oldest === null ? 0 : Math.max(0, (clock.now().getTime() - oldest.getTime()) / 1000),
  )
  return (method, outcome) => attempts.inc({ method, outcome })
}
