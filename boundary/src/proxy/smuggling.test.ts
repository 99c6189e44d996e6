import { createServer as createPlain } from 'node:http'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { p0, say, startWorld } from './testing.ts'

const policy = `${p0}    - { id: plain, host: plain.test, ports: [80], http: { methods: [GET, POST], paths: [/ok] } }\n`

/** A server that keeps the paths and hosts that it was asked for. */
async function start() {
  const world = startWorld({ policy })
  const seen: string[] = []
  await world.serve(
    80,
    createPlain((req, res) => {
      seen.push(`${req.method} ${req.headers.host} ${req.url}`)
      req.resume().on('end', () => res.end('reached'))
    }),
  )
  return { world, seen, [Symbol.asyncDispose]: () => world[Symbol.asyncDispose]() }
}

const inner = 'GET /hidden HTTP/1.1\r\nHost: plain.test\r\n\r\n'
const forms: Readonly<Record<string, string>> = {
  'N19 two hosts': 'GET /ok HTTP/1.1\r\nHost: plain.test\r\nHost: evil.test\r\n\r\n',
  'N19 the same host twice': 'GET /ok HTTP/1.1\r\nHost: plain.test\r\nHost: plain.test\r\n\r\n',
  'N19 a list of hosts': 'GET /ok HTTP/1.1\r\nHost: plain.test, evil.test\r\n\r\n',
  'no host': 'GET /ok HTTP/1.1\r\nX: y\r\n\r\n',
  'an empty host': 'GET /ok HTTP/1.1\r\nHost:\r\n\r\n',
  'a length beside chunks': `POST /ok HTTP/1.1\r\nHost: plain.test\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${inner}`,
  'two lengths': `POST /ok HTTP/1.1\r\nHost: plain.test\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\n${inner}`,
  'a length with a sign': `POST /ok HTTP/1.1\r\nHost: plain.test\r\nContent-Length: +0\r\n\r\n${inner}`,
  'a coding that is none': `POST /ok HTTP/1.1\r\nHost: plain.test\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${inner}`,
  'a name before a space': `POST /ok HTTP/1.1\r\nHost: plain.test\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n${inner}`,
  'a folded line': `GET /ok HTTP/1.1\r\nHost: plain.test\r\nX: a\r\n b\r\n\r\n`,
  'bare line feeds': 'GET /ok HTTP/1.1\nHost: plain.test\n\n',
  'one bare line feed': 'GET /ok HTTP/1.1\r\nHost: plain.test\nX: y\r\n\r\n',
  'a bare carriage return': 'GET /ok HTTP/1.1\r\nHost: plain.test\rX: y\r\n\r\n',
  'a NUL in a field': 'GET /ok HTTP/1.1\r\nHost: plain.test\r\nX: a\0b\r\n\r\n',
  'a NUL in the host': 'GET /ok HTTP/1.1\r\nHost: plain.test\0.evil.test\r\n\r\n',
  'a space in the target': 'GET /ok /hidden HTTP/1.1\r\nHost: plain.test\r\n\r\n',
  'a tab in the target': 'GET /ok\t HTTP/1.1\r\nHost: plain.test\r\n\r\n',
  'small letters': 'get /ok HTTP/1.1\r\nHost: plain.test\r\n\r\n',
  'a version that is none': 'GET /ok HTTP/1.9\r\nHost: plain.test\r\n\r\n',
  'no version': 'GET /ok\r\n\r\n',
  'a chunk length with a sign': `POST /ok HTTP/1.1\r\nHost: plain.test\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n\r\n${inner}`,
  'a host with a path': 'GET /ok HTTP/1.1\r\nHost: plain.test/@evil.test\r\n\r\n',
  'a host with a user': 'GET /ok HTTP/1.1\r\nHost: plain.test@evil.test\r\n\r\n',
}

test.each(Object.entries(forms))('%s is refused and reaches nobody', async (_, bytes) => {
  await using rig = await start()
  const text = await say(await rig.world.open('plain.test', 80), bytes)
  expect(text === '' || /^HTTP\/1\.1 4\d\d /.test(text)).toBe(true)
  expect(text).not.toContain('reached')
  expect(rig.seen).toEqual([])
  expect(rig.world.facts.length).toBeGreaterThan(0)
  expect(rig.world.facts.every(({ decision }) => decision === 'deny')).toBe(true)
})

test('whatever bytes a client makes of requests, only what was decided is asked for', async () => {
  await using rig = await start()
  const piece = fc.constantFrom(
    'GET ',
    'POST ',
    'get ',
    '/ok',
    '/hidden',
    '/%2e%2e/',
    ' HTTP/1.1',
    ' HTTP/1.0',
    '\r\n',
    '\n',
    '\r',
    ' ',
    '\t',
    '\0',
    'Host: plain.test',
    'Host: evil.test',
    'Content-Length: 0',
    'Content-Length: 7',
    'Content-Length: 60',
    'Transfer-Encoding: chunked',
    'Transfer-Encoding:\tchunked',
    'Connection: close',
    'Expect: 100-continue',
    'Upgrade: websocket',
    'Connection: Upgrade',
    '0\r\n\r\n',
    '3\r\nabc\r\n',
    'http://plain.test/ok',
    'http://evil.test/hidden',
    inner,
    'GET /ok HTTP/1.1\r\nHost: plain.test\r\n\r\n',
  )
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { minLength: 1, maxLength: 24 }), async (pieces) => {
      const socket = await rig.world.open('plain.test', 80)
      const spoken = say(socket, pieces.join(''))
      setTimeout(() => socket.destroy(), 30)
      await spoken
      expect(rig.seen.filter((line) => !/^(GET|POST) plain\.test \/ok$/.test(line))).toEqual([])
    }),
    { numRuns: 150 },
  )
})
