import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { Fault } from '@reeve/base'
import { createClient } from './client.ts'
import { endpoints } from './endpoints.ts'
import { follow } from './follow.ts'

const closers: (() => void)[] = []
afterEach(() => closers.splice(0).forEach((close) => close()))

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => {
    server.closeAllConnections()
    server.close()
  })
  // SAFETY: a server that listens on a TCP port has an AddressInfo.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const json = (body: unknown, status = 200): RequestListener => {
  return (_, res) => res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

const fault = (promise: Promise<unknown>): Promise<Fault> =>
  promise.then(
    () => expect.unreachable('it should have failed'),
    (thrown: unknown) => (thrown instanceof Fault ? thrown : Promise.reject(thrown)),
  )

test('parameters, query and token reach the server where the endpoint says', async () => {
  let seen: unknown
  const url = await serve((req, res) => {
    seen = [req.method, req.url, req.headers['reeve-session-token'], req.headers.authorization]
    json([])(req, res)
  })
  const client = createClient({ url: `${url}/`, token: 'rv_x' })
  await client.call(endpoints.listTokens, { params: { user: 'a/b ?' }, query: { include_all: 'true' } })
  expect(seen).toEqual(['GET', '/api/v2/users/a%2Fb%20%3F/keys/tokens?include_all=true', 'rv_x', undefined])
})

test('a parameter that URLs would swallow is refused before anything is sent', async () => {
  const client = createClient({ url: 'http://127.0.0.1:1' })
  for (const user of ['', '.', '..']) {
    expect((await fault(client.call(endpoints.getUser, { params: { user } }))).code).toBe('invalid')
  }
})

test('an error answer keeps code, words, remedy, fields and request id of the server', async () => {
  const validations = [{ field: 'email', detail: 'not an e-mail address' }]
  const url = await serve(
    json({ message: 'no', detail: 'do this', code: 'conflict', validations, request_id: 'r1' }, 400),
  )
  const thrown = await fault(createClient({ url }).call(endpoints.listUsers))
  expect(thrown).toMatchObject({
    code: 'conflict',
    message: 'no',
    fix: 'do this',
    problems: validations,
    requestId: 'r1',
  })
})

test('an answer without a code is read by its status', async () => {
  for (const [status, code] of [
    [401, 'unauthenticated'],
    [404, 'not_found'],
    [418, 'invalid'],
    [500, 'internal'],
  ] as const) {
    const url = await serve(json({ message: 'm' }, status))
    expect((await fault(createClient({ url }).call(endpoints.listUsers))).code).toBe(code)
  }
})

test('a sign-in page, an empty answer and a redirect are told for what they are', async () => {
  const page = await serve((_, res) =>
    res.writeHead(200, { 'content-type': 'text/html' }).end('<!DOCTYPE html><title>x'),
  )
  expect((await fault(createClient({ url: page }).call(endpoints.listUsers))).message).toContain('answered HTML')
  const empty = await serve((_, res) => res.end())
  expect((await fault(createClient({ url: empty }).call(endpoints.listUsers))).message).toContain('answered nothing')
  let followed = false
  const elsewhere = await serve((_, res) => {
    followed = true
    res.end('{}')
  })
  const moved = await serve((_, res) => res.writeHead(302, { location: elsewhere }).end())
  const thrown = await fault(createClient({ url: moved, token: 'rv_secret' }).call(endpoints.listUsers))
  expect(thrown).toMatchObject({ code: 'upstream', message: `${moved} redirects to ${elsewhere} instead of answering` })
  expect(followed).toBe(false)
})

test('an answer that breaks the contract is not handed on', async () => {
  const url = await serve(json({ users: 'none' }))
  expect((await fault(createClient({ url }).call(endpoints.listUsers))).code).toBe('upstream')
})

test('nobody there, a reset and silence are three different messages', async () => {
  const gone = await serve(() => {})
  closers.splice(0).forEach((close) => close())
  expect((await fault(createClient({ url: gone }).call(endpoints.listUsers))).message).toBe(
    `cannot reach ${gone}: nothing listens there`,
  )
  const reset = await serve((req) => req.socket.destroy())
  expect((await fault(createClient({ url: reset }).call(endpoints.listUsers))).message).toContain(
    'connection was closed',
  )
  const silent = await serve(() => {})
  expect((await fault(createClient({ url: silent, timeoutMs: 50 }).call(endpoints.listUsers))).code).toBe('timeout')
})

test('an abort by the caller comes out as the reason the caller gave', async () => {
  const silent = await serve(() => {})
  const stop = new AbortController()
  const reason = new Error('enough')
  const asked = createClient({ url: silent }).call(endpoints.listUsers, { signal: stop.signal })
  stop.abort(reason)
  await expect(asked).rejects.toBe(reason)
})

test('a download is handed over byte for byte', async () => {
  const bytes = Buffer.from([0, 255, 13, 10, 27])
  const url = await serve((_, res) => res.writeHead(200, { 'content-type': 'application/x' }).end(bytes))
  const { body, contentType } = await createClient({ url }).download(endpoints.getHealth)
  expect(contentType).toBe('application/x')
  expect(Buffer.from(await new Response(body).arrayBuffer())).toEqual(bytes)
})

const id = '01999999-0000-7000-8000-000000000001'
const change = { session_id: id, last_active_at: '2026-01-01T00:00:00Z', status: 'live' }
const events: RequestListener = (_, res) =>
  res.writeHead(200, { 'content-type': 'text/event-stream' }).end(`: hi\n\ndata: ${JSON.stringify(change)}\n\n`)

test('events are parsed as they come, and the end of the stream is the end', async () => {
  const url = await serve(events)
  const stream = await createClient({ url }).events(endpoints.watchSession, { params: { id } })
  expect(await Array.fromAsync(stream)).toEqual([change])
})

test('a watch that loses its connection says so and connects again', async () => {
  const url = await serve(events)
  const client = createClient({ url })
  const kinds: string[] = []
  for await (const told of follow(() => client.events(endpoints.watchSessions), { retryMsMin: 1, retryMsMax: 2 })) {
    kinds.push(told.kind)
    if (kinds.length === 6) break
  }
  expect(kinds).toEqual(['connected', 'event', 'lost', 'connected', 'event', 'lost'])
})

test('a watch that may not be watched is not tried again', async () => {
  let asked = 0
  const url = await serve((req, res) => {
    asked++
    json({ message: 'no such session' }, 404)(req, res)
  })
  const client = createClient({ url })
  const first = follow(() => client.events(endpoints.watchSession, { params: { id } }), { retryMsMin: 1 }).next()
  expect((await fault(first)).code).toBe('not_found')
  expect(asked).toBe(1)
})

test('a watch stops waiting when it is told to', async () => {
  const stop = new AbortController()
  const client = createClient({ url: 'http://127.0.0.1:1' })
  const watch = follow(() => client.events(endpoints.watchSessions), { signal: stop.signal, retryMsMin: 60_000 })
  expect((await watch.next()).value).toMatchObject({ kind: 'lost' })
  const next = watch.next()
  stop.abort(new Error('enough'))
  await expect(next).rejects.toThrow('enough')
})
