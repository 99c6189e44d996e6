import { once } from 'node:events'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { providerKey, type Rig, startRig, turn } from '../e2e/asking.ts'
import { ask } from '../support/client.ts'
import { answerTurn, messageEvents } from '../support/messages.ts'
import { chunk, eventStreamHead, wait } from '../support/replies.ts'
import { exchange, open, request, said, statusesOf } from './raw.ts'

/** Groups H and S: connections that lie, dawdle, come in crowds or go half. */
let rig: Rig
const path = '/api/v2/aibridge/anthropic/v1/messages'
beforeAll(async () => {
  rig = await startRig()
})
afterAll(() => rig?.[Symbol.asyncDispose]())
beforeEach(() => {
  rig.next()
  rig.upstream.answer((seen) => answerTurn(seen, turn))
})
const mine = (): [string, string][] => [['x-api-key', rig.token]]

test('H2 of requests in one packet each is let in by its own token', async () => {
  const { json } = await rig.server.api('POST', '/api/v2/users/me/keys/tokens', { scope: 'gateway' })
  await rig.server.api('DELETE', `/api/v2/users/me/keys/${json.id}`)
  const before = rig.upstream.seen.length
  const body = rig.question()
  const answer = await exchange(
    rig.server.port,
    Buffer.concat([
      request({ path, headers: mine(), body, close: false }),
      request({ path, headers: [['x-api-key', json.key]], body, close: false }),
      request({ path, headers: [], body, close: false }),
      request({ path, headers: mine(), body }),
    ]),
  )
  expect(statusesOf(answer)).toEqual(['200', '401', '401', '200'])
  expect(rig.upstream.seen.length - before).toBe(2)
})

test('H7 a length that is not the body’s is told, and nothing goes to the provider', async () => {
  const before = rig.upstream.seen.length
  const body = rig.question()
  const withLength = (length: number): Buffer =>
    Buffer.from(
      request({ path, headers: mine(), body })
        .toString()
        .replace(/Content-Length: \d+/, `Content-Length: ${length}`),
    )
  // Shorter: what is left over is no request.
  expect(statusesOf(await exchange(rig.server.port, withLength(body.length - 10)))).toEqual(['400'])
  // Longer, and then no more comes.
  const longer = open(rig.server.port, withLength(body.length + 10))
  longer.end()
  expect(statusesOf(await said(longer)).filter((status) => status.startsWith('2'))).toEqual([])
  expect(rig.upstream.seen).toHaveLength(before)
})

test('H8 a body in a hundred thousand pieces arrives as one', async () => {
  const text = 'x'.repeat(100_000)
  const body = JSON.stringify({ model: 'm', max_tokens: 9, messages: [{ role: 'user', content: text }] })
  const pieces = Array.from(body, (char) => `1\r\n${char}\r\n`).join('')
  const head = ['POST', path, 'HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n']
  const answer = await exchange(
    rig.server.port,
    `${head.join(' ')}x-api-key: ${rig.token}\r\nTransfer-Encoding: chunked\r\n\r\n${pieces}0\r\n\r\n`,
  )
  expect(statusesOf(answer)).toEqual(['200'])
  expect(rig.upstream.seen.at(-1)!.body.toString()).toBe(body)
})

test('H4 H14 crowds that say nothing, or a byte now and then, keep nobody out', async () => {
  const silent = Array.from({ length: 1_000 }, () => open(rig.server.port))
  const slow = Array.from({ length: 500 }, () =>
    open(rig.server.port, `POST ${path} HTTP/1.1\r\nHost: localhost\r\nx-api-key: ${rig.token}\r\nContent-Le`).resume(),
  )
  const drip = setInterval(() => {
    for (const socket of slow) if (socket.writable) socket.write('n')
  }, 1_000)
  try {
    expect((await ask(`${rig.server.url}/healthz`)).status).toBe(200)
    expect((await rig.asking()).status).toBe(200)
    // The listener gives headers ten seconds, however busily they dawdle.
    await Promise.all(slow.map((socket) => (socket.destroyed ? null : once(socket, 'close'))))
    expect((await rig.asking()).status).toBe(200)
  } finally {
    clearInterval(drip)
    for (const socket of [...silent, ...slow]) socket.destroy()
  }
})

test('H9 H10 what reaches through to another protocol is refused on the bridge, too', async () => {
  for (const [first, expected] of [
    [`CONNECT provider.example:443 HTTP/1.1\r\nHost: localhost`, /^(?:|4\d\d)$/],
    [`TRACE ${path} HTTP/1.1\r\nHost: localhost`, /^40[05]$/],
    [`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: h2c`, /^426$/],
    ['PRI * HTTP/2.0', /^400$/],
  ] as const) {
    const answer = await exchange(rig.server.port, `${first}\r\nx-api-key: ${rig.token}\r\nConnection: close\r\n\r\n`)
    expect(statusesOf(answer)[0] ?? '', first).toMatch(expected)
    expect(answer).not.toContain(rig.token)
  }
})

test('H15 a client that says no more and still listens gets its answer, and its record ends', async () => {
  rig.upstream.answer(() => [
    eventStreamHead(),
    ...messageEvents(turn).flatMap((event) => [wait(20), chunk(event)]),
    chunk(''),
  ])
  const socket = open(rig.server.port, request({ path, headers: mine(), body: rig.question() }))
  socket.end()
  await said(socket)
  const [row] = await rig.records()
  expect(['ok', 'client_disconnected']).toContain(row.outcome)
  expect(row.ended_at).toEqual(expect.any(String))
})

test('S7 a second signal ends the server at once, and what was open has an end on record', async () => {
  await using own = await startRig()
  own.next()
  own.upstream.answer(() => [eventStreamHead(), chunk(messageEvents(turn)[0]!), { do: 'stall' }])
  const answer = own.asking()
  await own.upstream.arrived(1)
  const pid = own.server.pid()
  const stopped = own.server.stop()
  // It waits for the answer now; whoever is asked again does not.
  await expect.poll(() => own.server.output()).toMatch(/stopping/)
  process.kill(pid, 'SIGTERM')
  expect(await stopped).toBe(0)
  expect((await answer).complete).toBe(false)
  await own.server.start()
  const [row] = await own.records()
  expect(row.outcome).toBe('interrupted')
})

test('L2 a provider that repeats our key is not believed to mean it', async () => {
  rig.upstream.answer(() => [
    eventStreamHead({ 'x-echo': providerKey }),
    chunk(`: ${providerKey}\n\n`),
    ...messageEvents(turn).map(chunk),
    chunk(''),
  ])
  const answer = await rig.asking()
  expect(JSON.stringify(answer.headers) + answer.body.toString()).not.toContain(providerKey)
})

test('after all of this nothing is open and nothing is pending', () => rig.settled())
