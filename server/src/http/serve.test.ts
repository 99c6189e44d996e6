import { once } from 'node:events'
import { connect } from 'node:net'
import { Fault, manualClock, recordingLog } from '@reeve/base'
import { endpoints } from '@reeve/sdk'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Actor } from '../access/actor.ts'
import { implement, implementBytes, implementEvents, type Route } from './implement.ts'
import { type Listener, openListener } from './listener.ts'
import { createApi } from './serve.ts'
import { ask } from './testing.ts'
import { heldRoles } from '../access/built-in-roles.ts'
import { sourceAddress } from './source-address.ts'

const me = '0197c0de-0000-7000-8000-000000000001'
const dana: Actor = {
  userId: me,
  username: 'dana',
  organizationIds: [],
  groupIds: [],
  roles: heldRoles(['owner']),
  apiKeyId: 'k',
  scopes: ['all'],
  allowList: null,
}
const actors: Record<string, Actor> = {
  owner: dana,
  member: { ...dana, roles: heldRoles([]) },
  gateway: { ...dana, scopes: ['gateway'] },
}

const log = recordingLog()
const clock = manualClock()
const stopping = new AbortController()
let listener: Listener
let url: string
let release = () => {}

const user = {
  id: me,
  username: 'dana',
  name: '',
  email: 'd@example.com',
  avatar_url: '',
  created_at: '2026-01-01T00:00:00Z',
  updated_at: '2026-01-01T00:00:00Z',
  last_seen_at: null,
  status: 'active' as const,
  login_type: 'password' as const,
  organization_ids: [],
  roles: [],
  is_service_account: false,
  owner_id: null,
}

const routes: Route[] = [
  // The row has more than the contract says; the answer must not.
  implement(endpoints.getUser, ({ params }) => ({ ...user, username: params.user, password_hash: 'canary' })),
  implement(endpoints.createUser, ({ body }) => ({ ...user, username: body.username })),
  implement(endpoints.logout, () => ({ message: 'bye' })),
  implement(endpoints.getFirstUser, () => ({ message: 'there' })),
  implement(endpoints.login, () => ({ session_token: 'x' })),
  implement(endpoints.listOrganizations, () => {
    throw new Error('select canary from secrets')
  }),
  implement(endpoints.getOrganization, () => {
    throw Object.assign(new Error('connect ECONNREFUSED /run/canary'), { code: 'ECONNREFUSED' })
  }),
  implementBytes(endpoints.getInterceptionBody, () => ({
    bytes: Buffer.from('<script>'),
    contentType: 'application/octet-stream',
    fileName: 'a"b\r\nc.json',
  })),
  implementEvents(endpoints.watchSessions, async function* (_, { signal }) {
    yield { session_id: me, last_active_at: '2026-01-01T00:00:00Z', status: 'live' as const }
    await new Promise<void>((resolve) => {
      release = resolve
      signal.addEventListener('abort', () => resolve())
    })
    if (!signal.aborted) yield { session_id: me, last_active_at: '2026-01-01T00:00:01Z', status: 'done' as const }
  }),
]

beforeAll(async () => {
  const handle = createApi({
    routes,
    authenticate: async (token) => actors[token] ?? null,
    renew: async () => null,
    sourceAddress: sourceAddress([]),
    origins: () => ['http://reeve.test'],
    https: false,
    metrics: { observe: () => {} },
    clock,
    log,
    stopping: stopping.signal,
  })
  listener = await openListener({ address: { host: '127.0.0.1', port: 0 }, tls: null, handle })
  url = `http://127.0.0.1:${listener.port}`
})
afterAll(() => listener.close(0, AbortSignal.abort()))

const call = (method: string, path: string, options: Parameters<typeof ask>[3] = {}) => ask(url, method, path, options)

describe('credentials', () => {
  test('the token is taken from each place where the field puts it', async () => {
    for (const header of [
      ['Reeve-Session-Token', 'owner'],
      ['coder-session-token', 'owner'],
      ['Authorization', 'Bearer owner'],
      ['Authorization', 'bearer  owner'],
      ['Cookie', 'other=1; reeve_session=owner'],
    ] as const) {
      expect((await call('GET', '/api/v2/users/me', { headers: [header] })).status, header.join(': ')).toBe(200)
    }
    const both = [
      ['Authorization', 'Bearer owner'],
      ['Reeve-Session-Token', 'owner'],
    ] as const
    expect((await call('GET', '/api/v2/users/me', { headers: both })).status).toBe(200)
  })

  test('what two readers could read differently is refused', async () => {
    for (const headers of [
      [
        ['Reeve-Session-Token', 'owner'],
        ['Reeve-Session-Token', 'owner'],
      ],
      [
        ['Authorization', 'Bearer owner'],
        ['authorization', 'Bearer member'],
      ],
      [
        ['Authorization', 'Bearer owner'],
        ['Reeve-Session-Token', 'member'],
      ],
      [['Cookie', 'reeve_session=owner; reeve_session=member']],
      [
        ['Cookie', 'reeve_session=owner'],
        ['Cookie', 'a=b'],
      ],
      [
        ['Cookie', 'reeve_session=owner'],
        ['Authorization', 'Bearer member'],
      ],
    ] as const) {
      expect((await call('GET', '/api/v2/users/me', { headers })).status, JSON.stringify(headers)).toBe(400)
    }
  })

  test('no token, a wrong one and one that may not are told apart; a public path needs none', async () => {
    expect((await call('GET', '/api/v2/users/me')).status).toBe(401)
    expect((await call('GET', '/api/v2/users/me', { token: 'wrong' })).status).toBe(401)
    expect((await call('GET', '/api/v2/users/me', { token: 'gateway' })).status).toBe(403)
    expect((await call('POST', '/api/v2/users', { token: 'member', body: {} })).status).toBe(403)
    expect((await call('GET', '/api/v2/users/first', { token: 'wrong' })).status).toBe(200)
  })

  test('sixty wrong tokens a minute are enough, and right ones go on working', async () => {
    let last = 0
    for (let i = 0; i < 61; i++) last = (await call('GET', '/api/v2/users/me', { token: `wrong-${i}` })).status
    expect(last).toBe(429)
    expect((await call('GET', '/api/v2/users/me', { token: 'owner' })).status).toBe(200)
    clock.advance(60_000)
    expect((await call('GET', '/api/v2/users/me', { token: 'wrong' })).status).toBe(401)
  })
})

describe('pages of other sites', () => {
  const cookie = ['Cookie', 'reeve_session=owner'] as const
  const post = (...headers: (readonly [string, string])[]) => call('POST', '/api/v2/users/logout', { headers })

  test('cannot write with the browser’s cookie', async () => {
    expect((await post(cookie)).status).toBe(403)
    expect((await post(cookie, ['Origin', 'http://evil.test'])).status).toBe(403)
    expect((await post(cookie, ['Origin', 'null'])).status).toBe(403)
    expect((await post(cookie, ['Sec-Fetch-Site', 'same-site'])).status).toBe(403)
    expect((await post(cookie, ['Sec-Fetch-Site', 'none'])).status).toBe(403)
    expect((await post(cookie, ['Sec-Fetch-Site', 'same-origin'], ['Origin', 'http://evil.test'])).status).toBe(403)
  })

  test('our own can', async () => {
    expect((await post(cookie, ['Origin', 'http://reeve.test'])).status).toBe(200)
    expect((await post(cookie, ['Sec-Fetch-Site', 'same-origin'])).status).toBe(200)
  })

  test('cannot sign somebody in, while programs without a browser can', async () => {
    const body = { email: 'd@example.com', password: 'x' }
    expect(
      (await call('POST', '/api/v2/users/login', { body, headers: [['Origin', 'http://evil.test']] })).status,
    ).toBe(403)
    expect((await call('POST', '/api/v2/users/login', { body })).status).toBe(201)
  })

  test('are given no permission to read', async () => {
    const { headers } = await call('GET', '/api/v2/users/first', { headers: [['Origin', 'http://evil.test']] })
    expect(headers['access-control-allow-origin']).toBe(undefined)
    const preflight = await call('OPTIONS', '/api/v2/users', { headers: [['Origin', 'http://evil.test']] })
    expect(preflight.status).toBe(405)
  })
})

describe('bodies', () => {
  const post = (body: unknown, ...headers: (readonly [string, string])[]) =>
    call('POST', '/api/v2/users', { token: 'owner', body, headers })
  const good = { email: 'a@example.com', username: 'ann', password: 'long enough' }

  test('JSON is read', async () => {
    expect((await post(good)).status).toBe(201)
    expect((await post(good, ['Content-Type', 'application/json; charset=utf-8'])).status).toBe(201)
  })

  test('anything else is refused with the reason', async () => {
    const text = JSON.stringify(good)
    expect((await post(text, ['Content-Type', 'text/plain'])).status).toBe(415)
    expect((await post(text, ['Content-Type', 'application/x-www-form-urlencoded'])).status).toBe(415)
    expect((await post(text, ['Content-Encoding', 'gzip'])).status).toBe(415)
    for (const broken of ['{', '{"a":1,}', '\u{feff}{}', 'NaN']) expect((await post(broken)).status).toBe(400)
    expect((await call('POST', '/api/v2/users', { token: 'owner' })).json.validations).toHaveLength(1)
    expect((await post({ ...good, name: 'a\0b' })).status).toBe(400)
    expect(
      (await post('{"email":"a@example.com","username":"ann","password":"long enough","name":"\\ud800"}')).status,
    ).toBe(400)
    expect((await post('['.repeat(200_000) + ']'.repeat(200_000))).status).toBe(400)
  })

  test('a client that waits to be told to go on is told after its token was believed, and not before', async () => {
    const head = (token: string) =>
      `POST /api/v2/users HTTP/1.1\r\nHost: ${new URL(url).host}\r\nReeve-Session-Token: ${token}\r\n` +
      'Content-Type: application/json\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n'
    const firstLine = async (token: string): Promise<string> => {
      const socket = connect(listener.port, '127.0.0.1')
      socket.write(head(token))
      const [bytes] = await once(socket, 'data')
      socket.destroy()
      return String(bytes).split('\r\n')[0] ?? ''
    }
    expect(await firstLine('owner')).toBe('HTTP/1.1 100 Continue')
    expect(await firstLine('nobody')).toBe('HTTP/1.1 401 Unauthorized')
  })

  test('a mebibyte is the most, declared or not', async () => {
    const { status, headers } = await post({ ...good, name: 'x'.repeat(1024 * 1024) })
    expect(status).toBe(413)
    expect(headers['connection']).toBe('close')
    const chunk = `${(64 * 1024).toString(16)}\r\n${'x'.repeat(64 * 1024)}\r\n`
    const answer = await raw(
      `POST /api/v2/users HTTP/1.1\r\nHost: x\r\nReeve-Session-Token: owner\r\nContent-Type: application/json\r\n` +
        `Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(20)}`,
    )
    expect(answer).toMatch(/^HTTP\/1\.1 413 /)
  })

  test('fields that nobody asked for are refused', async () => {
    const { status, json } = await post({ ...good, id: 'x', is_admin: true, __proto__: { admin: true } })
    expect(status).toBe(400)
    expect(JSON.stringify(json)).toContain('is_admin')
  })
})

describe('answers', () => {
  test('hold what the contract declares and nothing else', async () => {
    const { json } = await call('GET', '/api/v2/users/zoe', { token: 'owner' })
    expect(json.username).toBe('zoe')
    expect(JSON.stringify(json)).not.toContain('canary')
  })

  test('carry security headers, a request id, and are not kept by caches', async () => {
    const { headers } = await call('GET', '/api/v2/users/me', { token: 'owner' })
    expect(headers).toMatchObject({
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'x-frame-options': 'DENY',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': 'no-store',
      'x-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
    })
  })

  test('of a handler that broke say nothing of why, and the log says it under the same id', async () => {
    const { status, json } = await call('GET', '/api/v2/organizations', { token: 'owner' })
    expect(status).toBe(500)
    expect(JSON.stringify(json)).not.toContain('canary')
    const line = log.lines.find(({ facts }) => 'requestId' in facts && facts.requestId === json.request_id)
    expect(line).toMatchObject({ level: 'error', facts: { err: { message: 'select canary from secrets' } } })
  })

  test('of a database that is away are 503', async () => {
    const { status, json } = await call('GET', '/api/v2/organizations/x', { token: 'owner' })
    expect(status).toBe(503)
    expect(json).toMatchObject({ code: 'unavailable', message: 'the database does not answer' })
  })

  test('with bytes are attachments that no browser shows', async () => {
    const { headers, json } = await call('GET', `/api/v2/ai-gateway/interceptions/${me}/body/request`, {
      token: 'owner',
    })
    expect(json).toBe('<script>')
    expect(headers['content-disposition']).toBe('attachment; filename="a_b__c.json"')
  })

  test('to HEAD have no body, to a wrong method name the right ones, to a wrong path are 404', async () => {
    expect((await call('HEAD', '/api/v2/users/first')).json).toBe('')
    const wrong = await call('DELETE', '/api/v2/users/first')
    expect(wrong.status).toBe(405)
    expect(wrong.headers['allow']).toBe('GET')
    for (const path of [
      '/api/v2/nothing',
      '/api/v2/users/',
      '/api/v2/users/a/b',
      '/api/v2/users/%zz',
      '/api/v2/Users/first',
    ]) {
      expect((await call('GET', path, { token: 'owner' })).status, path).toBe(404)
    }
  })

  test('as events arrive one by one and end with the client', async () => {
    const abort = new AbortController()
    const answer = await fetch(`${url}/api/v2/aibridge/sessions-watch`, {
      headers: { Authorization: 'Bearer owner' },
      signal: abort.signal,
    })
    expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    while (!text.includes('"live"')) text += (await reader.read()).value
    release()
    while (!text.includes('"done"')) text += (await reader.read()).value
    expect(text).toContain('data: {"session_id"')
    expect((await reader.read()).done).toBe(true)
    abort.abort()
  })
})

test('a fault keeps its words, its fix and its problems', async () => {
  const { errorBody } = await import('./faults.ts')
  const fault = new Fault('conflict', 'taken', {
    fix: 'take another',
    problems: [{ field: 'a', detail: 'b' }],
    detail: 'secret',
  })
  expect(errorBody(fault, 'r')).toEqual({
    message: 'taken',
    detail: 'take another',
    validations: [{ field: 'a', detail: 'b' }],
    code: 'conflict',
    request_id: 'r',
  })
})

/** Writes bytes as they are and reads until the server closes or has answered. */
function raw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(listener.port, '127.0.0.1', () => socket.write(text))
    let answer = ''
    socket.setEncoding('utf8').on('data', (piece: string) => {
      answer += piece
      if (answer.includes('\r\n\r\n')) socket.destroy()
    })
    socket.on('error', (error) => (answer === '' ? reject(error) : resolve(answer)))
    socket.on('close', () => resolve(answer))
  })
}
