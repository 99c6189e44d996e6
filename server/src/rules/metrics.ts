import type { Clock } from '@reeve/base'
import { Counter, Gauge, type Registry } from 'prom-client'

/** `count`: how many organizations and groups have rules. What is given back counts one reading. */
export function createRulesMetrics(
  registry: Registry,
  { clock, count }: { readonly clock: Clock; readonly count: () => number },
): (outcome: 'ok' | 'failed') => void {
  const reloads = new Counter({
    name: 'reeve_ai_rules_reloads_total',
    help: 'How often the rules about models and tools were read.',
    labelNames: ['outcome'],
    registers: [registry],
  })
  const reloaded = new Gauge({
    name: 'reeve_ai_rules_reload_timestamp_seconds',
    help: 'When the rules about models and tools were read last, by how that ended.',
    labelNames: ['outcome'],
    registers: [registry],
    aggregator: 'max',
  })
  const holders = new Gauge({
    name: 'reeve_ai_rules',
    help: 'Organizations and groups that have rules about models and tools, as this server knows them.',
    registers: [],
    // Every process has all of them.
    aggregator: 'max',
    collect() {
      this.set(count())
    },
  })
  registry.registerMetric(holders)
  return (outcome) => {
    reloads.inc({ outcome })
    reloaded.set({ outcome }, clock.now().getTime() / 1_000)
  }
}
