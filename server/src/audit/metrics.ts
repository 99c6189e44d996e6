import { type Clock, type Log, toError } from '@reeve/base'
import { Gauge, type Registry } from 'prom-client'
import type { Database } from '../db/database.ts'
import { lastCheckpoint } from './checkpoint-queries.ts'
import { selectChain } from './queries.ts'
import { selectSinks } from './sinks/queries.ts'

/** What an operator watches of the audit log. Read when somebody scrapes, so that a silent server is not a healthy one. */
export function registerAuditMetrics(registry: Registry, { db, clock, log }: { db: Database; clock: Clock; log: Log }) {
  let reading: Promise<void> | null = null
  // Gauges are asked side by side: they share one reading.
  const collect = (): Promise<void> => (reading ??= read().finally(() => (reading = null)))
  const gauge = <Label extends string = never>(name: string, help: string, labelNames: Label[] = []): Gauge<Label> =>
    new Gauge({ name, help, labelNames, registers: [registry], collect })

  const length = gauge('reeve_audit_chain_length', 'Events in the hash chain since the beginning.')
  const age = gauge('reeve_audit_checkpoint_age_seconds', 'Time since the last signed checkpoint.')
  const uncovered = gauge('reeve_audit_uncovered_events', 'Events that no checkpoint covers yet.')
  const lag = gauge('reeve_audit_sink_lag', 'Events that a sink has still to be sent.', ['sink'])
  const failing = gauge('reeve_audit_sink_failing', '1 while a sink does not take events.', ['sink'])
  const contradicted = new Gauge({
    name: 'reeve_audit_contradicted',
    help: '1 when the database is not what was signed here.',
    registers: [registry],
  })

  async function read(): Promise<void> {
    try {
      const chain = await selectChain(db.sql)
      const checkpoint = await lastCheckpoint(db.sql)
      length.set(chain.seq)
      uncovered.set(chain.seq - (checkpoint?.seq ?? 0))
      if (checkpoint !== null) age.set((clock.now().getTime() - checkpoint.created_at.getTime()) / 1000)
      const sinks = await selectSinks(db.sql)
      lag.reset()
      failing.reset()
      for (const sink of sinks) {
        lag.set({ sink: sink.name }, chain.seq - sink.delivered_seq)
        failing.set({ sink: sink.name }, sink.failing_since === null ? 0 : 1)
      }
    } catch (thrown) {
      // Other metrics must still be told, above all while the database is away.
      log.debug({ err: toError(thrown) }, 'metrics of the audit log not read')
    }
  }
  return { contradicted: (is: boolean) => contradicted.set(is ? 1 : 0) }
}
