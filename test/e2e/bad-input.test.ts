import { connect } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { answerTurn } from '../support/messages.ts'
import { eventually } from '../support/record.ts'
import { providerError } from '../support/replies.ts'
import { bodyBytesMax, errorOf, providerKey, type Rig, startRig, turn } from './asking.ts'

let rig: Rig
beforeAll(async () => {
  rig = await startRig()
})
afterAll(() => rig?.[Symbol.asyncDispose]())
beforeEach(() => rig.next())

describe('credentials', () => {
  test.each([
    ['no token', []],
    ['an empty token', [['x-api-key', '']]],
    ['a provider key in place of a token', [['x-api-key', 'sk-ant-api03-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx']]],
    ['a malformed token', [['x-api-key', 'rv_not-a-token']]],
    [
      'a token with a wrong checksum',
      () => [['x-api-key', `${rig.token.slice(0, -1)}${rig.token.endsWith('A') ? 'B' : 'A'}`]],
    ],
    ['another scheme', () => [['authorization', `Basic ${Buffer.from(`x:${rig.token}`).toString('base64')}`]]],
    ['a token of 7 KB', [['x-api-key', 'rv_'.padEnd(7_000, 'a')]]],
  ] as [string, [string, string][] | (() => [string, string][])][])(
    '%s is refused and nothing is asked',
    async (_name, given) => {
      const before = rig.upstream.seen.length
      const answer = await rig.asking({ headers: typeof given === 'function' ? given() : given })
      expect([401, 403]).toContain(answer.status)
      errorOf(answer)
      expect(answer.headers['x-should-retry']).toBe('false')
      expect(rig.upstream.seen).toHaveLength(before)
    },
  )

  test('a token of the API scope may not call models, and one of the gateway scope may do nothing else', async () => {
    const before = rig.upstream.seen.length
    const created = await rig.server.api('POST', '/api/v2/users/me/keys/tokens', { scope: 'api' })
    const answer = await rig.asking({ headers: [['x-api-key', created.json.key]] })
    expect(answer.status).toBe(403)
    expect(errorOf(answer).message).toMatch(/scope/i)
    expect(rig.upstream.seen).toHaveLength(before)
    for (const path of ['/api/v2/users/me', '/api/v2/aibridge/sessions', '/api/v2/audit', '/api/v2/users']) {
      expect([401, 403, 404]).toContain((await rig.server.api('GET', path, undefined, rig.token)).status)
    }
  })

  test('a revoked token stops working within one request', async () => {
    rig.upstream.answer((request) => answerTurn(request, turn))
    const created = await rig.server.api('POST', '/api/v2/users/me/keys/tokens', { scope: 'gateway' })
    expect((await rig.asking({ headers: [['x-api-key', created.json.key]] })).status).toBe(200)
    await rig.server.api('DELETE', `/api/v2/users/me/keys/${created.json.id}`)
    const before = rig.upstream.seen.length
    const answer = await rig.asking({ headers: [['x-api-key', created.json.key]] })
    expect([401, 403]).toContain(answer.status)
    errorOf(answer)
    expect(rig.upstream.seen).toHaveLength(before)
  })

  test('two values for the same credential header are refused', async () => {
    const before = rig.upstream.seen.length
    for (const name of ['x-api-key', 'authorization']) {
      const value = name === 'authorization' ? `Bearer ${rig.token}` : rig.token
      const answer = await rig.asking({
        headers: [
          [name, value],
          [name, value.replace(/.$/, 'x')],
        ],
      })
      expect(answer.status).toBeGreaterThanOrEqual(400)
      expect(answer.status).toBeLessThan(500)
      errorOf(answer)
    }
    expect(rig.upstream.seen).toHaveLength(before)
  })

  test('what identifies us never travels on', async () => {
    rig.upstream.answer((request) => answerTurn(request, turn))
    const headers = [
      ['x-api-key', rig.token],
      ['Authorization', `Bearer ${rig.token}`],
      ['Cookie', 'reeve_session=abc'],
      ['Reeve-Session-Token', rig.token],
      ['Coder-Session-Token', rig.token],
      ['Proxy-Authorization', 'Basic abc'],
      ['Via', '1.1 proxy'],
      ['Connection', 'close, X-Hop'],
      ['X-Hop', 'mine'],
    ] as const
    expect((await rig.asking({ headers })).status).toBe(200)
    const got = rig.upstream.seen.at(-1)!
    expect(got.head.toString() + got.body.toString()).not.toContain(rig.token)
    for (const name of [
      'cookie',
      'reeve-session-token',
      'coder-session-token',
      'proxy-authorization',
      'via',
      'x-hop',
      'x-canary',
    ]) {
      expect(got.header(name)).toEqual([])
    }
    expect(got.header('x-api-key')).toEqual([providerKey])
    expect(got.header('authorization')).toEqual([])
  })
})

describe('requests', () => {
  test('a body over the limit is refused before it is read', async () => {
    const before = rig.upstream.seen.length
    const answer = await rig.asking({
      body: JSON.stringify({ model: 'm', messages: [], filler: 'x'.repeat(bodyBytesMax) }),
    })
    expect(answer.status).toBe(413)
    expect(errorOf(answer)).toMatchObject({ type: 'request_too_large', message: expect.stringMatching(/Reeve/) })
    expect(rig.upstream.seen).toHaveLength(before)
  })

  test('a body over the limit that does not say its length is refused too', async () => {
    const before = rig.upstream.seen.length
    const piece = Buffer.alloc(64 * 1024, 'x')
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (let sent = 0; sent < bodyBytesMax * 4; sent += piece.length) yield piece
    }
    // SAFETY: `duplex` is what fetch needs for a body without a length; the types of this release do not know it.
    const options = {
      method: 'POST',
      headers: { 'x-api-key': rig.token },
      body: endless(),
      duplex: 'half',
    } as unknown as RequestInit
    expect((await fetch(rig.endpoint, options)).status).toBe(413)
    expect(rig.upstream.seen).toHaveLength(before)
  })

  test('broken JSON is answered in one sentence and is on record', async () => {
    rig.upstream.answer(() => providerError(400, 'invalid_request_error', 'the provider says no to this'))
    const answer = await rig.asking({ body: '{"model":"claude-x","messages":[{"role":"user","content":"unfinished' })
    expect(answer.status).toBe(400)
    expect(errorOf(answer)).toMatchObject({ type: 'invalid_request_error', message: expect.stringMatching(/JSON/) })
    const { json: found } = await eventually(
      () =>
        rig.server.api('GET', `/api/v2/aibridge/interceptions/${String(answer.headers['x-reeve-interception-id'])}`),
      ({ status, json: seen }) => status === 200 && seen.interception.outcome !== 'live',
    )
    expect(found.interception).toMatchObject({ outcome: 'refused', status_code: 400, error_type: expect.any(String) })
  })

  test.each([
    ['nothing', ''],
    ['an array', '[]'],
    ['null', 'null'],
    ['a string', '"text"'],
    ['a model that is an object', '{"model":{}}'],
    ['two models', '{"model":"a","model":"b"}'],
    ['control characters', '\u0000\u0001'],
    ['200 000 brackets', '['.repeat(200_000)],
    ['bytes that are no UTF-8', Buffer.from('{"model":"m","messages":"\u00ff"}', 'latin1')],
  ] as [string, string | Uint8Array][])('a body of %s does no harm', async (_name, bytes) => {
    rig.upstream.answer(() => providerError(400, 'invalid_request_error', 'the provider says no to this'))
    const answer = await rig.asking({ body: bytes })
    expect(answer.status).toBe(400)
    errorOf(answer)
  })

  test.each(['/v1/complete', '/v1/files', '/v1/messages/batches', '/v1/messages/../../users', '/'])(
    'the path %s is not relayed',
    async (path) => {
      const before = rig.upstream.seen.length
      const answer = await rig.asking({ url: rig.endpoint.replace('/v1/messages', path) })
      expect(answer.status).toBe(404)
      expect(rig.upstream.seen).toHaveLength(before)
    },
  )

  test('what the front door turns away is told in the provider’s shape too', async () => {
    const socket = connect(rig.server.port, '127.0.0.1')
    const path = '/api/v2/aibridge/anthropic/v1/messages'
    socket.write(`POST ${path} HTTP/1.1\r\nHost: elsewhere.example\r\nContent-Length: 0\r\n\r\n`)
    const answer = Buffer.concat(await Array.fromAsync<Buffer>(socket)).toString()
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    const body: unknown = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))
    expect(body).toMatchObject({ type: 'error', error: { type: 'invalid_request_error' } })
  })

  test('a client that never finishes its request is given up', async () => {
    const socket = connect(rig.server.port, '127.0.0.1')
    socket.on('error', () => {})
    socket.write(
      `POST /api/v2/aibridge/anthropic/v1/messages HTTP/1.1\r\nHost: localhost\r\nx-api-key: ${rig.token}\r\nContent-Le`,
    )
    socket.resume()
    await new Promise((resolve) => socket.once('close', resolve))
  })
})

test('after all of this nothing is open and nothing is pending', () => rig.settled())
