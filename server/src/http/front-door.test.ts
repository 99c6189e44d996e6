import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkRequest } from './front-door.ts'
import { type Listener, openListener } from './listener.ts'
import { ask } from './testing.ts'

let listener: Listener
let url: string
let localOnly = false
beforeAll(async () => {
  listener = await openListener({
    address: { host: '127.0.0.1', port: 0 },
    tls: null,
    handle(req, res) {
      const refused = checkRequest(req, { localOnly })
      req.resume()
      res.writeHead(refused?.status ?? 200).end(refused?.fault.message ?? 'in')
    },
  })
  url = `http://127.0.0.1:${listener.port}`
})
afterAll(() => listener.close(0, AbortSignal.abort()))

/** Status lines of everything that the server answers to these bytes. */
function statuses(bytes: string): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const socket = connect(listener.port, '127.0.0.1', () => socket.end(bytes))
    let answer = ''
    socket.setEncoding('utf8').on('data', (piece: string) => (answer += piece))
    socket.on('error', reject)
    socket.on('close', () => resolve(Array.from(answer.matchAll(/HTTP\/1\.1 (\d+)/g), (match) => match[1]!)))
  })
}

test('requests that two servers would read differently are refused', async () => {
  const vectors = [
    'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
    'GET / HTTP/1.1\r\n\r\n',
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n',
    'GET / HTTP/1.1\r\nHost : a\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: a\r\n folded: b\r\n\r\n',
    'GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n',
    `GET / HTTP/1.1\r\nHost: a\r\nBig: ${'x'.repeat(40_000)}\r\n\r\n`,
  ]
  for (const bytes of vectors) {
    const [status, ...more] = await statuses(bytes)
    expect(status, bytes.slice(0, 80)).toMatch(/^4/)
    expect(more).toEqual([])
  }
})

test('a path has one spelling', async () => {
  for (const path of [
    '//',
    '/a//b',
    '/./a',
    '/a/..',
    '/a/%2e%2e/b',
    '/a%2Fb',
    '/a%5cb',
    '/a\\b',
    '/a;b',
    '/a%00',
    '/\u00e9',
  ]) {
    expect((await statuses(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`))[0], path).toBe('400')
  }
  for (const path of ['/', '/a.b/c', '/a/b?x=//..', '/api/v2/users/d%20e']) {
    expect((await statuses(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`))[0], path).toBe('200')
  }
})

test('other protocols and methods that reach through are refused', async () => {
  expect(await statuses('TRACE / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')).toEqual(['405'])
  expect(await statuses('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')).toEqual([
    '426',
  ])
  expect((await statuses('CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n'))[0]).not.toBe('200')
})

describe('a server for its own machine only', () => {
  beforeAll(() => {
    localOnly = true
  })
  const get = (...headers: (readonly [string, string])[]) => ask(url, 'GET', '/', { headers })

  test('answers to the names of this machine', async () => {
    expect((await get()).status).toBe(200)
    for (const host of ['localhost', 'localhost:3000', 'LOCALHOST:1', '[::1]:3000', '127.0.0.9', 'reeve.localhost']) {
      expect(await statuses(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`), host).toEqual(['200'])
    }
  })

  test('not to a name that somebody made resolve to it', async () => {
    for (const host of ['evil.test', '127.0.0.1.evil.test', 'localhost.evil.test:3000', '10.0.0.1', '0.0.0.0']) {
      expect(await statuses(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`), host).toEqual(['400'])
    }
  })

  test('and says what to set when a proxy was put in front of it', async () => {
    const { status, json } = await get(['X-Forwarded-For', '203.0.113.9'])
    expect(status).toBe(400)
    expect(json).toBe('this request came through a proxy (x-forwarded-for)')
  })
})
