import { verify } from 'node:crypto'
import { once } from 'node:events'
import {
  connect as connectHttp2,
  type ClientHttp2Session,
  createSecureServer,
  type ServerHttp2Stream,
} from 'node:http2'
import { createServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { ask, p0, startWorld, type World } from './testing.ts'
import { certificates, webServer } from './testing-servers.ts'

const api = { headers: { host: 'api.test' } }

async function http2(world: World, host: string): Promise<ClientHttp2Session> {
  const socket = await world.openTls(host, 443, { ALPNProtocols: ['h2'] })
  expect(socket.alpnProtocol).toBe('h2')
  const session = connectHttp2(`https://${host}`, { createConnection: () => socket })
  session.on('error', () => {})
  return session
}

async function ask2(session: ClientHttp2Session, headers: Record<string, string>, body?: string) {
  const stream = session.request(headers, { endStream: body === undefined })
  if (body !== undefined) stream.end(body)
  let trailers: object | null = null
  stream.on('trailers', (fields) => (trailers = { ...fields }))
  const [answer] = await once(stream, 'response')
  let text = ''
  for await (const piece of stream.setEncoding('utf8')) text += piece
  return { status: Number(answer[':status']), text, trailers }
}

test('H16 calls over HTTP/2 keep their trailers, both ways at once', async () => {
  await using world = startWorld({ policy: `${p0}    - { id: grpc, host: grpc.test, http: { methods: [POST] } }\n` })
  const server = createSecureServer(certificates(world))
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0', 'grpc-message': 'fine' }))
    stream.respond(
      { ':status': 200, 'content-type': 'application/grpc', 'x-te': headers.te ?? '' },
      { waitForTrailers: true },
    )
    stream.pipe(stream)
  })
  await world.serve(443, server)
  const session = await http2(world, 'grpc.test')
  const stream = session.request(
    { ':method': 'POST', ':path': '/s.S/M', 'content-type': 'application/grpc', te: 'trailers' },
    { endStream: false },
  )
  let text = ''
  let trailers: unknown = null
  stream.setEncoding('utf8').on('data', (piece) => (text += piece))
  stream.on('trailers', (fields) => (trailers = fields))
  stream.write('ping')
  await expect.poll(() => text).toBe('ping')
  stream.write('pong')
  await expect.poll(() => text).toBe('pingpong')
  stream.end()
  await once(stream, 'close')
  expect(trailers).toMatchObject({ 'grpc-status': '0', 'grpc-message': 'fine' })
  await expect
    .poll(() => world.facts)
    .toMatchObject([{ decision: 'allow', net: { protocol: 'h2', status: 200, bytes_up: 8 } }])
  session.close()
  for (const open of [session]) open.destroy()
})

test('requests of one HTTP/2 session are decided each by itself, whatever they name', async () => {
  await using world = startWorld()
  const requests = await webServer(world)
  const session = await http2(world, 'api.test')
  expect(await ask2(session, { ':path': '/v1/x' })).toMatchObject({ status: 200, text: 'GET api.test/v1/x 0' })
  expect((await ask2(session, { ':path': '/v1/x', ':method': 'POST' }, 'hello')).text).toBe('POST api.test/v1/x 5')
  expect((await ask2(session, { ':path': '/admin' })).status).toBe(403)
  expect((await ask2(session, { ':path': '/v1/x', ':authority': 'git.test' })).status).toBe(421)
  expect((await ask2(session, { ':path': '/v1/x', ':authority': 'api.test', host: 'git.test' })).status).toBe(400)
  expect((await ask2(session, { ':path': '/v1/x', ':method': 'get' })).status).toBe(400)
  expect(requests.length).toBe(2)
  session.destroy()
})

test('a client that leaves ends the request at the server too', async () => {
  await using world = startWorld()
  const left = Promise.withResolvers<void>()
  await webServer(world, (_, res) => {
    res.write('begun')
    res.on('close', left.resolve)
  })
  const socket = await world.openTls('api.test')
  socket.write('GET /v1/x HTTP/1.1\r\nHost: api.test\r\n\r\n')
  await once(socket, 'data')
  socket.destroy()
  await left.promise
  await expect.poll(() => world.facts.length).toBe(1)
})

test('an answer that breaks off is not made to look whole', async () => {
  await using world = startWorld()
  await webServer(world, (_, res) => {
    res.write('begun')
    setImmediate(() => res.destroy())
  })
  await expect(ask(await world.openTls('api.test'), { ...api, path: '/v1/x' })).rejects.toThrow()
  await expect.poll(() => world.facts).toMatchObject([{ facts: { failure: 'connection-lost' } }])
})

test('a long answer that says no length comes whole, however quickly', async () => {
  await using world = startWorld()
  const [piece, pieces] = [Buffer.alloc(1 << 20, 'x'), 16]
  await webServer(world, (_, res) => {
    for (let at = 0; at < pieces; at += 1) res.write(piece)
    res.end()
  })
  const { body } = await ask(await world.openTls('api.test'), { ...api, path: '/v1/x' })
  expect(body.length).toBe(piece.length * pieces)
})

test('a slow reader holds the server back, not the memory of the boundary', async () => {
  await using world = startWorld()
  let sent = 0
  const piece = Buffer.alloc(65_536)
  await webServer(world, (_, res) => {
    const more = (): void => {
      while (sent < 1 << 28 && !res.destroyed) {
        sent += piece.length
        if (!res.write(piece)) return void res.once('drain', more)
      }
    }
    more()
  })
  const socket = await world.openTls('api.test')
  socket.pause()
  socket.write('GET /v1/x HTTP/1.1\r\nHost: api.test\r\n\r\n')
  let before = -1
  await expect
    .poll(async () => {
      const still = sent === before && sent > 0
      before = sent
      if (!still) await wait(200)
      return still
    })
    .toBe(true)
  expect(sent).toBeLessThan(64 << 20)
  socket.destroy()
})

test('P07 the session is signed into what goes to the gateway, and nobody inside can write it', async () => {
  await using world = startWorld({ injects: [{ host: 'git.test', port: 443, paths: ['/gate/**'] }] })
  const requests = await webServer(world)
  const headers = {
    host: 'git.test',
    'x-reeve-boundary-session': 'forged',
    'X-Coder-Agent-Firewall-Session-Id': 'forged',
    'x-coder-agent-firewall-sequence-number': '1',
  }
  await ask(await world.openTls('git.test'), { headers, path: '/gate/v1?x=1', method: 'POST', body: 'x' })
  await ask(await world.openTls('git.test'), { headers, path: '/other' })
  const [sealed, plain] = requests.map((request) => request.headers)
  const get = (name: string) => String(sealed![`x-reeve-boundary-${name}`])
  const session = get('session')
  const text = [session, get('sequence'), get('time'), 'POST', 'git.test', '/gate/v1'].join('\n')
  const key = { key: { kty: 'OKP', crv: 'Ed25519', x: world.publicKey }, format: 'jwk' } as const
  expect(verify(null, Buffer.from(text), key, Buffer.from(get('signature'), 'base64url'))).toBe(true)
  expect(sealed!['x-coder-agent-firewall-session-id']).toBe(session)
  expect(get('sequence')).toBe('0')
  expect(JSON.stringify(plain)).not.toMatch(/forged|firewall/)
  await expect.poll(() => world.facts.length).toBe(2)
})

test('P01 a rule that is withdrawn ends what it let run, and the next request is denied', async () => {
  await using world = startWorld()
  await webServer(world, (_, res) => void res.write('begun'))
  const socket = await world.openTls('api.test')
  socket.write('GET /v1/x HTTP/1.1\r\nHost: api.test\r\n\r\n')
  await once(socket, 'data')
  const closed = once(socket, 'close')
  world.policy.replace('apiVersion: reeve/v1\nname: p1\nnetwork: { rules: [] }\n')
  await closed
  expect((await ask(await world.openTls('api.test'), { ...api, path: '/v1/x' })).status).toBe(403)
  expect(world.facts).toMatchObject([{ facts: { ended: 'policy-changed' } }, { decision: 'deny' }])
})

test('a policy that observes lets pass what it would deny, and says so', async () => {
  await using world = startWorld({ policy: p0.replace('network:', 'mode: observe\nnetwork:') })
  await webServer(world)
  const answer = await ask(await world.openTls('new.test'), { headers: { host: 'new.test' } })
  expect(answer.status).toBe(200)
  await expect.poll(() => world.facts).toMatchObject([{ decision: 'allow', would: 'deny', reason: 'no-matching-rule' }])
})

test('what still runs when the boundary ends has its line all the same', async () => {
  const world = startWorld()
  await webServer(world, (_, res) => void res.write('begun'))
  const socket = await world.openTls('api.test')
  socket.write('GET /v1/x HTTP/1.1\r\nHost: api.test\r\n\r\n')
  await once(socket, 'data')
  await world[Symbol.asyncDispose]()
  expect(world.facts).toMatchObject([{ decision: 'allow', net: { status: 200, bytes_down: 5 } }])
})

test('a server that answers with another protocol unasked is not followed', async () => {
  await using world = startWorld({ policy: `${p0}    - { id: plain, host: plain.test, ports: [80] }\n` })
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () =>
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'),
    )
  })
  await world.serve(80, server)
  const answer = await ask(await world.open('plain.test', 80), { headers: { host: 'plain.test' } })
  expect(JSON.parse(answer.body)).toMatchObject({ reason: 'bad-answer' })
})
