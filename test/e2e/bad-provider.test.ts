import { connect } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { answerTurn, messageEvents, messageJson } from '../support/messages.ts'
import { residentBytes } from '../support/processes.ts'
import { allInterceptions, eventually, type Row } from '../support/record.ts'
import {
  body,
  chunk,
  eventStream,
  eventStreamHead,
  gzippedJson,
  head,
  json,
  providerError,
  redirect,
  send,
  wait,
} from '../support/replies.ts'
import { startServer } from '../support/server.ts'
import { startUpstream, type Step } from '../support/upstream.ts'
import { errorOf, providerKey, type Rig, startRig, turn } from './asking.ts'

let rig: Rig
beforeAll(async () => {
  rig = await startRig()
}, 120_000)
afterAll(() => rig?.[Symbol.asyncDispose]())
beforeEach(() => rig.next())

const recordOfThis = async (): Promise<Row> => (await rig.records())[0]

interface Case {
  readonly name: string
  readonly steps: () => readonly Step[]
  /** What the client sees: a status, or an answer that begins and never completes. */
  readonly status: number | 'cut'
  readonly outcome: string
}
const events = messageEvents(turn)
const half = events.slice(0, 3)
const cases: readonly Case[] = [
  {
    name: 'redirects',
    steps: () => redirect('http://169.254.169.254/latest/meta-data/'),
    status: 502,
    outcome: 'upstream_error',
  },
  { name: 'keeps silent', steps: () => [{ do: 'stall' }], status: 504, outcome: 'timeout' },
  {
    name: 'keeps silent after its headers',
    steps: () => [eventStreamHead(), { do: 'stall' }],
    status: 'cut',
    outcome: 'timeout',
  },
  {
    name: 'keeps silent in the middle',
    steps: () => [eventStreamHead(), ...half.map(chunk), { do: 'stall' }],
    status: 'cut',
    outcome: 'timeout',
  },
  { name: 'resets before it answers', steps: () => [{ do: 'reset' }], status: 502, outcome: 'upstream_error' },
  { name: 'closes before it answers', steps: () => [{ do: 'fin' }], status: 502, outcome: 'upstream_error' },
  {
    name: 'resets in the middle',
    steps: () => [eventStreamHead(), ...half.map(chunk), { do: 'reset' }],
    status: 'cut',
    outcome: 'upstream_aborted',
  },
  {
    name: 'closes in the middle of a chunk',
    steps: () => [eventStreamHead(), chunk(half[0]!), send('400\r\ndata'), { do: 'fin' }],
    status: 'cut',
    outcome: 'upstream_aborted',
  },
  {
    name: 'closes in the middle',
    steps: () => [eventStreamHead(), ...half.map(chunk), { do: 'fin' }],
    status: 'cut',
    outcome: 'upstream_aborted',
  },
  {
    name: 'ends without the terminal event',
    steps: () => eventStream(half),
    status: 'cut',
    outcome: 'upstream_aborted',
  },
  {
    name: 'claims to send more than it does',
    steps: () => [...json(messageJson(turn), { claimedLength: 100_000 }), { do: 'fin' }],
    status: 'cut',
    outcome: 'upstream_aborted',
  },
  {
    name: 'answers no HTTP',
    steps: () => [send('SSH-2.0-OpenSSH_9.2\r\n'), { do: 'fin' }],
    status: 502,
    outcome: 'upstream_error',
  },
  {
    name: 'sends an error within the stream',
    steps: () =>
      eventStream([
        ...half,
        'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n',
      ]),
    status: 200,
    outcome: 'upstream_error',
  },
  {
    name: 'is overloaded',
    steps: () => providerError(529, 'overloaded_error', 'Overloaded, come back later', { 'retry-after': '3' }),
    status: 529,
    outcome: 'upstream_error',
  },
  {
    name: 'sends a page of HTML',
    steps: () => body('<html>Bad gateway</html>', { status: 502, headers: { 'content-type': 'text/html' } }),
    status: 502,
    outcome: 'upstream_error',
  },
]

test.each(cases)(
  'a provider that $name ends in an answer and a truthful record',
  async ({ steps, status, outcome }) => {
    rig.upstream.answer(steps)
    const asked = rig.upstream.seen.length
    const answer = await rig.asking()
    if (status === 'cut') {
      expect(answer.status).toBe(200)
      // The client can tell: the connection broke, or an error event is the last thing that it got.
      const told = /event: error\ndata: \{"type":"error"/.test(answer.body.toString())
      expect(answer.complete && !told).toBe(false)
      expect(answer.body.toString()).not.toContain('message_stop')
    } else {
      expect(answer.status).toBe(status)
      if (/json/.test(answer.headers['content-type'] ?? '')) errorOf(answer)
    }
    expect(rig.upstream.seen.length - asked).toBe(1)
    const row = await recordOfThis()
    expect(row).toMatchObject({ outcome, status_code: answer.status })
    if (outcome !== 'ok') expect(row.error_type).toEqual(expect.any(String))
  },
)

test('a provider that cannot be reached is said to be', async () => {
  const gone = await startUpstream()
  await gone[Symbol.asyncDispose]()
  await using lonely = await startServer({
    env: { REEVE_AIBRIDGE_ANTHROPIC_BASE_URL: gone.url, REEVE_AIBRIDGE_ANTHROPIC_KEY: providerKey },
  })
  const url = `${lonely.url}/api/v2/aibridge/anthropic/v1/messages`
  const answer = await rig.asking({ url, headers: [['x-api-key', await lonely.gatewayToken()]] })
  expect(answer.status).toBe(502)
  expect(errorOf(answer).message).not.toMatch(/sk-ant/)
  const [row] = await eventually(
    () => allInterceptions(lonely),
    (rows) => rows.length === 1 && rows[0].outcome !== 'live',
  )
  expect(row).toMatchObject({ outcome: 'upstream_error', status_code: 502 })
})

test('headers that clients go by are kept, cookies are not, and an answer in gzip stays as it is', async () => {
  rig.upstream.answer(() =>
    providerError(429, 'rate_limit_error', 'Slow down, please', {
      'retry-after': '7',
      'request-id': 'req_9',
      'anthropic-ratelimit-requests-remaining': '0',
      'set-cookie': '__cf_bm=secret',
    }),
  )
  const limited = await rig.asking()
  expect(limited.status).toBe(429)
  expect(limited.headers).toMatchObject({
    'retry-after': '7',
    'request-id': 'req_9',
    'anthropic-ratelimit-requests-remaining': '0',
  })
  expect(limited.headers['set-cookie']).toBeUndefined()
  expect(await recordOfThis()).toMatchObject({ provider_request_id: 'req_9', error_type: 'rate_limit_error' })

  rig.next()
  rig.upstream.answer(() => gzippedJson(messageJson(turn)))
  const zipped = await rig.asking({ body: rig.question(false) })
  expect(zipped.status).toBe(200)
  expect(await recordOfThis()).toMatchObject({ outcome: 'ok', token_usage: { input_tokens: 9, output_tokens: 4 } })
})

test('interim answers are passed over', async () => {
  rig.upstream.answer((request) => [
    head(103, { link: '</style.css>; rel=preload' }),
    head(100),
    ...answerTurn(request, turn),
  ])
  const answer = await rig.asking()
  expect(answer.status).toBe(200)
  expect(answer.body.toString()).toBe(
    messageEvents(turn)
      .join('')
      .replaceAll(/msg_[0-9a-f]{18}/g, () => /msg_[0-9a-f]{18}/.exec(answer.body.toString())![0]),
  )
})

test('a client that hangs up ends the request to the provider, and the record says so', async () => {
  rig.upstream.answer(() => [
    eventStreamHead(),
    chunk(events[0]!),
    ...Array.from({ length: 200 }, () => [wait(50), chunk(': keep-alive\n\n')]).flat(),
  ])
  await rig.asking({ hangUpAfterBytes: 1 })
  const row = await recordOfThis()
  expect(row).toMatchObject({ outcome: 'client_disconnected', token_usage: { input_tokens: 9, source: 'partial' } })
})

/** Megabytes as fast as they are taken. */
const endless = (): readonly Step[] => {
  const delta = { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'x'.repeat(8_000) } }
  const line = `event: content_block_delta\ndata: ${JSON.stringify(delta)}\n\n`
  const bytes = Buffer.from(`${Buffer.byteLength(line).toString(16)}\r\n${line}\r\n`)
  return [eventStreamHead(), ...events.slice(0, 2).map(chunk), { do: 'forever', bytes }]
}
const megabyte = 1024 * 1024

test('clients that do not read make the provider wait and cost no memory', { timeout: 120_000 }, async () => {
  rig.upstream.answer(endless)
  const before = residentBytes(rig.server.pid())
  const sentBefore = rig.upstream.sentBytes()
  const text = rig.question()
  const sockets = Array.from({ length: 10 }, () => {
    const socket = connect(rig.server.port, '127.0.0.1')
    socket.on('error', () => {})
    const path = new URL(rig.endpoint).pathname
    socket.write(
      `POST ${path} HTTP/1.1\r\nHost: x\r\nx-api-key: ${rig.token}\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
    )
    return socket
  })
  let sent = -1
  const isStill = async (): Promise<boolean> => {
    const was = sent
    await pause(300)
    sent = rig.upstream.sentBytes() - sentBefore
    return sent === was && rig.upstream.connections.open >= 10
  }
  await eventually(isStill, (still) => still, 30_000)
  // What is on its way fills the kernel's buffers on both sides, and no more.
  expect(sent).toBeLessThan(10 * 16 * megabyte)
  expect(residentBytes(rig.server.pid()) - before).toBeLessThan(80 * megabyte)
  for (const socket of sockets) socket.destroy()
  for (const row of await rig.records(10)) expect(row.outcome).toBe('client_disconnected')
})

test('an answer that never ends costs no memory', { timeout: 120_000 }, async () => {
  rig.upstream.answer(endless)
  const before = residentBytes(rig.server.pid())
  let most = 0
  const look = setInterval(() => {
    most = Math.max(most, residentBytes(rig.server.pid()))
  }, 50)
  await rig.asking({ hangUpAfterBytes: 150 * megabyte })
  clearInterval(look)
  expect(most - before).toBeLessThan(160 * megabyte)
  expect(await recordOfThis()).toMatchObject({ outcome: 'client_disconnected' })
})

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

test('after all of this nothing is open and nothing is pending', () => rig.settled())
