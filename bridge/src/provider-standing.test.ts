import { once } from 'node:events'
import { manualClock, Secret } from '@reeve/base'
import { expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { defaultBreakerRules } from './breaker/breaker.ts'
import type { ProviderKey } from './pool/pool.ts'
import { anthropicProvider } from './providers/anthropic.ts'
import { createStanding } from './standing.ts'
import { messagesRequest, rawRequest, smallBody, startRawUpstream } from './testing/raw-http.ts'
import { startSocketUpstream } from './testing/socket-upstream.ts'
import { startBridge } from './testing/start-bridge.ts'

const keyOf = (id: string): ProviderKey => ({ id, weight: 0, secret: new Secret(`sk-secret-of-${id}`) })
const keys = [keyOf('ada'), keyOf('bob'), keyOf('eve')] as const
const [ada, bob, eve] = keys
const corp = anthropicProvider({ name: 'corp', baseUrl: 'https://models.example.com', keys, settings: undefined })
const other = { ...corp, name: 'corp-2', keys: [] }

const begun = '2026-03-01T03:00:00.000Z'
const later = (seconds: number): Date => new Date(new Date(begun).getTime() + seconds * 1_000)

const ok = { outcome: 'ok', statusCode: 200 } as const
const failed = { outcome: 'upstream_error', statusCode: 500 } as const

function room() {
  const clock = manualClock(begun)
  const standing = createStanding({ clock, observe() {} })
  const fail = (model: string): void => {
    for (let i = 0; i < defaultBreakerRules.failures; i++) {
      expect(standing.admit(corp, model, true)).toBeNull()
      standing.ended(corp, model, { outcome: 'timeout', statusCode: null })
    }
  }
  return { clock, standing, fail, told: () => standing.tell([corp])[0]! }
}

test('of a provider that nobody asked every key is told, and nothing else', () => {
  const { standing } = room()
  const key = (id: string) => ({ id, usedAt: null, rests: [] })
  expect(standing.tell([corp, other])).toEqual([
    { name: 'corp', requests: 0, keys: keys.map(({ id }) => key(id)), models: [], leftOut: 0 },
    { name: 'corp-2', requests: 0, keys: [], models: [], leftOut: 0 },
  ])
})

test('a key is told with when it was used last, with which models it rests and until when', () => {
  const { clock, standing, told } = room()
  expect(standing.takeKey(corp, 'opus', [])).toBe(ada)
  standing.noteStatus(corp, 'opus', ada, { status: 429, retryAfterMs: 40_000 })
  clock.advance(5_000)
  expect(standing.takeKey(corp, 'opus', ['ada'])).toBe(bob)
  standing.noteStatus(corp, 'opus', bob, { status: 429, retryAfterMs: null })
  standing.noteStatus(corp, '', eve, { status: 401, retryAfterMs: null })
  standing.noteStatus(corp, 'haiku', ada, { status: 401, retryAfterMs: null })
  clock.advance(1_000)
  expect(told().keys).toEqual([
    {
      id: 'ada',
      usedAt: later(0),
      rests: [
        { model: 'haiku', state: 'refused', until: later(305) },
        { model: 'opus', state: 'limited', until: later(40) },
      ],
    },
    { id: 'bob', usedAt: later(5), rests: [{ model: 'opus', state: 'busy', until: later(65) }] },
    { id: 'eve', usedAt: null, rests: [{ model: '', state: 'refused', until: later(305) }] },
  ])
  clock.advance(40_000)
  expect(told().keys[0]?.rests).toEqual([{ model: 'haiku', state: 'refused', until: later(305) }])
})

test('a breaker is open until its time is over, then half open until its model answers again', () => {
  const { clock, standing, fail, told } = room()
  fail('opus')
  expect(told().models).toEqual([{ model: 'opus', state: 'open', until: later(30) }])
  clock.advance(30_000)
  expect(told().models).toEqual([{ model: 'opus', state: 'half_open', until: null }])
  for (let i = 0; i < defaultBreakerRules.probes; i++) {
    expect(standing.admit(corp, 'opus', true)).toBeNull()
    if (i === 0) fail('haiku')
    expect(told().models.map(({ state }) => state)).toEqual(['open', 'half_open'])
    standing.ended(corp, 'opus', ok)
  }
  expect(told().models).toEqual([{ model: 'haiku', state: 'open', until: later(60) }])
})

test('what is under way is counted for each provider by itself, and never less than nothing', () => {
  const { standing } = room()
  const counts = () => standing.tell([corp, other]).map(({ requests }) => requests)
  standing.asked(corp)
  standing.asked(corp)
  standing.asked(other)
  expect(counts()).toEqual([2, 1])
  for (let i = 0; i < 3; i++) standing.ended(corp, 'opus', ok)
  expect(counts()).toEqual([0, 1])
})

test('clients that make up models make it no longer than it may be, and what is left out is counted', () => {
  const { standing, fail, told } = room()
  for (let i = 0; i < 60; i++) standing.noteStatus(corp, `limited-${i}`, ada, { status: 429, retryAfterMs: 60_000 })
  standing.noteStatus(corp, 'opus', ada, { status: 401, retryAfterMs: null })
  fail('haiku')
  const { keys: reported, models, leftOut } = told()
  expect(models).toHaveLength(1)
  expect(reported[0]?.rests).toHaveLength(49)
  // The worst are told first.
  expect(reported[0]?.rests[0]).toMatchObject({ model: 'opus', state: 'refused' })
  expect(leftOut).toBe(12)
  const many = standing.tell(Array.from({ length: 5 }, () => corp))
  expect(many.map((one) => one.leftOut)).toEqual([12, 12, 12, 12, 62])
})

/** More than are remembered of a provider. */
const inventedMax = 3_000
const invent = (ask: (model: string, index: number) => void): void => {
  for (let i = 0; i < inventedMax; i++) ask(`invented-${i}`, i)
}

test('models that clients make up push out nothing that is known', () => {
  const { standing, fail, told } = room()
  const weighted = { ...corp, name: 'shared', keys: keys.map((key) => ({ ...key, weight: 1 })) }
  for (const one of [corp, weighted]) standing.noteStatus(one, 'opus', ada, { status: 429, retryAfterMs: 3_600_000 })
  fail('haiku')
  standing.takeKey(corp, 'opus', [])
  const before = told()
  for (const one of [corp, weighted, other]) {
    invent((model, i) => {
      expect(standing.admit(one, model, true)).toBeNull()
      standing.asked(one)
      const key = standing.takeKey(one, model, [])
      if (key !== null) standing.noteStatus(one, model, key, { status: 404, retryAfterMs: null })
      standing.ended(one, model, i % 2 === 0 ? { outcome: 'upstream_error', statusCode: 404 } : failed)
    })
  }
  expect(told().keys.map(({ rests }) => rests)).toEqual(before.keys.map(({ rests }) => rests))
  expect(told().models).toEqual(before.models)
  expect(standing.countKeys(weighted)).toEqual({ usable: 2, busy: 0, limited: 1, refused: 0 })
  expect(standing.admit(corp, 'haiku', true)).toMatchObject({ reason: 'unavailable' })
})

test('nor do those that a provider limits or fails at, and their number has an end', () => {
  const { clock, standing, fail, told } = room()
  const limit = (model: string, ofKeys = keys.slice(0, 1)): void => {
    for (const key of ofKeys) standing.noteStatus(corp, model, key, { status: 429, retryAfterMs: 20_000 })
  }
  limit('opus', [...keys])
  fail('haiku')
  invent((model) => {
    limit(model)
    fail(model)
  })
  expect(standing.admit(corp, 'opus', true)).toMatchObject({ reason: 'throttled' })
  expect(standing.admit(corp, 'haiku', true)).toMatchObject({ reason: 'unavailable' })
  const { models, leftOut, keys: reported } = told()
  expect(models.length + reported.reduce((sum, { rests }) => sum + rests.length, 0) + leftOut).toBeLessThan(inventedMax)
  // What is over makes room for what comes.
  clock.advance(30_000)
  limit('sonnet', [...keys])
  fail('fable')
  expect(standing.admit(corp, 'sonnet', true)).toMatchObject({ reason: 'throttled' })
  expect(standing.admit(corp, 'fable', true)).toMatchObject({ reason: 'unavailable' })
})

test('what is known of a key stays when it gets another beside it', () => {
  const { standing } = room()
  standing.takeKey(corp, 'opus', [])
  standing.noteStatus(corp, 'opus', ada, { status: 429, retryAfterMs: 40_000 })
  const renewed = { ...corp, keys: [ada, keyOf('new')] }
  expect(standing.takeKey(renewed, 'opus', [])?.id).toBe('new')
  const [first, second] = standing.tell([renewed])[0]!.keys
  expect(first).toMatchObject({ usedAt: later(0), rests: [{ model: 'opus', state: 'limited' }] })
  expect(second).toMatchObject({ usedAt: later(0), rests: [] })
})

test('a model is told as text that any database keeps', () => {
  const { fail, told } = room()
  fail(`op\u0000us\n${'x'.repeat(95)}\u{1f600}`)
  fail('\ud800')
  for (const { model } of told().models) {
    expect(model.length).toBeLessThanOrEqual(100)
    expect(model).toBe(model.toWellFormed())
    expect(model).not.toMatch(/[\u0000\n]/)
  }
})

test('no secret is told, nor a part of one', () => {
  const { standing, told } = room()
  for (const key of keys) standing.noteStatus(corp, 'opus', key, { status: 401, retryAfterMs: null })
  expect(JSON.stringify(told())).not.toContain('secret')
})

test('a request is under way at its provider from when it is asked until its answer is complete', async () => {
  const { promise: mayAnswer, resolve: answer } = Promise.withResolvers<void>()
  await using upstream = await startRawUpstream((socket) => {
    void mayAnswer.then(() => {
      const body = '{"id":"msg_1","type":"message"}'
      socket.write(`HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
    })
    asked()
  })
  const { promise: isAsked, resolve: asked } = Promise.withResolvers<void>()
  await using reeve = await startBridge(upstream.url, { keys: [ada] })
  const requests = () => reeve.bridge.standings().map(({ name, requests: count }) => [name, count])
  expect(requests()).toEqual([['anthropic', 0]])
  const got = rawRequest(reeve.port, messagesRequest(smallBody))
  await isAsked
  expect(requests()).toEqual([['anthropic', 1]])
  expect(reeve.bridge.standings()[0]?.keys).toMatchObject([{ id: 'ada', usedAt: expect.any(Date) }])
  answer()
  expect((await got).head).toMatch(/200/)
  await vi.waitFor(() => expect(requests()).toEqual([['anthropic', 0]]), 60_000)
})

test('over a WebSocket what is asked counts, and not the connection', async () => {
  const sockets: WebSocket[] = []
  await using upstream = await startSocketUpstream((socket) => sockets.push(socket))
  await using reeve = await startBridge(upstream.url, { provider: 'openai' })
  const client = new WebSocket(`ws://127.0.0.1:${reeve.port}/v1/responses`)
  await once(client, 'open')
  const requests = () => reeve.bridge.standings()[0]?.requests
  expect([reeve.bridge.sockets, requests()]).toEqual([1, 0])
  client.send('{"type":"response.create","model":"gpt-5.5","input":"Hello"}')
  await vi.waitFor(() => expect([sockets.length, requests()]).toEqual([1, 1]), 60_000)
  sockets[0]?.send('{"type":"response.completed","response":{"id":"resp_1","status":"completed","output":[]}}')
  await vi.waitFor(() => expect([reeve.bridge.sockets, requests()]).toEqual([1, 0]), 60_000)
  client.terminate()
})
