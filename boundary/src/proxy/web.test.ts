import { createServer as createPlain, type ServerResponse } from 'node:http'
import { createServer as createHttps } from 'node:https'
import type { SecureContext } from 'node:tls'
import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { ask, p0, say, startWorld } from './testing.ts'
import { certificates, webServer } from './testing-servers.ts'

const api = { headers: { host: 'api.test' } }

test('N01 an allowed request is answered by the server, and recorded at its end', async () => {
  await using world = startWorld()
  await webServer(world)
  const answer = await ask(await world.openTls('api.test'), { ...api, path: '/v1/x?key=1' })
  expect(answer).toMatchObject({ status: 200, body: 'GET api.test/v1/x?key=1 0' })
  await expect.poll(() => world.facts.length).toBe(1)
  expect(world.facts[0]).toMatchObject({
    decision: 'allow',
    rule: 'api',
    process: { pid: 4312, exe: '/usr/bin/curl', tree: ['claude', 'curl'] },
    net: { protocol: 'http/1.1', method: 'GET', host: 'api.test', port: 443, inspected: true, status: 200 },
  })
})

test('N02 N03 N04 N05 names are compared whole, whatever their case and dot at the end', async () => {
  await using world = startWorld()
  await webServer(world)
  const status = async (name: string, host = name): Promise<number> => {
    const socket = await world.openTls(name, 443, { servername: name.replace(/\.$/, '') })
    return (await ask(socket, { headers: { host }, path: '/v1/x' })).status
  }
  expect(await status('api.test', 'API.TEST')).toBe(200)
  expect(await status('api.test', 'api.test.')).toBe(200)
  expect(await status('a.b.pkg.test')).toBe(200)
  for (const name of ['sub.api.test', 'pkg.test', 'evilapi.test', 'api.test.evil.test']) {
    expect([name, await status(name)]).toEqual([name, 403])
  }
})

test('N06 N07 another port and plain HTTP are denied', async () => {
  await using world = startWorld()
  await webServer(world, undefined, 8443)
  expect((await ask(await world.openTls('api.test', 8443), { headers: { host: 'api.test:8443' } })).status).toBe(403)
  expect((await ask(await world.open('api.test', 80), { ...api, path: '/v1/x' })).status).toBe(403)
  expect(world.dialled).toEqual([])
})

test('N08 H25 a denied request is told why, without a way around it', async () => {
  await using world = startWorld()
  const requests = await webServer(world)
  const answer = await ask(await world.openTls('api.test'), { ...api, method: 'DELETE', path: '/v1/x' })
  expect(answer.status).toBe(403)
  expect(answer.headers).toMatchObject({ 'content-type': 'application/problem+json', 'x-reeve-class': 'policy' })
  expect(answer.headers['retry-after']).toBeUndefined()
  const told = JSON.parse(answer.body)
  expect(told).toMatchObject({ host: 'api.test', method: 'DELETE', policy: 'p0@v1', reason: 'no-matching-rule' })
  expect(told.denial).toBe(answer.headers['x-reeve-denial'])
  expect(requests).toEqual([])
  expect(world.facts).toMatchObject([{ decision: 'deny', rule: 'default', net: { status: 403 } }])
})

test('nobody is told of a denial before its line is on the disk', async () => {
  const order: string[] = []
  const kept = async () => {
    order.push(`${world.facts.length} recorded`)
    await setTimeout(100)
    order.push('kept')
  }
  await using world = startWorld({ kept })
  const answer = await ask(await world.openTls('api.test'), { ...api, method: 'DELETE', path: '/v1/x' })
  order.push(`told ${answer.status}`)
  expect(order).toEqual(['1 recorded', 'kept', 'told 403'])
})

test('N09 the path that is decided is the path that is sent', async () => {
  await using world = startWorld()
  const requests = await webServer(world)
  const status = async (path: string) => (await ask(await world.openTls('api.test'), { ...api, path })).status
  for (const path of ['/v1/../admin', '/v1/%2e%2e/admin', '/v1/..%2fadmin', '/v1/.%2e/admin', '/v1\\..\\admin']) {
    expect([path, (await status(path)) >= 400]).toEqual([path, true])
  }
  expect(requests).toEqual([])
  expect(await status('/admin/../v1/./%78')).toBe(200)
  expect(requests.map(({ url }) => url)).toEqual(['/v1/x'])
})

test('N16 a name and password in the target is no way to another host', async () => {
  await using world = startWorld()
  await webServer(world)
  const socket = await world.open('api.test', 80)
  const answer = await ask(socket, { ...api, path: 'http://user:pw@api.test/v1/x@evil.test' })
  expect(answer.status).toBeGreaterThanOrEqual(400)
  expect(world.dialled).toEqual([])
})

test('N18 a target with a host of its own is decided by that host', async () => {
  await using world = startWorld({ policy: `${p0}    - { id: plain, host: api.test, ports: [80] }\n` })
  await world.serve(
    80,
    createPlain((_, res) => res.end('reached')),
  )
  const through = async (path: string, host: string) =>
    (await ask(await world.open('203.0.113.7', 3128), { path, headers: { host } })).status
  expect(await through('http://api.test/v1/x', 'api.test')).toBe(200)
  expect(await through('http://evil.test/', 'api.test')).toBeGreaterThanOrEqual(400)
  expect(await through('http://api.test/v1/x', 'evil.test')).toBeGreaterThanOrEqual(400)
  expect(world.dialled).toEqual(['93.184.216.34:80'])
})

test('N20 an explicit denial wins over what allows more', async () => {
  await using world = startWorld({
    policy: `${p0}    - { id: secret, effect: deny, host: api.test, http: { paths: [/v1/secret] }, reason: ask-the-owner }\n`,
  })
  await webServer(world)
  const socket = await world.openTls('api.test')
  const answer = await ask(socket, { ...api, path: '/v1/secret' })
  expect(JSON.parse(answer.body)).toMatchObject({ reason: 'rule', hint: 'ask-the-owner' })
  expect(world.facts[0]).toMatchObject({ rule: 'secret' })
})

test('H01 a Host that is not the server name is misdirected', async () => {
  await using world = startWorld()
  const requests = await webServer(world)
  const socket = await world.openTls('api.test')
  expect((await ask(socket, { headers: { host: 'git.test' }, path: '/' })).status).toBe(421)
  const other = await world.openTls('api.test', 443, { servername: 'git.test' })
  expect((await ask(other, { headers: { host: 'git.test' }, path: '/' })).status).toBe(421)
  expect(requests).toEqual([])
  expect(world.facts).toMatchObject([{ reason: 'name-mismatch' }, { reason: 'name-mismatch' }])
})

test('H03 every request of a kept connection is decided anew', async () => {
  await using world = startWorld()
  await webServer(world)
  const socket = await world.openTls('api.test')
  const line = (path: string, host: string) => `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n`
  const text = await say(
    socket,
    `${line('/v1/x', 'api.test')}\r\n${line('/admin', 'api.test')}\r\n${line('/v1/y', 'evil.test')}Connection: close\r\n\r\n`,
  )
  expect([...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => match[1])).toEqual(['200', '403', '421'])
})

test('H12 a server whose certificate is not good is not asked', async () => {
  await using world = startWorld()
  const requests: unknown[] = []
  const wrong = {
    SNICallback: (_: string, done: (error: null, context: SecureContext) => void) =>
      done(null, world.outsideAuthority.contextFor('other.test')),
  }
  await world.serve(
    443,
    createHttps(wrong, (req) => requests.push(req)),
  )
  const answer = await ask(await world.openTls('api.test'), { ...api, method: 'POST', path: '/v1/x', body: 'secret' })
  expect(answer).toMatchObject({ status: 502, headers: { 'x-reeve-class': 'upstream' } })
  expect(JSON.parse(answer.body)).toMatchObject({ reason: 'certificate-for-another-name' })
  await using stranger = startWorld()
  await stranger.serve(
    443,
    createHttps(certificates(world), (req) => requests.push(req)),
  )
  const second = await ask(await stranger.openTls('git.test'), { headers: { host: 'git.test' } })
  expect(JSON.parse(second.body)).toMatchObject({ reason: 'certificate-untrusted' })
  expect(requests).toEqual([])
  await expect
    .poll(() => stranger.facts)
    .toMatchObject([{ decision: 'allow', facts: { failure: 'certificate-untrusted' } }])
})

test('H15 each event of a stream arrives while the server still holds the answer open', async () => {
  await using world = startWorld()
  let held: ServerResponse | null = null
  await webServer(world, (_, res) => {
    res.writeHead(200, { 'content-type': 'text/event-stream' })
    res.write('data: one\n\n')
    held = res
  })
  const socket = await world.openTls('api.test')
  let text = ''
  socket.on('data', (piece) => (text += piece))
  socket.write('GET /v1/x HTTP/1.1\r\nHost: api.test\r\n\r\n')
  await expect.poll(() => text).toContain('data: one')
  held!.write('data: two\n\n')
  await expect.poll(() => text).toContain('data: two')
  expect(world.facts).toEqual([])
  held!.end()
  await expect.poll(() => world.facts.length).toBe(1)
  socket.destroy()
})

test('H19 nothing beyond the limit reaches the server, announced or not', async () => {
  await using world = startWorld({
    policy: `${p0}    - { id: small, host: small.test, request_bytes_max: 100000 }\n`,
  })
  let received = 0
  await webServer(world, (req, res) => {
    req.on('error', () => {})
    req.on('data', (piece) => (received += piece.length))
    req.on('end', () => res.end())
  })
  const small = { host: 'small.test' }
  const announced = await ask(await world.openTls('small.test'), {
    method: 'POST',
    headers: { ...small, 'content-length': '104857600' },
    body: Buffer.alloc(1000),
  })
  expect(announced.status).toBe(413)
  expect(world.dialled).toEqual([])
  const chunked = await ask(await world.openTls('small.test'), {
    method: 'POST',
    headers: { ...small, 'transfer-encoding': 'chunked' },
    body: Buffer.alloc(300_000),
  })
  expect(chunked.status).toBe(413)
  await expect.poll(() => world.facts.filter(({ reason }) => reason === 'too-large').length).toBe(2)
  expect(received).toBeLessThanOrEqual(100_000)
})

test('H22 what an answer redirects to is a request of its own', async () => {
  await using world = startWorld()
  await webServer(world, (_, res) => res.writeHead(302, { location: 'https://evil.test/' }).end())
  const answer = await ask(await world.openTls('api.test'), { ...api, path: '/v1/x' })
  expect(answer).toMatchObject({ status: 302, headers: { location: 'https://evil.test/' } })
  expect((await ask(await world.openTls('evil.test'), { headers: { host: 'evil.test' } })).status).toBe(403)
})

test('H24 a body that waits to be asked for is not sent where it is denied', async () => {
  await using world = startWorld()
  const requests = await webServer(world)
  const post = (path: string) =>
    `POST ${path} HTTP/1.1\r\nHost: api.test\r\nContent-Length: 5\r\nExpect: 100-continue\r\n`
  const denied = await say(await world.openTls('api.test'), `${post('/admin')}\r\n`)
  expect(denied).toMatch(/^HTTP\/1\.1 403 /)
  expect(requests).toEqual([])
  const socket = await world.openTls('api.test')
  let text = ''
  socket.on('data', (piece) => (text += piece))
  socket.write(`${post('/v1/x')}\r\n`)
  await expect.poll(() => text).toContain('100 Continue')
  socket.write('hello')
  await expect.poll(() => text).toContain('POST api.test/v1/x 5')
  socket.destroy()
})
