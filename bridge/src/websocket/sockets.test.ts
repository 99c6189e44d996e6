import { once } from 'node:events'
import { Secret } from '@reeve/base'
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { clientToken } from '../testing/raw-http.ts'
import { type SocketUpstream, startSocketUpstream } from '../testing/socket-upstream.ts'
import { providerKey, startBridge, type TestBridge } from '../testing/start-bridge.ts'
import type { Tracer } from '../tracer.ts'
import { openaiResponsesReader } from '../wire/openai-responses/reader.ts'
import { sseSplitter } from '../wire/sse.ts'

const ask = (more: object = {}): string =>
  JSON.stringify({ type: 'response.create', model: 'gpt-5.5', input: [{ role: 'user', content: 'Hello' }], ...more })
const created = (id: string): string => JSON.stringify({ type: 'response.created', response: { id, model: 'gpt-5.5' } })
const usage = { input_tokens: 12, output_tokens: 3 }
const completed = (id: string): string =>
  JSON.stringify({ type: 'response.completed', response: { id, status: 'completed', output: [], usage } })
const delta = (text: string): string =>
  JSON.stringify({ type: 'response.output_text.delta', output_index: 0, content_index: 0, delta: text })

let nextId = 0
const answering = (socket: WebSocket): void => {
  const id = `resp_${++nextId}`
  for (const message of [created(id), delta('Hi.'), completed(id)]) socket.send(message)
}

/** A client that keeps what it is told. */
async function connect(bridge: TestBridge, options: WebSocket.ClientOptions = {}) {
  const socket = new WebSocket(`ws://127.0.0.1:${bridge.port}/v1/responses`, {
    headers: { authorization: `Bearer ${clientToken}`, 'openai-beta': 'responses_websockets=2026-02-06' },
    ...options,
  })
  const told: string[] = []
  let wake = (): void => {}
  socket.on('message', (data) => {
    told.push(Buffer.isBuffer(data) ? data.toString('utf8') : '')
    wake()
  })
  socket.on('error', () => {})
  const closed = once(socket, 'close').then(([code]) => Number(code))
  await once(socket, 'open')
  return {
    socket,
    told,
    closed,
    async hears(count: number) {
      while (told.length < count) await new Promise<void>((resolve) => (wake = resolve))
    },
    [Symbol.dispose]: () => socket.terminate(),
  }
}

async function statusOf(bridge: TestBridge, path = '/v1/responses'): Promise<number> {
  const socket = new WebSocket(`ws://127.0.0.1:${bridge.port}${path}`)
  socket.on('error', () => {})
  const [request, answer] = await once(socket, 'unexpected-response')
  request.destroy()
  return answer.statusCode
}

const bridgeTo = (upstream: SocketUpstream, more: Parameters<typeof startBridge>[1] = {}): Promise<TestBridge> =>
  startBridge(upstream.url, { provider: 'openai', ...more })

test('a request and its answer go through untouched, and are one record that can be read', async () => {
  await using upstream = await startSocketUpstream(answering, { headers: ['x-request-id: req_1', 'set-cookie: a=b'] })
  await using bridge = await bridgeTo(upstream)
  using client = await connect(bridge)
  client.socket.send(ask())
  await client.hears(3)

  expect(upstream.messages).toEqual([ask()])
  expect(client.told.map((text) => JSON.parse(text).type)).toEqual([
    'response.created',
    'response.output_text.delta',
    'response.completed',
  ])
  const { headers } = upstream.handshakes[0]!
  expect(headers.authorization).toBe(`Bearer ${providerKey}`)
  expect(headers['openai-beta']).toBe('responses_websockets=2026-02-06')
  expect(JSON.stringify(upstream.handshakes[0]!.rawHeaders)).not.toContain(clientToken)
  const [record] = bridge.recorder.records
  expect(record!.start).toMatchObject({ route: 'responses', model: 'gpt-5.5', streaming: true, provider: 'openai' })
  expect(Buffer.from(record!.start.body.bytes).toString()).toBe(ask())
  expect(record!.end).toMatchObject({ outcome: 'ok', statusCode: 200, providerRequestId: 'req_1' })
  const reading = openaiResponsesReader.readStream()
  const seen = sseSplitter()(record!.answer).flatMap((event) => [...reading.step(event)])
  const { usage: read, complete, observations } = reading.finish()
  expect([...seen, ...observations].map(({ kind, text }) => [kind, text])).toEqual([['text', 'Hi.']])
  expect(complete).toBe(true)
  expect(read).toMatchObject({ input: 12, output: 3 })
  expect(bridge.recorder.violations).toEqual([])
})

test('nothing reaches the provider before its start is on record, nor the client the end before that is', async () => {
  await using upstream = await startSocketUpstream(answering)
  await using bridge = await bridgeTo(upstream)
  const steps: string[] = []
  using client = await connect(bridge)
  bridge.recorder.before = (step) => {
    steps.push(`${step}: asked ${upstream.messages.length}, told ${client.told.length}`)
  }
  client.socket.send(ask())
  await client.hears(3)
  expect(steps[0]).toBe('begin: asked 0, told 0')
  expect(steps[1]).toMatch(/^end: asked 1, told [0-2]$/)
})

test('a start that cannot be recorded is not sent; an end that cannot be cuts the connection', async () => {
  await using upstream = await startSocketUpstream(answering)
  await using bridge = await bridgeTo(upstream)
  using client = await connect(bridge)
  bridge.recorder.before = (step) => {
    if (step === 'begin') throw new Error('the disk is full')
  }
  client.socket.send(ask())
  await client.hears(1)
  expect(JSON.parse(client.told[0]!)).toMatchObject({ type: 'error', status: 503 })
  expect(upstream.messages).toEqual([])

  bridge.recorder.before = (step) => {
    if (step === 'end') throw new Error('the disk is full')
  }
  client.socket.send(ask())
  expect(await client.closed).toBe(1006)
  expect(client.told.join()).not.toContain('response.completed')
})

test('two answers in a row over one connection are two records of one session', async () => {
  await using upstream = await startSocketUpstream(answering)
  await using bridge = await bridgeTo(upstream, {
    stored: { verdict: () => Promise.resolve('not_own'), note: () => Promise.resolve() },
  })
  using client = await connect(bridge)
  client.socket.send(ask({ generate: false }))
  await client.hears(3)
  const { id } = JSON.parse(client.told[2]!).response
  client.socket.send(ask({ previous_response_id: id }))
  await client.hears(6)
  const { records } = bridge.recorder
  expect(records.map(({ end }) => end?.outcome)).toEqual(['ok', 'ok'])
  expect(records[0]!.start.clientSessionId).not.toBeNull()
  expect(records[1]!.start.clientSessionId).toBe(records[0]!.start.clientSessionId)

  client.socket.send(ask({ previous_response_id: 'resp_of_another' }))
  await client.hears(7)
  expect(JSON.parse(client.told[6]!)).toMatchObject({ type: 'error', status: 400 })
  expect(upstream.messages).toHaveLength(2)
  expect(records[2]!.end).toMatchObject({ outcome: 'refused', errorType: 'not_found' })
})

test('a second request before the end of the first is refused, and the first goes on', async () => {
  let answerer: WebSocket | null = null
  await using upstream = await startSocketUpstream((socket) => (answerer = socket))
  await using bridge = await bridgeTo(upstream)
  using client = await connect(bridge)
  client.socket.send(ask())
  client.socket.send(ask())
  await client.hears(1)
  expect(JSON.parse(client.told[0]!)).toMatchObject({ type: 'error', status: 400 })
  await upstream.asked(1)
  answering(answerer!)
  await client.hears(4)
  expect(upstream.messages).toHaveLength(1)
  await bridge.recorder.ended(1)
  expect(bridge.recorder.records[0]!.end!.outcome).toBe('ok')
})

test('what is no request for an answer, or hides what it is, goes nowhere', async () => {
  await using upstream = await startSocketUpstream(answering)
  await using bridge = await bridgeTo(upstream)
  using client = await connect(bridge)
  const odd = [
    '{"type":"session.update"}',
    '{"type":"response.cancel","type":"response.create"}',
    'no JSON',
    '{"type":"response.cancel"}',
  ]
  for (const message of odd) client.socket.send(message)
  client.socket.send(Buffer.from(ask()), { binary: true })
  await client.hears(4)
  expect(client.told.map((text) => JSON.parse(text).status)).toEqual([400, 400, 400, 400])
  expect(upstream.messages).toEqual([])
  expect(bridge.recorder.records).toEqual([])
})

test('a refusal from outside is told with each request, and is on record', async () => {
  await using upstream = await startSocketUpstream(answering)
  await using bridge = await bridgeTo(upstream, { refuse: { reason: 'forbidden', message: 'Not today.' } })
  using client = await connect(bridge)
  client.socket.send(ask())
  await client.hears(1)
  expect(JSON.parse(client.told[0]!)).toMatchObject({ type: 'error', status: 400, error: { message: 'Not today.' } })
  expect(bridge.recorder.records[0]!.end).toMatchObject({ outcome: 'refused', errorMessage: 'Not today.' })
  expect(upstream.messages).toEqual([])
})

test('messages in fragments, compressed ones and pings are put up with', async () => {
  await using upstream = await startSocketUpstream(answering)
  await using bridge = await bridgeTo(upstream)
  using client = await connect(bridge, { perMessageDeflate: { threshold: 0 } })
  expect(client.socket.extensions).toContain('permessage-deflate')
  const big = ask({ instructions: 'x'.repeat(100_000) })
  client.socket.send(big.slice(0, 10), { fin: false })
  const pong = once(client.socket, 'pong')
  client.socket.ping()
  await pong
  client.socket.send(big.slice(10), { fin: true })
  await client.hears(3)
  expect(upstream.messages).toEqual([big])
})

test('a message that is too long closes the connection, also one that is so only when it is unpacked', async () => {
  await using upstream = await startSocketUpstream(answering)
  await using bridge = await bridgeTo(upstream, { limits: { bodyBytes: 10_000 } })
  using client = await connect(bridge, { perMessageDeflate: { threshold: 0 } })
  client.socket.send(ask({ instructions: 'x'.repeat(20_000) }))
  expect(await client.closed).toBe(1009)
  await upstream.closed(1)
  expect(upstream.messages).toEqual([])
})

test('a provider that goes away in the middle of an answer is told of, and the record says so', async () => {
  await using upstream = await startSocketUpstream((socket) => {
    socket.send(created('resp_cut'), () => socket.terminate())
  })
  await using bridge = await bridgeTo(upstream)
  using client = await connect(bridge)
  client.socket.send(ask())
  await client.hears(2)
  expect(JSON.parse(client.told[1]!)).toMatchObject({ type: 'error', status: 502 })
  expect(await client.closed).toBe(1011)
  expect(bridge.recorder.records[0]!.end).toMatchObject({ outcome: 'upstream_aborted', errorType: 'upstream_closed' })
})

test('an error of the provider ends the answer, reaches the client as it came, and shows none of our keys', async () => {
  const error = {
    type: 'error',
    status: 429,
    error: { code: 'rate_limit_exceeded', message: `no more for ${providerKey}` },
  }
  await using upstream = await startSocketUpstream((socket) => socket.send(JSON.stringify(error)))
  await using bridge = await bridgeTo(upstream)
  using client = await connect(bridge)
  client.socket.send(ask())
  await client.hears(1)
  expect(client.told[0]).not.toContain(providerKey)
  expect(JSON.parse(client.told[0]!)).toMatchObject({ type: 'error', status: 429 })
  expect(bridge.recorder.records[0]!.end).toMatchObject({
    outcome: 'upstream_error',
    statusCode: 429,
    errorType: 'rate_limit_exceeded',
  })
})

test('a client that goes in the middle leaves a record with what was really used', async () => {
  await using upstream = await startSocketUpstream((socket) => socket.send(created('resp_left')))
  await using bridge = await bridgeTo(upstream)
  const client = await connect(bridge)
  client.socket.send(ask())
  await client.hears(1)
  client.socket.terminate()
  await bridge.closed(1)
  upstream.sockets[0]!.send(completed('resp_left'))
  await upstream.closed(1)
  const [record] = bridge.recorder.records
  expect(record!.answer.toString()).toContain('"output_tokens":3')
  expect(record!.end!.outcome).toBe('client_disconnected')
})

test('a provider that falls silent is not waited for for ever', async () => {
  await using upstream = await startSocketUpstream((socket) => socket.send(created('resp_silent')))
  await using bridge = await bridgeTo(upstream, { limits: { idleMs: 50 } })
  using client = await connect(bridge)
  client.socket.send(ask())
  await client.hears(2)
  expect(JSON.parse(client.told[1]!)).toMatchObject({ type: 'error', status: 504 })
  await client.closed
  await upstream.closed(1)
  expect(bridge.recorder.records[0]!.end!.outcome).toBe('timeout')
})

test('a connection over which nothing is asked is closed, and so is one whose client does not answer', async () => {
  await using upstream = await startSocketUpstream(answering)
  await using idle = await bridgeTo(upstream, { limits: { socketIdleMs: 30 } })
  using first = await connect(idle)
  expect(await first.closed).toBe(1000)
  await using strict = await bridgeTo(upstream, { limits: { socketPingMs: 30 } })
  using second = await connect(strict, { autoPong: false })
  expect(await second.closed).toBe(1006)
  await upstream.closed(2)
})

test('where the provider takes no WebSocket the client is told to go on over HTTP', async () => {
  await using upstream = await startSocketUpstream(answering, { status: () => 404 })
  await using bridge = await bridgeTo(upstream)
  expect(await statusOf(bridge)).toBe(426)
  expect(await statusOf(bridge, '/v1/models')).toBe(426)
  await using full = await bridgeTo(upstream, { limits: { socketsOfOne: 0 } })
  expect(await statusOf(full)).toBe(426)
  expect(upstream.handshakes).toHaveLength(1)
})

test('a key that the provider refuses is followed by the next one', async () => {
  await using upstream = await startSocketUpstream(answering, {
    status: (req) => (req.headers.authorization === 'Bearer sk-first-one-refused' ? 401 : 101),
  })
  const key = (id: string, secret: string) => ({ id, secret: new Secret(secret), weight: 0 })
  await using bridge = await bridgeTo(upstream, {
    keys: [key('a', 'sk-first-one-refused'), key('b', 'sk-second-one-taken')],
  })
  using client = await connect(bridge)
  client.socket.send(ask())
  await client.hears(3)
  expect(upstream.handshakes.map((req) => req.headers.authorization)).toEqual([
    'Bearer sk-first-one-refused',
    'Bearer sk-second-one-taken',
  ])
})

test('closing lets an answer end, closes what is idle at once, and interrupts what takes too long', async () => {
  await using upstream = await startSocketUpstream((socket) => socket.send(created('resp_open')))
  await using bridge = await bridgeTo(upstream)
  using idle = await connect(bridge)
  using open = await connect(bridge)
  open.socket.send(ask())
  await open.hears(1)
  const closing = bridge.bridge.close({ graceMs: 50 })
  expect(await idle.closed).toBe(1012)
  await closing
  expect(await open.closed).toBe(1012)
  expect(JSON.parse(open.told[1]!)).toMatchObject({ type: 'error', status: 503 })
  expect(bridge.recorder.records[0]!.end!.outcome).toBe('interrupted')
})

test('a client that reads slowly makes the provider wait', async () => {
  const part = delta('x'.repeat(1_000_000))
  await using upstream = await startSocketUpstream((socket) => {
    for (let i = 0; i < 40; i++) socket.send(part)
    socket.send(completed('resp_big'))
  })
  await using bridge = await bridgeTo(upstream)
  using client = await connect(bridge)
  client.socket.pause()
  client.socket.send(ask())
  await upstream.asked(1)
  await expect.poll(() => upstream.sockets[0]!.bufferedAmount).toBeGreaterThan(10_000_000)
  expect(bridge.recorder.records[0]!.answer.length).toBeLessThan(30_000_000)
  client.socket.resume()
  await client.hears(41)
  expect(bridge.recorder.records[0]!.end!.outcome).toBe('ok')
})

test('requests over one connection are steps of their own in the trace of the client', async () => {
  await using upstream = await startSocketUpstream(answering)
  let made = 0
  const tracer: Tracer = {
    begin: ({ traceparent }) => ({
      traceId: String(traceparent).slice(3, 35),
      spanId: String(++made).padStart(16, '0'),
      parentSpanId: String(traceparent).slice(36, 52),
      state: null,
      sampled: true,
    }),
    passedOn: false,
  }
  await using bridge = await bridgeTo(upstream, { tracer })
  const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`
  using client = await connect(bridge, { headers: { authorization: `Bearer ${clientToken}`, traceparent } })
  client.socket.send(ask())
  await client.hears(3)
  client.socket.send(ask())
  await client.hears(6)
  await bridge.recorder.ended(2)
  const steps = bridge.recorder.records.map(({ start }) => start.trace)
  expect(steps).toMatchObject([
    { traceId: 'a'.repeat(32), parentSpanId: 'b'.repeat(16), spanId: '0000000000000001' },
    { traceId: 'a'.repeat(32), parentSpanId: 'b'.repeat(16), spanId: '0000000000000002' },
  ])
  expect(upstream.handshakes[0]?.headers).not.toHaveProperty('traceparent')
})
