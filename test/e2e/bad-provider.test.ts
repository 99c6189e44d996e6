import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { answerTurn, messageEvents, messageJson } from '../support/messages.ts'
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
} from '../support/replies.ts'
import { startServer } from '../support/server.ts'
import { startUpstream, type Step } from '../support/upstream.ts'
import { errorOf, providerKey, type Rig, startRig, turn } from './asking.ts'

let rig: Rig
beforeAll(async () => {
  rig = await startRig({ patience: '700ms' })
})
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
  { name: 'resets before it answers', steps: () => [{ do: 'reset' }], status: 502, outcome: 'upstream_aborted' },
  { name: 'closes before it answers', steps: () => [{ do: 'fin' }], status: 502, outcome: 'upstream_aborted' },
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
    status: 502,
    outcome: 'upstream_aborted',
  },
  {
    name: 'answers no HTTP',
    steps: () => [send('SSH-2.0-OpenSSH_9.2\r\n'), { do: 'fin' }],
    status: 502,
    outcome: 'upstream_aborted',
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
  expect(row).toMatchObject({ outcome: 'upstream_aborted', status_code: 502 })
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

  // Asked for `identity`, a provider may compress all the same: then the bytes are the client's to read, and only its.
  rig.next()
  rig.upstream.answer(() => gzippedJson(messageJson(turn)))
  const zipped = await rig.asking({ body: rig.question(false) })
  expect(rig.upstream.seen.at(-1)!.header('accept-encoding')).toEqual(['identity'])
  expect(zipped.headers['content-encoding']).toBe('gzip')
  expect(JSON.parse(gunzipSync(zipped.body).toString())).toMatchObject({ usage: turn.usage })
  expect(await recordOfThis()).toMatchObject({ outcome: 'ok', token_usage: { source: 'none' } })
})

test('interim answers are passed over', async () => {
  rig.upstream.answer((request) => [head(103, { link: '</style.css>; rel=preload' }), ...answerTurn(request, turn)])
  const answer = await rig.asking()
  expect(answer.status).toBe(200)
  expect(answer.body.toString()).toBe(
    messageEvents(turn)
      .join('')
      .replaceAll(/msg_[0-9a-f]{18}/g, () => /msg_[0-9a-f]{18}/.exec(answer.body.toString())![0]),
  )
})

test('after all of this nothing is open and nothing is pending', () => rig.settled())
