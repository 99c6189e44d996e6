import { once } from 'node:events'
import { createServer } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type WebSocket as ProviderSocket, WebSocketServer } from 'ws'
import { type TestDatabase, testDatabase } from '../../server/src/db/testing.ts'
import { noLimits, person, testGateway } from '../../server/src/gateway/gateway-testing.ts'

let db: TestDatabase
beforeAll(async () => void (db = await testDatabase()))
afterAll(() => db[Symbol.asyncDispose]())

/** A provider that answers what it is asked over WebSockets with `answer`. */
async function startProvider(answer: (socket: ProviderSocket, text: string) => void) {
  const sockets = new WebSocketServer({ noServer: true })
  const server = createServer((_req, res) => res.writeHead(500).end())
  server.on('upgrade', (req, socket, head) =>
    sockets.handleUpgrade(req, socket, head, (opened) => {
      opened.on('error', () => {})
      opened.on('message', (data) => answer(opened, String(data)))
    }),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/v1`,
    async [Symbol.asyncDispose]() {
      for (const client of sockets.clients) client.terminate()
      server.close()
      await once(server, 'close')
    },
  }
}

/** As a client does it that says nothing but its token. Node's own WebSocket, so that two implementations meet. */
async function connect(url: string, token: string) {
  // SAFETY: Node's WebSocket takes headers, which the type of the browser's does not know.
  const socket = new WebSocket(`${url.replace('http', 'ws')}/openai/v1/responses`, {
    headers: { authorization: `Bearer ${token}` },
  } as unknown as string[])
  const told: { readonly type: string; readonly [member: string]: unknown }[] = []
  let wake = (): void => {}
  socket.addEventListener('message', ({ data }) => {
    told.push(JSON.parse(String(data)))
    wake()
  })
  const closed = new Promise<number>((resolve) => socket.addEventListener('close', ({ code }) => resolve(code)))
  const opened = await Promise.race([
    new Promise<boolean>((resolve) => socket.addEventListener('open', () => resolve(true))),
    new Promise<boolean>((resolve) => socket.addEventListener('error', () => resolve(false))),
  ])
  return {
    socket,
    told,
    opened,
    closed,
    async hears(count: number) {
      while (told.length < count) await new Promise<void>((resolve) => (wake = resolve))
    },
  }
}

let nextId = 0
function answering(socket: ProviderSocket): void {
  const response = { id: `resp_${++nextId}`, model: 'gpt-5.5', output: [] }
  socket.send(JSON.stringify({ type: 'response.created', response }))
  const usage = { input_tokens: 7, output_tokens: 2 }
  socket.send(JSON.stringify({ type: 'response.completed', response: { ...response, status: 'completed', usage } }))
}

const ask = (content: string, more: object = {}): string =>
  JSON.stringify({
    type: 'response.create',
    model: 'gpt-5.5',
    input: [{ role: 'user', content }],
    store: false,
    ...more,
  })

test('what is carried on over one connection is one session, though nothing in it says so', async () => {
  await using provider = await startProvider(answering)
  await using gateway = await testGateway(db, provider.url)
  const ada = await person(db, 'ada')
  const client = await connect(gateway.url, ada.token)
  client.socket.send(ask('First'))
  await client.hears(2)
  client.socket.send(ask('Second', { previous_response_id: `resp_${nextId}` }))
  await client.hears(4)
  client.socket.close()
  await client.closed
  const rows = () =>
    db.sql
      .selectFrom('interceptions')
      .select(['session_id', 'outcome', 'model'])
      .where('user_id', '=', ada.actor.userId)
      .execute()
  await expect.poll(async () => (await rows()).filter(({ outcome }) => outcome === 'ok').length).toBe(2)
  expect(new Set((await rows()).map(({ session_id }) => session_id)).size).toBe(1)
})

test('a revoked token closes the connection, and an unknown one opens none', async () => {
  await using provider = await startProvider((socket) =>
    socket.send('{"type":"response.created","response":{"id":"r"}}'),
  )
  await using gateway = await testGateway(db, provider.url)
  const leaver = await person(db, 'leaver')
  const client = await connect(gateway.url, leaver.token)
  client.socket.send(ask('Hello'))
  await client.hears(1)
  await db.sql.deleteFrom('api_keys').where('id', '=', leaver.keyId).execute()
  expect(await client.closed).toBe(1006)
  expect((await connect(gateway.url, leaver.token)).opened).toBe(false)
  expect(gateway.gateway.status().enabled).toBe(true)
})

test('each request over a connection counts, and one too many is told so in a message', async () => {
  await using provider = await startProvider(answering)
  await using gateway = await testGateway(db, provider.url, { limits: { ...noLimits, perUser: 1 } })
  const busy = await person(db, 'busy')
  const client = await connect(gateway.url, busy.token)
  client.socket.send(ask('One'))
  await client.hears(2)
  client.socket.send(ask('Two'))
  await client.hears(3)
  expect(client.told.at(-1)).toMatchObject({ type: 'error', status: 503 })
  client.socket.close()
  await client.closed
})
