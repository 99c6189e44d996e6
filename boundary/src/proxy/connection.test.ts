import { once } from 'node:events'
import { createServer as createPlain } from 'node:http'
import { createServer as createHttps } from 'node:https'
import { createServer, type Socket } from 'node:net'
import { connect as connectTls, createServer as createTls } from 'node:tls'
import { expect, test } from 'vitest'
import { helloOf, withEncryptedHello } from '../tls/testing.ts'
import { ask, p0, say, startWorld, type World } from './testing.ts'

const rule = (text: string): string => `${p0}    - { ${text} }\n`

/** A server that speaks first, as SSH and mail do, and repeats what it hears. */
const greeter = () =>
  createServer((socket) => {
    socket.on('error', () => socket.destroy())
    socket.write('SSH-2.0-server\r\n')
    socket.pipe(socket)
  })

const https = (world: World) =>
  createHttps({ SNICallback: (name, done) => done(null, world.outsideAuthority.contextFor(name)) }, (req, res) =>
    res.end(`${req.headers.host}${req.url}`),
  )

async function closedBy(socket: Socket): Promise<string> {
  let error = 'end'
  socket.on('error', (thrown: Error & { code?: string }) => (error = thrown.code ?? 'error'))
  socket.resume()
  if (!socket.closed) await new Promise<void>((resolve) => socket.once('close', () => resolve()))
  return error
}

test('X13 a tcp rule joins by name and port, counts, and nothing else is joined', async () => {
  await using world = startWorld({ policy: rule('id: ssh, host: git.test, ports: [22], tcp: true') })
  await world.serve(22, greeter())
  const socket = await world.open('git.test', 22)
  let text = ''
  socket.on('data', (piece) => (text += piece))
  await expect.poll(() => text).toBe('SSH-2.0-server\r\n')
  socket.end('hello')
  await once(socket, 'close')
  expect(text).toBe('SSH-2.0-server\r\nhello')
  await expect
    .poll(() => world.facts)
    .toMatchObject([
      { decision: 'allow', rule: 'ssh', net: { protocol: 'tcp', host: 'git.test', bytes_up: 5, bytes_down: 21 } },
    ])
  const other = await world.open('other.test', 22)
  other.write('SSH-2.0-client\r\n')
  expect(await closedBy(other)).toBe('ECONNRESET')
  expect(world.facts.at(-1)).toMatchObject({ decision: 'deny', net: { protocol: 'tcp', port: 22 } })
  expect(world.dialled).toEqual(['93.184.216.34:22'])
})

test('X01 X09 addresses that no rule is about are denied, with and without TLS', async () => {
  await using world = startWorld()
  for (const address of ['93.184.216.34', '2606:2800:220:1::1', 'fe80::1', 'fd00::1']) {
    const tls = await world.openTls(address)
    const host = address.includes(':') ? `[${address}]` : address
    expect((await ask(tls, { headers: { host } })).status).toBe(403)
    const raw = await world.open(address, 5432)
    raw.write(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]))
    expect(await closedBy(raw)).toBe('ECONNRESET')
  }
  expect(world.facts.map(({ decision }) => decision)).toEqual(Array(8).fill('deny'))
  expect(world.dialled).toEqual([])
})

test('H08 without a server name an address is allowed by a rule about addresses only', async () => {
  await using world = startWorld({ policy: rule('id: net, host: 93.184.216.0/24') })
  const seen: string[] = []
  const server = createHttps({
    SNICallback: (_, done) => done(null, world.outsideAuthority.contextFor('93.184.216.34')),
    cert: '',
    key: '',
  })
  server.setSecureContext({})
  server.close()
  const plain = createTls({ SNICallback: (_, done) => done(null, world.outsideAuthority.contextFor('x.test')) })
  plain.close()
  const tls = await world.openTls('93.184.216.34', 443)
  const answer = await ask(tls, { headers: { host: '93.184.216.34' } })
  // Nothing listens there: what counts is that it was dialled.
  expect(answer.status).toBe(502)
  expect(world.dialled).toEqual(['93.184.216.34:443'])
  expect(seen).toEqual([])
  const other = await world.openTls('93.184.217.1', 443)
  expect((await ask(other, { headers: { host: '93.184.217.1' } })).status).toBe(403)
})

test('X10 D10 addresses of clouds, of this machine and of inner networks are refused whatever the name', async () => {
  const resolved = {
    'imds.test': ['169.254.169.254'],
    'alibaba.test': ['100.100.100.200'],
    'azure.test': ['168.63.129.16'],
    'six.test': ['fd00:ec2::254'],
    'mapped.test': ['::ffff:169.254.169.254'],
    'nat.test': ['64:ff9b::a9fe:a9fe'],
    'local.test': ['127.0.0.1'],
    'inner.test': ['10.1.2.3'],
    'own.test': ['192.0.2.77'],
    'mixed.test': ['93.184.216.34', '10.0.0.1'],
  }
  await using world = startWorld({
    policy: 'apiVersion: reeve/v1\nname: any\nnetwork: { rules: [{ id: all, host: "*" }] }\n',
    resolved,
  })
  for (const host of [...Object.keys(resolved), 'metadata.google.internal']) {
    const tls = connectTls({ socket: await world.open(host, 443), ca: world.authority.certificate, servername: host })
    await once(tls, 'secureConnect')
    const answer = await ask(tls, { headers: { host } })
    expect([host, answer.status, JSON.parse(answer.body).reason]).toEqual([host, 403, 'address-class'])
  }
  expect(world.dialled).toEqual([])
  expect(world.facts.every(({ decision, reason }) => decision === 'deny' && reason === 'address-class')).toBe(true)
})

test('a rule that lifts a class reaches an inner network, and never what cannot be lifted', async () => {
  await using world = startWorld({
    policy: rule('id: inner, host: [inner.test, imds.test], address_classes: [private, link_local]'),
    resolved: { 'inner.test': ['10.1.2.3'], 'imds.test': ['169.254.169.254'] },
  })
  await world.serve(443, https(world))
  expect((await ask(await world.openTls('inner.test'), { headers: { host: 'inner.test' } })).status).toBe(200)
  expect((await ask(await world.openTls('imds.test'), { headers: { host: 'imds.test' } })).status).toBe(403)
})

test('H04 H05 H06 a tunnel is decided before it opens, and again inside', async () => {
  await using world = startWorld()
  await world.serve(443, https(world))
  const tunnel = async (target: string) => {
    const socket = await world.open('127.0.0.1', 3128)
    socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`)
    const [head] = await once(socket, 'data')
    return { socket, head: String(head) }
  }
  expect((await tunnel('evil.test:22')).head).toMatch(/^HTTP\/1\.1 403 /)
  expect((await tunnel('api.test:22')).head).toMatch(/^HTTP\/1\.1 403 /)
  expect((await tunnel('api.test')).head).toMatch(/^HTTP\/1\.1 400 /)
  expect(world.facts).toMatchObject([{ decision: 'deny' }, { decision: 'deny' }, { decision: 'deny' }])
  const { socket, head } = await tunnel('api.test:443')
  expect(head).toMatch(/^HTTP\/1\.1 200 /)
  const inside = connectTls({ socket, servername: 'api.test', ca: world.authority.certificate })
  await once(inside, 'secureConnect')
  expect((await ask(inside, { path: '/v1/x', headers: { host: 'api.test' } })).body).toBe('api.test/v1/x')
  const again = await tunnel('api.test:443')
  const fronted = connectTls({ socket: again.socket, servername: 'api.test', ca: world.authority.certificate })
  await once(fronted, 'secureConnect')
  expect((await ask(fronted, { path: '/', headers: { host: 'evil.test' } })).status).toBe(421)
  const nested = await tunnel('api.test:443')
  expect(await say(nested.socket, 'CONNECT git.test:443 HTTP/1.1\r\nHost: git.test:443\r\n\r\n')).toMatch(/ 403 /)
})

test('a tunnel to a host that is denied says why inside TLS, and leads nowhere', async () => {
  await using world = startWorld()
  await world.serve(443, https(world))
  const socket = await world.open('127.0.0.1', 3128)
  socket.write('CONNECT evil.test:443 HTTP/1.1\r\nHost: evil.test:443\r\n\r\n')
  await once(socket, 'data')
  const inside = connectTls({ socket, servername: 'evil.test', ca: world.authority.certificate })
  await once(inside, 'secureConnect')
  const told = await ask(inside, { path: '/x', headers: { host: 'evil.test' } })
  expect(told).toMatchObject({ status: 403, headers: { 'x-reeve-class': 'policy' } })
  expect(JSON.parse(told.body)).toMatchObject({ host: 'evil.test', reason: 'no-matching-rule', can_request: true })
  expect(world.facts).toMatchObject([{ decision: 'deny', net: { url: 'https://evil.test/x', inspected: true } }])
  const other = await world.open('127.0.0.1', 3128)
  other.write('CONNECT evil.test:443 HTTP/1.1\r\nHost: evil.test:443\r\n\r\n')
  await once(other, 'data')
  other.write('SSH-2.0-client\r\n')
  expect(await closedBy(other)).toBe('ECONNRESET')
  expect(world.facts.at(-1)).toMatchObject({ decision: 'deny', net: { protocol: 'tcp', host: 'evil.test' } })
  expect(world.dialled).toEqual([])
})

test('H09 behind an encrypted hello nothing is passed through unread, and what is inspected falls back', async () => {
  await using world = startWorld({ policy: rule('id: pinned, host: pinned.test, tls: passthrough') })
  await world.serve(443, https(world))
  const pinned = await world.open('pinned.test', 443)
  pinned.write(withEncryptedHello(await helloOf({ servername: 'pinned.test' })))
  expect(await closedBy(pinned)).toBe('ECONNRESET')
  expect(world.facts.at(-1)).toMatchObject({ decision: 'deny', reason: 'protocol', net: { host: 'pinned.test' } })
  const inspected = await world.open('api.test', 443)
  inspected.write(withEncryptedHello(await helloOf({ servername: 'api.test' })))
  const [answer] = await once(inspected, 'data')
  // A server's hello of ours, to the name in the open: the client sees that nobody read the other one.
  expect(Buffer.from(answer)[0]).toBe(22)
  inspected.destroy()
  expect(world.dialled).toEqual([])
})

test('H10 H11 a pinned host is passed through by its name, untouched', async () => {
  await using world = startWorld({ policy: rule('id: pinned, host: pinned.test, tls: passthrough') })
  await world.serve(443, https(world))
  const direct = async (servername: string) => {
    const tls = connectTls({
      socket: await world.open('pinned.test', 443),
      servername,
      ca: world.outsideAuthority.certificate,
    })
    tls.on('error', () => {})
    await once(tls, 'secureConnect')
    return tls
  }
  expect((await ask(await direct('pinned.test'), { headers: { host: 'pinned.test' } })).body).toBe('pinned.test/')
  await expect
    .poll(() => world.facts)
    .toMatchObject([
      { rule: 'pinned', net: { protocol: 'tls', inspected: false }, facts: { server_name: 'pinned.test' } },
    ])
  await expect(direct('evil.test')).rejects.toThrow()
  expect(world.facts.at(-1)).toMatchObject({ decision: 'deny', reason: 'name-mismatch' })
})

test('H23 HTTP/2 without TLS is refused, and the wish for it is not heard', async () => {
  await using world = startWorld({ policy: rule('id: plain, host: plain.test, ports: [80]') })
  await world.serve(
    80,
    createPlain((req, res) => res.end(`${req.httpVersion} ${req.headers.upgrade ?? 'none'}`)),
  )
  const prior = await world.open('plain.test', 80)
  prior.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
  expect(await closedBy(prior)).toBe('ECONNRESET')
  expect(world.facts).toMatchObject([{ decision: 'deny', reason: 'protocol' }])
  const text = await say(
    await world.open('plain.test', 80),
    'GET / HTTP/1.1\r\nHost: plain.test\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n',
  )
  expect(text).toContain('1.1 none')
})

test('H13 a WebSocket is decided by its request, then its frames are carried', async () => {
  await using world = startWorld()
  const server = https(world)
  server.on('upgrade', (_, socket) => {
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\nfirst',
    )
    socket.pipe(socket)
  })
  await world.serve(443, server)
  const upgrade = (path: string) =>
    `GET ${path} HTTP/1.1\r\nHost: api.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n\r\n`
  const socket = await world.openTls('api.test')
  let text = ''
  socket.on('data', (piece) => (text += piece))
  socket.write(`${upgrade('/v1/socket')}early`)
  await expect.poll(() => text).toMatch(/^HTTP\/1\.1 101 [\s\S]*first[\s\S]*early$/)
  socket.write(' and late')
  await expect.poll(() => text).toContain('early and late')
  socket.end()
  await expect
    .poll(() => world.facts)
    .toMatchObject([{ net: { protocol: 'websocket', status: 101, bytes_up: 14, bytes_down: 19 } }])
  expect(await say(await world.openTls('api.test'), upgrade('/admin'))).toMatch(/^HTTP\/1\.1 403 /)
})

test('a client that does not trust the certificate is on record all the same', async () => {
  await using world = startWorld()
  const tls = connectTls({ socket: await world.open('evil.test', 443), servername: 'evil.test' })
  await once(tls, 'error')
  await expect
    .poll(() => world.facts)
    .toMatchObject([{ decision: 'deny', net: { host: 'evil.test' }, facts: { failure: 'client-ended-handshake' } }])
})

test('P01 a tunnel of a rule that is withdrawn is closed at once', async () => {
  await using world = startWorld({ policy: rule('id: ssh, host: git.test, ports: [22], tcp: true') })
  await world.serve(22, greeter())
  const socket = await world.open('git.test', 22)
  await once(socket, 'data')
  world.policy.replace(p0)
  await closedBy(socket)
  await expect.poll(() => world.facts).toMatchObject([{ rule: 'ssh', facts: { ended: 'policy-changed' } }])
})

test('a rule for one program holds for that program only', async () => {
  const policy = rule('id: db, host: db.test, ports: [5432], tcp: true, when: { exe: [/usr/bin/psql] }')
  await using world = startWorld({ policy, exes: ['/usr/bin/psql', '/usr/bin/bash'] })
  await world.serve(5432, greeter())
  await once(await world.open('db.test', 5432), 'data')
  await using other = startWorld({ policy, exes: ['/usr/bin/python3'] })
  const socket = await other.open('db.test', 5432)
  socket.write('x: y')
  expect(await closedBy(socket)).toBe('ECONNRESET')
})

test('a policy that observes lets unknown protocols through, and says what it would have done', async () => {
  await using world = startWorld({ policy: p0.replace('network:', 'mode: observe\nnetwork:') })
  await world.serve(5432, greeter())
  const socket = await world.open('db.test', 5432)
  socket.write(Buffer.from([0, 0, 0, 8]))
  await once(socket, 'data')
  socket.destroy()
  await expect.poll(() => world.facts).toMatchObject([{ decision: 'allow', would: 'deny', net: { protocol: 'tcp' } }])
})
