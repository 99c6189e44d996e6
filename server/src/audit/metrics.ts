import { type Clock, type Log, toError } from '@reeve/base'
import { Counter, Gauge, type Registry } from 'prom-client'
import type { Database } from '../db/database.ts'
import { lastCheckpoint } from './checkpoint-queries.ts'
import { selectChain } from './queries.ts'
import { selectSinks } from './sinks/queries.ts'
import { selectRecordLags } from './sinks/record-cursors.ts'
import { type DeliveryMeter, readHeads, type RecordSources } from './sinks/records.ts'

/** What an operator watches of the audit log. Read when somebody scrapes, so that a silent server is not a healthy one. */
export function registerAuditMetrics(
  registry: Registry,
  { db, clock, log, records }: { db: Database; clock: Clock; log: Log; records: RecordSources },
) {
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
  const recordLag = gauge(
    'reeve_sink_record_lag',
    'Ended interceptions, and events of boundaries, that a sink has still to be sent.',
    ['sink', 'stream'],
  )
  const registers = [registry]
  const delivered = new Counter({
    name: 'reeve_sink_delivered_total',
    help: 'What receivers have taken: audit events, and records of interceptions and of boundaries.',
    labelNames: ['sink', 'stream'],
    registers,
  })
  const failures = new Counter({
    name: 'reeve_sink_failures_total',
    help: 'Deliveries that a receiver did not take; they are tried again.',
    labelNames: ['sink'],
    registers,
  })
  const removed = new Counter({
    name: 'reeve_sink_removed_total',
    help: 'Interceptions, and events of boundaries, that retention removed before a sink had had them.',
    labelNames: ['sink', 'stream'],
    registers,
  })
  const meter: DeliveryMeter = {
    delivered: (sink, stream, count) => delivered.inc({ sink, stream }, count),
    failed: (sink) => failures.inc({ sink }),
    removed: (sink, stream, count) => removed.inc({ sink, stream }, count),
  }
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
      const behind = await selectRecordLags(db.sql, await readHeads(records))
      for (const each of [lag, failing, recordLag]) each.reset()
      for (const sink of sinks) {
        if (sink.sends.includes('audit')) lag.set({ sink: sink.name }, chain.seq - sink.delivered_seq)
        for (const [stream, count] of behind.get(sink.id) ?? []) recordLag.set({ sink: sink.name, stream }, count)
        failing.set({ sink: sink.name }, sink.failing_since === null ? 0 : 1)
      }
    } catch (thrown) {
      // Other metrics must still be told, above all while the database is away.
      log.debug({ err: toError(thrown) }, 'metrics of the audit log not read')
    }
  }
  return { meter, contradicted: (is: boolean) => contradicted.set(is ? 1 : 0) }
}
