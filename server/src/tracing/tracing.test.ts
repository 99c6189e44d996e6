import { hash } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { silentLog, type TraceContext } from '@reeve/base'
import { Registry } from 'prom-client'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { freePort } from '../../../test/support/free-port.ts'
import type { TraceSettings } from './settings.ts'
import { requestSpan, type Span } from './span.ts'
import { createSpanQueue, type SpanCounts } from './span-queue.ts'
import { openExporter } from './otlp.ts'
import { openSampler } from './sampler.ts'
import { type TestReceiver, testReceiver } from './testing-receiver.ts'
import { startTracing } from './tracing.ts'

let receiver: TestReceiver
beforeAll(async () => {
  receiver = await testReceiver()
})
beforeEach(() => receiver.behave(null))
afterAll(() => receiver[Symbol.asyncDispose]())

const settings = (given: Partial<TraceSettings> = {}): TraceSettings => ({
  url: receiver.url,
  protocol: 'http/protobuf',
  headers: { 'x-key': 'of the receiver' },
  serviceName: 'reeve-test',
  serviceVersion: '1.2.3',
  sampler: 'parentbased_always_on',
  ratio: 1,
  passedOn: false,
  ...given,
})

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const caller = '00f067aa0ba902b7'
const trace: TraceContext = { traceId, spanId: 'b'.repeat(16), parentSpanId: caller, state: 'a=b', sampled: true }
const spanOf = (more: Partial<Parameters<typeof requestSpan>[1]> = {}): Span =>
  requestSpan(trace, {
    method: 'GET',
    route: '/api/v2/users/{user}',
    status: 200,
    startMs: Date.parse('2026-11-20T10:00:00.123Z'),
    durationMs: 1234.5,
    attributes: { list: ['a', 'ü'], yes: true, half: 0.5, nothing: null },
    ...more,
  })

test.each(['http/protobuf', 'http/json'] as const)('a receiver of %s gets what was traced', async (protocol) => {
  const before = receiver.spans.length
  await (
    await openExporter(settings({ protocol }))
  )([spanOf(), spanOf({ status: 503 })])
  expect(receiver.spans.slice(before)).toEqual([
    {
      name: 'GET /api/v2/users/{user}',
      kind: 2,
      traceId,
      spanId: trace.spanId,
      parentSpanId: caller,
      traceState: 'a=b',
      startMs: Date.parse('2026-11-20T10:00:00.123Z'),
      endMs: Date.parse('2026-11-20T10:00:01.357Z'),
      failed: false,
      attributes: {
        list: ['a', 'ü'],
        yes: true,
        half: 0.5,
        'http.request.method': 'GET',
        'http.route': '/api/v2/users/{user}',
        'http.response.status_code': 200,
      },
      service: 'reeve-test',
    },
    expect.objectContaining({ failed: true, attributes: expect.objectContaining({ 'error.type': '503' }) }),
  ])
  expect(receiver.requests.at(-1)?.headers['x-key']).toBe('of the receiver')
})

test('a caller’s trace is carried on, and a header that is none begins another', async () => {
  await using tracing = await startTracing({ settings: settings(), log: silentLog, metrics: new Registry() })
  const carried = tracing.begin({ traceparent: `00-${traceId}-${caller}-01`, tracestate: 'a=b' })
  expect(carried).toMatchObject({ traceId, parentSpanId: caller, state: 'a=b', sampled: true })
  expect(carried.spanId).toMatch(/^[0-9a-f]{16}$/)
  expect(tracing.begin({ traceparent: `00-${traceId}-${caller}-00` }).sampled).toBe(false)
  const begun = tracing.begin({ traceparent: 'x'.repeat(5_000), tracestate: 'a=b' })
  expect(begun).toMatchObject({ parentSpanId: null, state: null, sampled: true })
  expect(begun.traceId).toMatch(/^[0-9a-f]{32}$/)
})

test('the samplers keep what they are named after', async () => {
  const ids = Array.from({ length: 400 }, (_, i) => hash('sha256', String(i)).slice(0, 32))
  const kept = async (sampler: TraceSettings['sampler'], parent: boolean | null, ratio = 0.25) => {
    const sample = await openSampler({ sampler, ratio })
    return ids.filter((id) => sample(id, parent)).length / ids.length
  }
  expect(await kept('always_on', false)).toBe(1)
  expect(await kept('always_off', true)).toBe(0)
  expect(await kept('parentbased_always_off', true)).toBe(1)
  expect(await kept('parentbased_always_on', false)).toBe(0)
  expect(await kept('parentbased_always_on', null)).toBe(1)
  expect(await kept('parentbased_traceidratio', true)).toBe(1)
  expect(await kept('traceidratio', true, 0)).toBe(0)
  const share = await kept('parentbased_traceidratio', null)
  expect(share).toBeGreaterThan(0.15)
  expect(share).toBeLessThan(0.35)
})

/** A queue whose counts add up. */
async function queueTo(url: string, limits: NonNullable<Parameters<typeof createSpanQueue>[0]['limits']>) {
  const told: SpanCounts[] = []
  const sum = (of: keyof SpanCounts) => told.reduce((all, counts) => all + counts[of], 0)
  const send = await openExporter(settings({ url }))
  const queue = createSpanQueue({ send, log: silentLog, tell: (counts) => told.push(counts), limits })
  return { queue, counts: () => ({ sent: sum('sent'), overflowed: sum('overflowed'), failed: sum('failed') }) }
}

const many = (count: number): Span[] => Array.from({ length: count }, () => spanOf())

test('with no receiver there, spans are counted and forgotten, and closing does not wait for it', async () => {
  const { queue, counts } = await queueTo(`http://127.0.0.1:${await freePort()}/v1/traces`, { closeMs: 50 })
  queue.add(many(600))
  await queue[Symbol.asyncDispose]()
  expect(counts()).toEqual({ sent: 0, overflowed: 0, failed: 600 })
  queue.add(many(2))
  expect(counts().overflowed).toBe(2)
})

test('a receiver that never answers holds no more than there is room for, and is given up', async () => {
  receiver.behave(() => {})
  const { queue, counts } = await queueTo(receiver.url, { spansMax: 1_000, batchMax: 400, sendMs: 2_000, closeMs: 100 })
  const asked = receiver.requests.length
  queue.add(many(400))
  await vi.waitFor(() => expect(receiver.requests.length).toBe(asked + 1), 60_000)
  queue.add(many(5_000))
  expect(counts()).toEqual({ sent: 0, overflowed: 4_400, failed: 0 })
  await vi.waitFor(() => expect(counts().failed).toBeGreaterThanOrEqual(400), 60_000)
  receiver.behave(null)
  queue.add(many(1))
  await vi.waitFor(() => expect(counts().sent).toBeGreaterThan(0), 60_000)
  await queue[Symbol.asyncDispose]()
})

/** Answers on, a little at a time, until the other side has had enough of it. */
function drip(res: ServerResponse): void {
  res.writeHead(200)
  const timer = setInterval(() => res.write('x'), 5)
  res.on('close', () => clearInterval(timer))
}

test.each([
  ['refuses', (res: ServerResponse) => void res.writeHead(400).end('your key is sk-of-somebody')],
  ['sends somewhere else', (res: ServerResponse) => void res.writeHead(307, { location: receiver.url }).end()],
  ['answers without end', drip],
  ['answers with too much', (res: ServerResponse) => void res.end(Buffer.alloc(8 * 1024 * 1024))],
  ['breaks off', (res: ServerResponse) => void res.destroy()],
])('a receiver that %s costs its spans and nothing else', async (_, behaviour) => {
  receiver.behave(behaviour)
  const taken = receiver.spans.length
  const { queue, counts } = await queueTo(receiver.url, { batchMax: 2, sendMs: 300 })
  queue.add(many(2))
  await vi.waitFor(() => expect(counts().failed).toBe(2), 60_000)
  receiver.behave(null)
  queue.add(many(2))
  await vi.waitFor(() => expect(counts().sent).toBe(2), 60_000)
  expect(receiver.spans.length).toBe(taken + 2)
  await queue[Symbol.asyncDispose]()
})

test('what is sent and given up can be read from the metrics, and what is not sampled is not sent', async () => {
  const metrics = new Registry()
  await using tracing = await startTracing({ settings: settings(), log: silentLog, metrics })
  const before = receiver.spans.length
  tracing.add({ ...trace, sampled: false }, spanOf())
  tracing.add(trace, spanOf())
  await tracing[Symbol.asyncDispose]()
  expect(receiver.spans.length).toBe(before + 1)
  tracing.count({ sent: 1, overflowed: 2, failed: 3 })
  const text = await metrics.metrics()
  expect(text).toContain('reeve_trace_spans_sent_total 2')
  expect(text).toContain('reeve_trace_spans_dropped_total{reason="full"} 2')
  expect(text).toContain('reeve_trace_spans_dropped_total{reason="failed"} 3')
})
