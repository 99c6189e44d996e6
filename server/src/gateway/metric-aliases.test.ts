import { AggregatorRegistry, Gauge, Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { registerAliases } from './metric-aliases.ts'

/** What one process of a server would give to the one that is scraped. */
async function processWith(breakers: Readonly<Record<'open' | 'half_open', number>>) {
  const registry = new Registry()
  const labelNames = ['provider', 'state'] as const
  const gauge = new Gauge({ name: 'reeve_provider_breakers', help: 'How many.', labelNames, registers: [registry] })
  for (const [state, count] of Object.entries(breakers)) gauge.set({ provider: 'anthropic', state }, count)
  registerAliases(registry)
  return registry.getMetricsAsJSON()
}

test.each([
  [{ open: 1, half_open: 0 }, { open: 2, half_open: 1 }, 1],
  [{ open: 0, half_open: 1 }, { open: 0, half_open: 3 }, 0.5],
  [{ open: 0, half_open: 0 }, { open: 0, half_open: 0 }, 0],
])('a breaker of a server in two processes, %o and %o, is in the worst of their states', async (one, other, state) => {
  const together = AggregatorRegistry.aggregate([await processWith(one), await processWith(other)])
  const text = await together.metrics()
  expect(text).toContain(`coder_aibridged_circuit_breaker_state{provider="anthropic"} ${state}\n`)
  expect(text).toContain(`reeve_provider_breakers{provider="anthropic",state="open"} ${one.open + other.open}\n`)
})
