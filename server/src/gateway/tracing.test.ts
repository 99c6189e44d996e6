import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { attemptSpanId } from '@reeve/base'
import { answerTurn } from '../../../test/support/messages.ts'
import { startUpstream, type Upstream } from '../../../test/support/upstream.ts'
import { type TestDatabase, testDatabase } from '../db/testing.ts'
import type { TraceSettings } from '../tracing/settings.ts'
import { type SeenSpan, type TestReceiver, testReceiver } from '../tracing/testing-receiver.ts'
import { person, type Person, testGateway, type TestGateway } from './gateway-testing.ts'
import { bodyOf } from './testing.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const caller = '00f067aa0ba902b7'
/** The drain gives way to everything else, and its process has to start first. */
const patience = { timeout: 60_000, interval: 50 }
const headers = { traceparent: `00-${traceId}-${caller}-01`, tracestate: 'vendor=x', baggage: 'user=dana' }

let db: TestDatabase
let upstream: Upstream
let receiver: TestReceiver
let dana: Person
let gateway: TestGateway
let settings: TraceSettings
beforeAll(async () => {
  db = await testDatabase()
  upstream = await startUpstream()
  receiver = await testReceiver()
  dana = await person(db, 'dana')
  settings = {
    url: receiver.url,
    protocol: 'http/protobuf',
    headers: {},
    serviceName: 'reeve',
    serviceVersion: '1',
    sampler: 'parentbased_always_on',
    ratio: 1,
    passedOn: false,
  }
  gateway = await testGateway(db, upstream.url, {}, { trace: settings })
})
afterAll(async () => {
  for (const each of [gateway, receiver, upstream, db]) await each[Symbol.asyncDispose]()
})

const call = { type: 'tool_use' as const, id: 'toolu_1', name: 'Bash', input: { command: 'the words of the model' } }
const turn = {
  blocks: [call],
  stopReason: 'tool_use',
  usage: { input_tokens: 5, output_tokens: 3, cache_read_input_tokens: 7 },
}
const prompt = bodyOf([{ role: 'user', content: 'the words of a person' }])

/** The spans of one interception, the request first, when the receiver has them. */
async function spansOf(id: string | null, count: number): Promise<readonly SeenSpan[]> {
  return vi.waitFor(() => {
    const whole = receiver.spans.find(({ attributes }) => attributes['reeve.interception.id'] === id)
    const within = receiver.spans.filter(({ parentSpanId }) => parentSpanId === whole?.spanId)
    expect(within).toHaveLength(count - 1)
    return [whole!, ...within]
  }, patience)
}

async function ask(more: Readonly<Record<string, string>> = {}, of = gateway): Promise<string | null> {
  const response = await of.ask(dana.token, prompt, more)
  await response.arrayBuffer()
  return response.headers.get('x-reeve-interception-id')
}

test('a request is a span of its caller’s trace, with what it used and called, and the asking of the provider within it', async () => {
  upstream.answer((seen) => answerTurn(seen, turn))
  const id = await ask(headers)
  const [whole, attempt] = await spansOf(id, 2)
  const row = await db.sql.selectFrom('interceptions').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
  expect(whole).toMatchObject({
    name: 'chat m-1',
    kind: 2,
    traceId,
    parentSpanId: caller,
    traceState: 'vendor=x',
    failed: false,
    attributes: {
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'anthropic',
      'gen_ai.request.model': 'm-1',
      'gen_ai.response.model': row.model_served,
      'gen_ai.response.finish_reasons': ['tool_use'],
      'gen_ai.conversation.id': row.session_id,
      'gen_ai.usage.input_tokens': 12,
      'gen_ai.usage.output_tokens': 3,
      'gen_ai.usage.cache_read.input_tokens': 7,
      'http.response.status_code': 200,
      'reeve.tool_names': ['Bash'],
      'reeve.tool_calls': 1,
      'user.id': dana.actor.userId,
    },
  })
  expect(whole?.attributes['error.type']).toBeUndefined()
  expect(whole?.startMs).toBe(row.started_at.getTime())
  expect(attempt).toMatchObject({ name: 'ask anthropic', kind: 3, traceId, spanId: attemptSpanId(whole!.spanId, 0) })
  expect(attempt!.startMs).toBeGreaterThanOrEqual(whole!.startMs)
  expect(attempt!.endMs).toBe(whole!.endMs)
  expect(attempt?.attributes['gen_ai.usage.output_tokens']).toBeUndefined()
})

test('the words of people and models, credentials and baggage are in no span', async () => {
  upstream.answer((seen) => answerTurn(seen, turn))
  const secret = 'AKIAIOSFODNN7EXAMPLE'
  await spansOf(await ask({ ...headers, 'user-agent': 'agent of dana', 'x-claude-code-session-id': secret }), 2)
  const sent = Buffer.concat(receiver.requests.map(({ body }) => body)).toString('latin1')
  for (const word of ['words of', 'toolu_1', 'agent of dana', 'user=dana', dana.token, 'sk-upstream', secret]) {
    expect(sent).not.toContain(word)
  }
})

test('an answer that fails is a span that failed, and without a caller the trace begins here', async () => {
  upstream.answer(() => [{ do: 'reset' }])
  const [whole, attempt] = await spansOf(await ask(), 2)
  expect(whole).toMatchObject({ parentSpanId: '', failed: true })
  expect(whole?.traceId).not.toBe(traceId)
  expect(whole?.attributes['reeve.outcome']).toBe('upstream_aborted')
  expect(attempt?.failed).toBe(true)
  expect(attempt!.endMs).toBeLessThanOrEqual(whole!.endMs)
})

test('a caller that does not keep its trace has none kept here', async () => {
  upstream.answer((seen) => answerTurn(seen, turn))
  const unkept = await ask({ traceparent: `00-${traceId}-${caller}-00` })
  const kept = await ask(headers)
  await spansOf(kept, 2)
  expect(receiver.spans.filter(({ attributes }) => attributes['reeve.interception.id'] === unkept)).toEqual([])
})

test('a provider hears nothing of a trace, and where it is to hear of it nothing but the trace', async () => {
  upstream.answer((seen) => answerTurn(seen, turn))
  const told = (): Record<string, string> => Object.fromEntries(upstream.seen.at(-1)!.headers)
  await ask(headers)
  for (const name of Object.keys(headers)) expect(told()).not.toHaveProperty(name)

  await using open = await testGateway(db, upstream.url, {}, { trace: { ...settings, passedOn: true } })
  const [, attempt] = await spansOf(await ask(headers, open), 2)
  expect(told()).toMatchObject({ traceparent: `00-${traceId}-${attempt!.spanId}-01`, tracestate: 'vendor=x' })
  expect(told()).not.toHaveProperty('baggage')
})

test('a receiver that is away delays no answer, and what it missed is counted', async () => {
  upstream.answer((seen) => answerTurn(seen, turn))
  receiver.behave((res) => void res.writeHead(400).end())
  await ask(headers)
  await vi.waitFor(
    async () => expect(await gateway.registry.metrics()).toMatch(/spans_dropped_total\{reason="failed"\} [1-9]/),
    patience,
  )
  receiver.behave(null)
  await spansOf(await ask(headers), 2)
})

test('a request that is turned away at the door is a span, too, and says why', async () => {
  const before = receiver.spans.length
  expect((await gateway.ask('rv_nobody', prompt, headers)).status).toBe(401)
  const [span] = await vi.waitFor(() => {
    expect(receiver.spans.length).toBeGreaterThan(before)
    return receiver.spans.slice(before)
  }, patience)
  expect(span).toMatchObject({ name: 'POST /api/v2/aibridge/{provider}', traceId, parentSpanId: caller })
  expect(span?.attributes).toMatchObject({ 'http.response.status_code': 401, 'reeve.refused': 'unauthenticated' })
})
