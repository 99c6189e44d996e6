import { type Clock, type Log, toError } from '@reeve/base'
import { Counter, Gauge, type Registry } from 'prom-client'
import type { Signer } from '../audit/signing-key.ts'
import type { Database } from '../db/database.ts'
import { type Bounds, dayMs, type KeepDays } from './policies.ts'
import { type Outcome, runRetention } from './run.ts'
import { adoptSettings } from './set-policy.ts'

export interface RetentionOptions {
  readonly db: Database
  readonly clock: Clock
  readonly log: Log
  readonly signer: Signer
  /** What the settings say: how long the deployment keeps what, and what it lets organizations decide. */
  readonly keepDays: KeepDays
  readonly bounds: Bounds
  readonly metrics: Registry
}

/** Retention, running. */
export interface Retention extends AsyncDisposable {
  /** Now, and not only when the day has come. Throws what the run throws. */
  runNow(signal: AbortSignal): Promise<Outcome>
}

const againMs = 5 * 60_000

/** Runs at the start and then daily. A run that fails, or had to leave a day, is tried again in a few minutes. */
export function startRetention({ db, clock, log, signer, keepDays, bounds, metrics }: RetentionOptions): Retention {
  const told = retentionMetrics(metrics)
  const stopping = new AbortController()
  let timer: NodeJS.Timeout | undefined
  let adopted = false

  async function runNow(signal: AbortSignal): Promise<Outcome> {
    const outcome = await runRetention({ db, clock, signer, signal: AbortSignal.any([signal, stopping.signal]) })
    for (const { dataClass, unit, removed } of outcome.removed) told.removed.inc({ class: dataClass, unit }, removed)
    told.lastRun.set(clock.now().getTime() / 1000)
    if (outcome.removed.length > 0) log.info({ removed: outcome.removed }, 'retention removed what was over')
    return outcome
  }

  async function look(): Promise<void> {
    let nextMs = dayMs
    try {
      if (!adopted) await adoptSettings({ db, clock, bounds }, keepDays)
      adopted = true
      const { postponed } = await runNow(stopping.signal)
      if (postponed.length > 0) nextMs = againMs
    } catch (thrown) {
      nextMs = againMs
      if (!stopping.signal.aborted) log.error({ err: toError(thrown) }, 'retention failed and will be tried again')
    }
    told.failing.set(nextMs === dayMs ? 0 : 1)
    if (!stopping.signal.aborted) timer = setTimeout(() => (running = look()), nextMs).unref()
  }
  let running = look()

  return {
    runNow,
    async [Symbol.asyncDispose]() {
      stopping.abort()
      clearTimeout(timer)
      await running
    },
  }
}

const retentionMetrics = (registry: Registry) => ({
  removed: new Counter({
    name: 'reeve_retention_removed_total',
    help: 'What retention has removed, by class of data.',
    labelNames: ['class', 'unit'],
    registers: [registry],
  }),
  lastRun: new Gauge({
    name: 'reeve_retention_last_run_timestamp_seconds',
    help: 'When retention last ran to its end.',
    registers: [registry],
  }),
  failing: new Gauge({
    name: 'reeve_retention_failing',
    help: '1 when the last run failed or had to leave a day for later.',
    registers: [registry],
  }),
})
