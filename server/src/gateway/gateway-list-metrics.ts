import { type Clock, type Log, toError } from '@reeve/base'
import type { GatewayFacts } from '@reeve/sdk'
import { Gauge, type Registry } from 'prom-client'
import type { Database } from '../db/database.ts'
import { listGateways } from './gateways.ts'

const states: readonly GatewayFacts['state'][] = ['running', 'silent', 'stopped']

/** Told by whoever runs control, because a gateway that is gone tells nothing. */
export function registerGatewayListMetrics(
  registry: Registry,
  { db, clock, log }: { readonly db: Database; readonly clock: Clock; readonly log: Log },
): void {
  let reading: Promise<void> | null = null
  // Gauges are asked side by side: they share one reading.
  const collect = (): Promise<void> => (reading ??= read().finally(() => (reading = null)))
  const facts = { labelNames: ['state'], registers: [registry], collect }
  const count = new Gauge({ name: 'reeve_gateways', help: 'Gateway processes of the deployment, by state.', ...facts })
  const pending = new Gauge({
    name: 'reeve_gateways_pending_records',
    help: 'What gateways had on their disks when they were heard of last and is not in PostgreSQL, by their state.',
    ...facts,
  })

  async function read(): Promise<void> {
    count.reset()
    pending.reset()
    try {
      const gateways = await listGateways(db.sql, clock)
      for (const state of states) {
        const those = gateways.filter((one) => one.state === state)
        count.set({ state }, those.length)
        pending.set(
          { state },
          those.reduce((sum, one) => sum + one.pending_records, 0),
        )
      }
    } catch (thrown) {
      // Nothing is shown then, rather than what was.
      log.warn({ err: toError(thrown) }, 'the gateways could not be counted')
    }
  }
}
