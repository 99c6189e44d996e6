import { systemClock, silentLog, type TraceContext } from '@reeve/base'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../db/testing.ts'
import type { Span } from '../../tracing/span.ts'
import { endInterrupted } from '../record/recover.ts'
import { bodyOf, endFacts, record, someone, startFacts, streamOf, testRecord } from '../testing.ts'
import { spansOf } from './spans.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())

const trace: TraceContext = {
  traceId: 'a'.repeat(32),
  spanId: 'b'.repeat(16),
  parentSpanId: null,
  state: null,
  sampled: true,
}
const body = bodyOf([{ role: 'user', content: 'hello' }])
const startedAt = new Date(systemClock.now().getTime() - 60_000)
const after = (ms: number): Date => new Date(startedAt.getTime() + ms)

async function traced(options: Partial<Parameters<typeof testRecord>[0]> = {}) {
  const spans: Span[] = []
  const run = await testRecord({ db, ...options, onEnds: (ends) => spans.push(...ends.flatMap(spansOf)) })
  return Object.assign(run, { spans })
}

test('each time that a provider was asked is a span within the request, and the last one lasts as long as the answer', async () => {
  await using run = await traced()
  const attempt = { credentialHint: '', waitedMs: 20 }
  await record(
    run.recorder,
    startFacts(someone(), body, { trace, startedAt, provider: 'bedrock' }),
    streamOf({ text: 'hi' }),
    {
      attempts: [
        { ...attempt, at: after(5), statusCode: 429, errorType: 'key_limited' },
        { ...attempt, at: after(30), statusCode: 200, errorType: null },
      ],
      durationMs: 100,
    },
  )
  await run.drain()
  const [whole, ...attempts] = run.spans
  expect(whole).toMatchObject({ startMs: startedAt.getTime(), endMs: after(100).getTime(), failed: false })
  expect(whole?.attributes['gen_ai.provider.name']).toBe('aws.bedrock')
  expect(attempts).toMatchObject([
    { startMs: after(5).getTime(), endMs: after(25).getTime(), failed: true },
    { startMs: after(30).getTime(), endMs: after(100).getTime(), failed: false },
  ])
  expect(attempts.map(({ attributes }) => attributes['error.type'])).toEqual(['key_limited', null])
  expect(attempts.map(({ attributes }) => attributes['http.request.resend_count'])).toEqual([null, 1])
  expect(attempts.every(({ parent }) => parent?.spanId === trace.spanId)).toBe(true)
})

test('a request that a crash cut off is a span that says so', async () => {
  await using run = await traced()
  const start = startFacts(someone(), body, { trace, startedAt })
  await run.recorder.begin(start)
  await endInterrupted(run.journal, { clock: systemClock, log: silentLog })
  await run.drain()
  expect(run.spans).toMatchObject([{ traceId: trace.traceId, failed: true, startMs: startedAt.getTime() }])
  expect(run.spans[0]?.attributes).toMatchObject({ 'reeve.interception.id': start.id, 'reeve.outcome': 'interrupted' })
})

test('what is in no trace, or in one that is not kept, is no span', async () => {
  await using run = await traced()
  await record(run.recorder, startFacts(someone(), body), streamOf({ text: 'hi' }))
  await record(run.recorder, startFacts(someone(), body, { trace: { ...trace, sampled: false } }), streamOf({}))
  await run.drain()
  expect(run.spans).toEqual([])
})

test('a request that no provider was asked has no attempt, and one that asks no model says nothing of one', async () => {
  await using run = await traced()
  const refused = endFacts({
    outcome: 'refused',
    statusCode: 400,
    errorType: 'invalid',
    contentType: null,
    attempts: [],
  })
  await record(run.recorder, startFacts(someone(), body, { trace, startedAt }), Buffer.alloc(0), refused)
  const models = { trace, startedAt, route: 'models', model: '' } as const
  await record(run.recorder, startFacts(someone(), Buffer.alloc(0), models), Buffer.from('{}'), { attempts: [] })
  await run.drain()
  const [first, second] = run.spans
  expect(run.spans).toHaveLength(2)
  expect(first).toMatchObject({ failed: true, attributes: { 'error.type': 'invalid' } })
  expect(second?.name).toBe('models')
  expect(Object.keys(second?.attributes ?? {}).filter((name) => name.startsWith('gen_ai.'))).toEqual([
    'gen_ai.provider.name',
  ])
})

test.each(['prompts', 'metadata'] as const)(
  'with the capture level %s a span has its tokens all the same',
  async (capture) => {
    await using run = await traced({ capture })
    await record(run.recorder, startFacts(someone(), body, { trace, startedAt }), streamOf({ text: 'hi' }))
    await run.drain()
    expect(run.spans[0]?.attributes).toMatchObject({
      'gen_ai.usage.input_tokens': 15,
      'gen_ai.usage.output_tokens': 7,
      'gen_ai.response.finish_reasons': ['end_turn'],
    })
  },
)

test('a clock that was set back while a request was open makes no span that ends before it began', async () => {
  await using run = await traced()
  const later = startFacts(someone(), body, { trace, startedAt: after(120_000) })
  const at = after(-5_000)
  await record(run.recorder, later, streamOf({ text: 'hi' }), {
    endedAt: at,
    attempts: [{ at, credentialHint: '', waitedMs: 5, statusCode: 200, errorType: null }],
  })
  await run.drain()
  for (const { startMs, endMs } of run.spans) expect(endMs).toBeGreaterThanOrEqual(startMs)
})
