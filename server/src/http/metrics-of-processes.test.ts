import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { joinMetrics } from './metrics-of-processes.ts'

function processOf(count: number, healthy: number) {
  const registry = new Registry()
  const registers = [registry]
  new Counter({ name: 'c', help: 'c', labelNames: ['l'], registers }).inc({ l: 'x' }, count)
  new Histogram({ name: 'h', help: 'h', buckets: [1], registers }).observe(count)
  new Gauge({ name: 'open', help: 'o', registers }).set(count)
  new Gauge({ name: 'healthy', help: 'y', registers, aggregator: 'min' }).set(healthy)
  return registry
}

const lineOf = (text: string, name: string): string | undefined =>
  text.split('\n').find((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))

test('counts are added up, of states the worst is shown, and the dead stay counted', async () => {
  const own = new Registry()
  new Counter({ name: 'mine', help: 'm', registers: [own] }).inc(5)
  const processes = new Map([
    [1, processOf(2, 1)],
    [2, processOf(3, 0)],
  ])
  const joined = joinMetrics(own, async () => {
    const all = [...processes].map(async ([number, one]) => [number, await one.getMetricsAsJSON()] as const)
    return new Map(await Promise.all(all))
  })
  const before = await joined.metrics()
  expect(lineOf(before, 'mine')).toBe('mine 5')
  expect(lineOf(before, 'c')).toBe('c{l="x"} 5')
  expect(lineOf(before, 'h_count')).toBe('h_count 2')
  expect(lineOf(before, 'open')).toBe('open 5')
  expect(lineOf(before, 'healthy')).toBe('healthy 0')

  processes.delete(2)
  joined.left(2)
  processes.set(3, processOf(1, 1))
  const after = await joined.metrics()
  expect(lineOf(after, 'c')).toBe('c{l="x"} 6')
  expect(lineOf(after, 'h_count')).toBe('h_count 3')
  expect(lineOf(after, 'open')).toBe('open 3')
  expect(lineOf(after, 'healthy')).toBe('healthy 1')
})
