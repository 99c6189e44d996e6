import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { createServer, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { expect, test } from 'vitest'
import type { Approvals, Matter, Outcome } from '../commands/approvals.ts'
import { ask, p0, say, startWorld, type WorldOptions } from './testing.ts'
import { webServer } from './testing-servers.ts'

const policy = `${p0}    - { id: ask-web, effect: ask, host: ask.test }
    - { id: ask-db, effect: ask, tcp: true, host: db.test, ports: [5432] }
    - { id: ask-pin, effect: ask, host: pin.test, tls: passthrough }
`

/** Whom rules ask: every question as it comes, to be answered by the test. */
function people() {
  const asked: (Matter & { readonly signal: AbortSignal; answer(outcome: Outcome): void; cannot(): void })[] = []
  const approvals: Approvals = {
    ask(matter, signal) {
      const { promise, resolve, reject } = Promise.withResolvers<Outcome>()
      signal.addEventListener('abort', () => resolve('unanswered'), { once: true })
      asked.push({ ...matter, signal, answer: resolve, cannot: () => reject(new Error('nobody is there')) })
      return promise
    },
  }
  return { asked, approvals, first: async () => await expect.poll(() => asked[0]).toBeDefined() }
}

function worldOf(options: WorldOptions = {}) {
  const { asked, approvals, first } = people()
  return { world: startWorld({ policy, approvals, ...options }), asked, first }
}

const host = { host: 'ask.test' }
const lines = (facts: readonly { kind: string; decision: string; facts: unknown }[]) =>
  facts.map(({ kind, decision, facts: more }) => [kind, decision, more])

test('a request that a rule asks about waits, and goes on as it was when it is approved', async () => {
  const { world, asked, first } = worldOf()
  await using _ = world
  const requests = await webServer(world)
  const answer = ask(await world.openTls('ask.test'), { method: 'POST', path: '/x?secret=1', headers: { ...host, 'content-length': '5' }, body: 'hello' }) // prettier-ignore
  await first()
  expect(asked[0]).toMatchObject({
    kind: 'request',
    text: 'POST https://ask.test/x',
    denial: expect.stringMatching(/^dny_/),
  })
  expect(requests).toEqual([])
  expect(lines(world.facts)).toEqual([['access', 'deny', { state: 'held' }]])
  asked[0]!.answer('approved')
  expect(await answer).toMatchObject({ status: 200, body: 'POST ask.test/x?secret=1 5' })
  await expect.poll(() => world.facts).toHaveLength(2)
  expect(world.facts[1]).toMatchObject({
    decision: 'allow',
    would: 'allow',
    rule: 'ask-web',
    facts: { outcome: 'approved' },
  })
  // The grant is on its way: the same is not asked about again meanwhile, something else is.
  expect((await ask(await world.openTls('ask.test'), { method: 'POST', path: '/x', headers: { ...host, 'content-length': '0' } })).status).toBe(200) // prettier-ignore
  void ask(await world.openTls('ask.test'), { path: '/y', headers: host }).catch(() => {})
  await expect.poll(() => asked.length).toBe(2)
})

test('what is the same is one question over HTTP/2 too, other streams go on, and a refusal is not asked about again', async () => {
  const { world, asked, first } = worldOf({ policy: policy.replace('host: ask.test', 'host: ask.test, http: { paths: [/x] }') + '    - { id: free, host: ask.test, http: { paths: [/free] } }\n' }) // prettier-ignore
  await using _ = world
  await webServer(world)
  const socket = await world.openTls('ask.test', 443, { ALPNProtocols: ['h2'] })
  const session = connectHttp2('https://ask.test', { createConnection: () => socket })
  session.on('error', () => {})
  const get = async (path: string) => {
    const stream = session.request({ ':path': path })
    const [head] = await once(stream, 'response')
    let text = ''
    for await (const piece of stream.setEncoding('utf8')) text += piece
    return { status: Number(head[':status']), kind: head['x-reeve-class'], text }
  }
  const same = [get('/x'), get('/x?y=2'), get('/x')]
  await first()
  expect(await get('/free')).toMatchObject({ status: 200 })
  expect(asked).toHaveLength(1)
  asked[0]!.answer('declined')
  for (const one of await Promise.all(same)) {
    expect(one).toMatchObject({ status: 403, kind: 'policy' })
    expect(JSON.parse(one.text)).toMatchObject({ reason: 'rule', can_request: true })
  }
  expect(await get('/x')).toMatchObject({ status: 403, kind: 'policy' })
  expect(asked).toHaveLength(1)
  session.destroy()
})

test('who waited long enough is told that it is being decided, and is let through when he comes back after that', async () => {
  const { world, asked } = worldOf({ askWaitMs: 1 })
  await using _ = world
  const requests = await webServer(world)
  const get = async () => ask(await world.openTls('ask.test'), { path: '/x', headers: host })
  for (let n = 0; n < 2; n++) {
    const told = await get()
    expect(told).toMatchObject({ status: 403, headers: { 'x-reeve-class': 'approval-pending' } })
    const said = JSON.parse(told.body)
    expect(said).toMatchObject({ type: 'urn:reeve:denied:approval-pending', can_request: false })
    expect(said.detail).toContain('reeve access list')
    expect(said.help).toBe(`A person can run: reeve explain ${told.headers['x-reeve-denial']}`)
  }
  expect(asked).toHaveLength(1)
  expect(asked[0]!.signal.aborted).toBe(false)
  expect(world.facts.at(-1)).toMatchObject({
    kind: 'net',
    decision: 'deny',
    would: 'ask',
    facts: { outcome: 'pending' },
  })
  asked[0]!.answer('approved')
  expect((await get()).status).toBe(200)
  expect(requests).toHaveLength(1)
})

test('a policy that says otherwise ends the wait, and decides', async () => {
  for (const [rule, status] of [
    ['{ id: a, host: ask.test }', 200],
    ['{ id: d, effect: deny, host: ask.test }', 403],
  ] as const) {
    // prettier-ignore
    const { world, first } = worldOf()
    await using _ = world
    await webServer(world)
    const answer = ask(await world.openTls('ask.test'), { headers: host })
    await first()
    world.policy.replace(policy)
    world.policy.replace(`${p0}    - ${rule}\n`)
    expect((await answer).status).toBe(status)
  }
})

test('a client that goes frees its wait, is on record, and the question stays for the next', async () => {
  const { world, asked, first } = worldOf()
  await using _ = world
  await webServer(world)
  const socket = await world.openTls('ask.test')
  void ask(socket, { headers: host }).catch(() => {})
  await first()
  socket.destroy()
  await expect.poll(() => lines(world.facts)).toContainEqual(['net', 'deny', { outcome: 'gone' }])
  const tls = await world.openTls('ask.test', 443, { ALPNProtocols: ['h2'] })
  const session = connectHttp2('https://ask.test', { createConnection: () => tls })
  session.on('error', () => {})
  const stream = session.request({ ':path': '/' })
  stream.on('error', () => {})
  await once(session, 'remoteSettings')
  const next = ask(await world.openTls('ask.test'), { headers: host })
  stream.close(8)
  await expect.poll(() => world.facts.filter(({ facts }) => facts?.['outcome'] === 'gone')).toHaveLength(2)
  asked[0]!.answer('approved')
  expect((await next).status).toBe(200)
  expect(asked).toHaveLength(1)
  session.destroy()
})

test('a flood of different requests is some questions and no more; the rest is denied at once', async () => {
  const { world, asked } = worldOf({ askWaitMs: 1 })
  await using _ = world
  const get = async (n: number) => ask(await world.openTls('ask.test'), { path: `/${n}`, headers: host })
  const told = await Promise.all(Array.from({ length: 40 }, (_, n) => get(n)))
  expect(asked).toHaveLength(16)
  const kinds = told.map(({ status, headers }) => `${status} ${String(headers['x-reeve-class'])}`)
  expect(kinds.filter((kind) => kind === '403 approval-pending')).toHaveLength(16)
  expect(kinds.filter((kind) => kind === '403 policy')).toHaveLength(24)
  asked[0]!.answer('approved')
  expect((await get(100)).headers['x-reeve-class']).toBe('approval-pending')
  expect(asked).toHaveLength(17)
})

test('where nobody can be asked it is a denial, at once', async () => {
  const { world, asked, first } = worldOf()
  await using _ = world
  const answer = ask(await world.openTls('ask.test'), { headers: host })
  await first()
  asked[0]!.cannot()
  expect(await answer).toMatchObject({ status: 403, headers: { 'x-reeve-class': 'policy' } })
  expect(world.facts.at(-1)).toMatchObject({ facts: { outcome: 'unanswered' } })
})

test('of a body that waits no more is taken than the buffers of the connection, and all of it arrives afterwards', async () => {
  const { world, asked, first } = worldOf()
  await using _ = world
  await webServer(world)
  const socket = await world.openTls('ask.test')
  const length = 48 * 1_048_576
  const answer = ask(socket, {
    method: 'PUT',
    headers: { ...host, 'content-length': String(length) },
    body: Buffer.alloc(length),
  })
  await first()
  // Another request goes all the way meanwhile, so that whatever would be read has been.
  expect((await ask(await world.openTls('git.test'), { headers: { host: 'git.test' } })).status).toBe(200)
  expect(socket.writableLength).toBeGreaterThan(length / 2)
  asked[0]!.answer('approved')
  expect((await answer).body).toBe(`PUT ask.test/ ${length}`)
})

test('a body that waits to be asked for is asked for when it is approved', async () => {
  const { world, asked, first } = worldOf()
  await using _ = world
  await webServer(world)
  const socket = await world.openTls('ask.test')
  let text = ''
  socket.on('data', (piece) => (text += piece))
  socket.write('POST / HTTP/1.1\r\nHost: ask.test\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n')
  await first()
  expect(text).toBe('')
  asked[0]!.answer('approved')
  await expect.poll(() => text).toContain('100 Continue')
  socket.write('hello')
  await expect.poll(() => text).toContain('POST ask.test/ 5')
  socket.destroy()
})

/** Says first what it is, and repeats what it hears. */
const database = () =>
  createServer((socket) => {
    socket.on('error', () => socket.destroy())
    socket.write('ready\n')
    socket.pipe(socket)
  })

const heard = (socket: Socket) => {
  let text = ''
  socket.on('data', (piece) => (text += piece))
  return () => text
}

test('a raw connection waits before it is joined, and is reset where it is declined', async () => {
  const { world, asked, first } = worldOf()
  await using _ = world
  await world.serve(5432, database())
  const socket = await world.open('db.test', 5432)
  const text = heard(socket)
  socket.write('early ')
  await first()
  expect(asked[0]).toMatchObject({ text: 'connect db.test:5432' })
  expect(world.dialled).toEqual([])
  asked[0]!.answer('approved')
  await expect.poll(text).toBe('ready\nearly ')
  socket.end()
  await expect.poll(() => world.facts.at(-1)).toMatchObject({ decision: 'allow', rule: 'ask-db', facts: { outcome: 'approved' } }) // prettier-ignore

  const other = worldOf()
  await using __ = other.world
  const refused = await other.world.open('db.test', 5432)
  const closed = new Promise((resolve) => refused.once('close', resolve))
  refused.resume()
  await other.first()
  other.asked[0]!.answer('declined')
  await closed
  expect(other.world.facts.at(-1)).toMatchObject({ kind: 'net', decision: 'deny', facts: { outcome: 'declined' } })
})

test('a tunnel waits before it opens, one question for it and what is inside, and who leaves it frees it', async () => {
  const { world, asked, first } = worldOf()
  await using _ = world
  await world.serve(5432, database())
  const connect = 'CONNECT db.test:5432 HTTP/1.1\r\nHost: db.test:5432\r\n\r\n'
  const left = await world.open('127.0.0.1', 3128)
  left.write(connect)
  await first()
  left.end()
  await expect
    .poll(() => world.facts.at(-1))
    .toMatchObject({ kind: 'net', decision: 'deny', facts: { outcome: 'gone' } })
  const socket = await world.open('127.0.0.1', 3128)
  const text = heard(socket)
  socket.write(`${connect}early `)
  await expect.poll(() => asked.length).toBe(1)
  expect(text()).toBe('')
  asked[0]!.answer('approved')
  await expect.poll(text).toBe('HTTP/1.1 200 Connection established\r\n\r\nready\nearly ')
  expect(asked).toHaveLength(1)
  socket.destroy()

  const late = worldOf({ askWaitMs: 1 })
  await using __ = late.world
  const told = await say(await late.world.open('127.0.0.1', 3128), connect)
  expect(told).toMatch(/^HTTP\/1\.1 403 [\s\S]*x-reeve-class: approval-pending/i)
})

test('TLS that is passed through unread waits after its first words, and then leads to the server itself', async () => {
  const { world, asked, first } = worldOf()
  await using _ = world
  await webServer(world)
  const tls = connectTls({ socket: await world.open('pin.test', 443), servername: 'pin.test', ca: world.outsideAuthority.certificate }) // prettier-ignore
  await first()
  expect(world.dialled).toEqual([])
  asked[0]!.answer('approved')
  await once(tls, 'secureConnect')
  expect((await ask(tls, { headers: { host: 'pin.test' } })).body).toBe('GET pin.test/ 0')
  tls.destroy()
})

test('an approved connection stays when the grant comes, which is wider', async () => {
  const { world, asked, first } = worldOf()
  await using _ = world
  await webServer(world)
  const tls = connectTls({ socket: await world.open('pin.test', 443), servername: 'pin.test', ca: world.outsideAuthority.certificate }) // prettier-ignore
  await first()
  asked[0]!.answer('approved')
  await once(tls, 'secureConnect')
  world.policy.replace(policy)
  world.policy.replace(`${p0}    - { id: grant, tcp: true, host: pin.test, ports: [443] }\n`)
  expect((await ask(tls, { headers: { host: 'pin.test' } })).status).toBe(200)
  tls.destroy()
})

test('a WebSocket waits for its request to be approved', async () => {
  const { world, asked, first } = worldOf()
  await using _ = world
  await world.serve(
    80,
    createServer((socket) => {
      socket.on('error', () => socket.destroy())
      socket.once('data', () =>
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nframe'),
      )
    }),
  )
  world.policy.replace(`${p0}    - { id: ask-ws, effect: ask, host: ws.test, ports: [80] }\n`)
  const socket = await world.open('ws.test', 80)
  const text = heard(socket)
  socket.write('GET / HTTP/1.1\r\nHost: ws.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
  await first()
  expect(text()).toBe('')
  asked[0]!.answer('approved')
  await expect.poll(text).toMatch(/^HTTP\/1\.1 101 [\s\S]*frame$/)
  socket.destroy()
})

test('a policy that observes asks nobody, and the end of the session takes every question back', async () => {
  const observing = worldOf({ policy: policy.replace('name: p0', 'name: p0\nmode: observe') })
  await using _ = observing.world
  await webServer(observing.world)
  expect((await ask(await observing.world.openTls('ask.test'), { headers: host })).status).toBe(200)
  expect(observing.asked).toEqual([])

  const { world, asked, first } = worldOf()
  const waiting = ask(await world.openTls('ask.test'), { headers: host }).then(
    ({ status }) => status,
    () => 'cut off',
  )
  await first()
  await world[Symbol.asyncDispose]()
  expect(asked[0]!.signal.aborted).toBe(true)
  expect(await waiting).toBe('cut off')
})
