import { createServer } from 'node:net'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { attemptSpanId, Secret } from '@reeve/base'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ProviderKey } from './pool/pool.ts'
import { listening, messagesRequest, rawRequest, smallBody, startRawUpstream } from './testing/raw-http.ts'
import { startBridge } from './testing/start-bridge.ts'

const keyOf = (name: string, weight = 0): ProviderKey => ({ id: name, weight, secret: new Secret(`sk-key-of-${name}`) })
const keys = [keyOf('ada'), keyOf('bob'), keyOf('eve')]

/** The key that a request was asked with. */
const keyIn = (request: string): string => /x-api-key: sk-key-of-(\w+)/.exec(request)?.[1] ?? 'none'

const answer = (socket: Socket, status: number, body: string, head = ''): void =>
  void socket.write(
    `HTTP/1.1 ${status} X\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${head}\r\n${body}`,
  )
const good = (socket: Socket): void => answer(socket, 200, '{"id":"msg_1","type":"message"}')
const errorBody = (type: string): string => JSON.stringify({ type: 'error', error: { type, message: 'no' } })

/** A provider that treats each key as told, and a bridge in front of it. */
async function withKeys(
  treat: (socket: Socket, key: string, times: number) => void,
  given: readonly ProviderKey[] = keys,
) {
  const times = new Map<string, number>()
  const upstream = await startRawUpstream((socket, request) => {
    const key = keyIn(request)
    const before = times.get(key) ?? 0
    times.set(key, before + 1)
    treat(socket, key, before)
  })
  const reeve = await startBridge(upstream.url, { keys: given })
  return {
    upstream,
    reeve,
    ask: (body = smallBody) => rawRequest(reeve.port, messagesRequest(body)),
    asked: () => upstream.received.map(keyIn),
    async [Symbol.asyncDispose]() {
      await reeve[Symbol.asyncDispose]()
      await upstream[Symbol.asyncDispose]()
    },
  }
}

test('a key that is limited, refused or forbidden is followed by the next, and the client hears of nothing', async () => {
  for (const [status, reason] of [
    [429, 'key_limited'],
    [401, 'key_refused'],
    [403, 'key_refused'],
  ] as const) {
    await using run = await withKeys((socket, key) =>
      key === 'ada' ? answer(socket, status, errorBody('x'), 'Retry-After: 60\r\n') : good(socket),
    )
    const got = await run.ask()
    expect([got.head.split('\r\n')[0], got.body]).toEqual(['HTTP/1.1 200 OK', '{"id":"msg_1","type":"message"}'])
    await run.reeve.recorder.ended(1)
    const [record] = run.reeve.recorder.records
    expect(record?.end).toMatchObject({
      outcome: 'ok',
      attempts: [
        { credentialHint: keys[0]?.secret.hint(), statusCode: status, errorType: reason },
        { credentialHint: keys[1]?.secret.hint(), statusCode: 200, errorType: null },
      ],
    })
    expect(record?.answer.toString()).toBe('{"id":"msg_1","type":"message"}')
    expect(run.reeve.events).toContainEqual({ kind: 'retried', providerName: 'anthropic', reason })
    const rests = run.reeve.events.flatMap((event) => (event.kind === 'key_rests' ? [event.reason] : []))
    // What is forbidden says nothing about the key.
    expect(rests).toEqual({ 429: ['limited'], 401: ['refused'], 403: [] }[status])
    const none = { usable: 2, busy: 0, limited: 0, refused: 0 }
    const counts = { 429: { ...none, limited: 1 }, 401: { ...none, refused: 1 }, 403: { ...none, usable: 3 } }[status]
    expect(run.reeve.bridge.countKeys().get('anthropic')).toEqual(counts)
  }
})

test('a body of any size goes out whole with each key', async () => {
  const large = smallBody.replace('hello', 'x'.repeat(300_000))
  await using run = await withKeys((socket, key) =>
    key === 'eve' ? good(socket) : answer(socket, 429, errorBody('rate_limit_error')),
  )
  expect((await run.ask(large)).head).toContain('200')
  expect(run.asked()).toEqual(['ada', 'bob', 'eve'])
  for (const request of run.upstream.received) expect(request.endsWith(large)).toBe(true)
})

test('the last key’s own answer is the client’s, with what the provider says about asking again', async () => {
  await using run = await withKeys((socket) => answer(socket, 429, errorBody('rate_limit_error'), 'Retry-After: 7\r\n'))
  const got = await run.ask()
  expect(got.head).toMatch(/429/)
  expect(got.head).toMatch(/retry-after: 7/i)
  expect(got.body).toBe(errorBody('rate_limit_error'))
  const second = await run.ask()
  expect(run.asked()).toEqual(['ada', 'bob', 'eve'])
  expect(second.head).toMatch(/429/)
  expect(second.head).toMatch(/retry-after: 7/i)
  expect(second.body).toMatch(/limits all of its keys/)
  await run.reeve.recorder.ended(2)
  expect(run.reeve.recorder.records[1]?.end).toMatchObject({ outcome: 'refused', statusCode: 429, attempts: [] })
})

test('another model is not kept waiting by the limit of one', async () => {
  await using run = await withKeys((socket, _, times) =>
    times === 0 ? answer(socket, 429, errorBody('rate_limit_error'), 'Retry-After: 60\r\n') : good(socket),
  )
  await run.ask()
  expect((await run.ask()).head).toMatch(/429/)
  expect((await run.ask(smallBody.replace('claude-test', 'claude-other'))).head).toMatch(/200/)
})

test('when the provider takes no key any more the client is told whom to tell, and does not ask for minutes', async () => {
  await using run = await withKeys((socket) => answer(socket, 401, errorBody('authentication_error')))
  await run.ask()
  const got = await run.ask()
  expect(got.head).toMatch(/403/)
  expect(got.head).toMatch(/x-should-retry: false/i)
  expect(got.body).toMatch(/An administrator has to give it a new one/)
  expect(run.asked()).toHaveLength(3)
})

test('weights share the requests out', async () => {
  await using run = await withKeys(good, [keyOf('ada', 3), keyOf('bob', 1)])
  for (let i = 0; i < 8; i++) await run.ask()
  expect(run.asked().filter((key) => key === 'ada')).toHaveLength(6)
})

test('a connection that cannot be made is tried once more; nothing else is asked twice', async () => {
  const gone = createServer()
  const port = await listening(gone)
  gone.close()
  await once(gone, 'close')
  await using reeve = await startBridge(`http://127.0.0.1:${port}`, { keys: [keyOf('ada')] })
  expect((await rawRequest(reeve.port, messagesRequest(smallBody))).head).toMatch(/502/)
  await reeve.recorder.ended(1)
  expect(reeve.recorder.records[0]?.end?.attempts).toMatchObject([
    { statusCode: null, errorType: 'upstream_unreachable' },
    { statusCode: null, errorType: 'upstream_unreachable' },
  ])
  for (const treat of [
    (socket: Socket) => answer(socket, 500, errorBody('api_error')),
    (socket: Socket) => answer(socket, 529, errorBody('overloaded_error')),
    (socket: Socket) => socket.destroy(),
    (socket: Socket) => answer(socket, 400, errorBody('invalid_request_error')),
  ]) {
    await using run = await withKeys(treat)
    await run.ask()
    expect(run.asked()).toEqual(['ada'])
  }
})

test('a provider that fails again and again is left alone, per model, and a bad request of one client does not do that', async () => {
  await using run = await withKeys((socket) => answer(socket, 500, errorBody('api_error')))
  for (let i = 0; i < 5; i++) await run.ask()
  const got = await run.ask()
  expect(got.head).toMatch(/503/)
  expect(got.head).toMatch(/retry-after: 30/i)
  expect(got.body).toMatch(/has failed again and again/)
  expect(run.asked()).toHaveLength(5)
  await run.ask(smallBody.replace('claude-test', 'claude-other'))
  expect(run.asked()).toHaveLength(6)
  const about = { providerName: 'anthropic' }
  expect(run.reeve.events).toContainEqual({ kind: 'breaker', ...about, from: 'closed', state: 'open' })
  expect(run.reeve.events).toContainEqual({ kind: 'unasked', ...about, reason: 'broken' })

  await using careless = await withKeys((socket) => answer(socket, 400, errorBody('invalid_request_error')))
  for (let i = 0; i < 7; i++) expect((await careless.ask()).head).toMatch(/400/)
})

test('whatever each key is answered, the client gets one answer, and no key is asked twice for it', async () => {
  const status = fc.constantFrom(200, 400, 401, 403, 404, 429, 500, 529)
  await fc.assert(
    fc.asyncProperty(fc.array(status, { minLength: 3, maxLength: 3 }), async (statuses) => {
      const byKey = new Map(keys.map(({ id }, i) => [id, statuses[i]!]))
      await using run = await withKeys((socket, key) => answer(socket, byKey.get(key) ?? 500, errorBody(key)))
      const got = await run.ask()
      await run.reeve.recorder.ended(1)
      const last = statuses.findIndex((one) => ![401, 403, 429].includes(one))
      const count = last === -1 ? 3 : last + 1
      expect(run.asked()).toEqual(keys.slice(0, count).map(({ id }) => id))
      expect(got.body).toBe(errorBody(keys[count - 1]!.id))
      expect(run.reeve.recorder.violations).toEqual([])
      const { attempts = [] } = run.reeve.recorder.records[0]?.end ?? {}
      expect(attempts.map(({ statusCode }) => statusCode)).toEqual(statuses.slice(0, count))
    }),
    { numRuns: 40 },
  )
})

test('each attempt tells its key’s provider of a step of its own in the trace, where a provider is told of it', async () => {
  const trace = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), parentSpanId: null, state: null, sampled: true }
  const upstream = await startRawUpstream((socket, request) =>
    keyIn(request) === 'ada' ? answer(socket, 429, errorBody('x')) : good(socket),
  )
  await using _ = upstream
  for (const passedOn of [true, false]) {
    await using reeve = await startBridge(upstream.url, { keys, tracer: { begin: () => trace, passedOn } })
    await rawRequest(reeve.port, messagesRequest(smallBody))
    await reeve.recorder.ended(1)
    expect(reeve.recorder.records[0]?.start.trace).toEqual(trace)
  }
  const told = upstream.received.map((request) => /^traceparent: (.*)$/im.exec(request)?.[1] ?? null)
  const parents = [0, 1].map((attempt) => `00-${trace.traceId}-${attemptSpanId(trace.spanId, attempt)}-01`)
  expect(told).toEqual([...parents, null, null])
})
