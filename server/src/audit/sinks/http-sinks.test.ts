import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../db/testing.ts'
import { type Receiver, receiver, sinkWorld } from './testing.ts'

let db: TestDatabase
let world: ReturnType<typeof sinkWorld>
beforeEach(async () => {
  db = await testDatabase()
  world = sinkWorld(db)
})
afterEach(() => db[Symbol.asyncDispose]())

const key = Buffer.alloc(32, 7)
const secret = `whsec_${key.toString('base64')}`
const idsAt = ({ received }: Receiver) => received.map(({ headers }) => headers['webhook-id'])

test('a receiver that answers 500 stops the cursor there; after the pause the same event comes again, and none is lost', async () => {
  await using siem = await receiver((res, number) => void res.writeHead(number === 3 || number === 4 ? 500 : 204).end())
  await world.addSink('webhook', siem.url, { secret })
  await world.write(5)
  const deliver = world.runner()
  await deliver()
  expect(await world.state()).toMatchObject({ delivered_seq: 2, attempts: 1, failing_since: world.clock.now() })
  expect((await world.state()).last_error).toContain('answered 500')
  await deliver()
  expect(siem.received).toHaveLength(3)
  world.clock.advance(1_000)
  await deliver()
  expect(siem.received).toHaveLength(4)
  world.clock.advance(1_000)
  await deliver()
  expect(siem.received).toHaveLength(4)
  world.clock.advance(1_000)
  await deliver()
  const [one, two, three, four, five] = await world.ids()
  expect(idsAt(siem)).toEqual([one, two, three, three, three, four, five])
  expect(await world.state()).toMatchObject({ delivered_seq: 5, attempts: 0, last_error: null, failing_since: null })
})

test('a receiver that had recovered is tried again soon, however long it was away before', async () => {
  await using siem = await receiver((res, number) => void res.writeHead(number === 2 ? 500 : 204).end())
  const { id } = await world.addSink('webhook', siem.url, { secret })
  await db.sql.updateTable('audit_sinks').set({ attempts: 9 }).where('id', '=', id).execute()
  await world.write(2)
  await world.runner()()
  const { next_attempt_at } = await world.state()
  expect(next_attempt_at).toEqual(new Date(world.clock.now().getTime() + 1_000))
})

test('a receiver that never answers is given up after the bound, and has everything when it answers again', async () => {
  let isHanging = true
  await using siem = await receiver((res) => void (isHanging || res.writeHead(204).end()))
  await world.addSink('webhook', siem.url, { secret })
  await world.write(3)
  await world.runner({ answerMs: 50 })()
  expect(await world.state()).toMatchObject({ delivered_seq: 0, leased_by: null })
  expect((await world.state()).last_error).toContain('did not answer within')
  isHanging = false
  world.clock.advance(1_000)
  await world.runner()()
  const [first, ...rest] = await world.ids()
  expect(idsAt(siem)).toEqual([first, first, ...rest])
})

test('an answer without end is not read to its end', async () => {
  const closed = Promise.withResolvers<unknown>()
  await using siem = await receiver((res) => {
    res.writeHead(200)
    res.once('close', () => closed.resolve(null))
    const chunk = Buffer.alloc(64 * 1024)
    const more = (): void => {
      while (!res.destroyed && res.write(chunk));
      if (!res.destroyed) void once(res, 'drain').then(more, () => {})
    }
    more()
  })
  await world.addSink('otlp', siem.url)
  await world.write(1)
  await world.runner()()
  await closed.promise
  expect(await world.state()).toMatchObject({ delivered_seq: 1 })
})

test('a redirect is not followed', async () => {
  await using elsewhere = await receiver()
  for (const status of [301, 302, 307, 308]) {
    await using siem = await receiver((res) => void res.writeHead(status, { location: elsewhere.url }).end())
    const { id } = await world.addSink('webhook', siem.url, { secret, name: `siem ${status}` })
    await world.write(1)
    await world.runner()()
    const row = await db.sql.selectFrom('audit_sinks').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
    expect(row.last_error).toContain(`answered ${status}; redirects are not followed`)
    expect(row.delivered_seq).toBe(0)
    await db.sql.deleteFrom('audit_sinks').execute()
  }
  expect(elsewhere.received).toEqual([])
})

test('a private address is refused before anything is sent, unless the sink or the deployment allows it', async () => {
  for (const kind of ['webhook', 'otlp'] as const) {
    await using siem = await receiver()
    await world.addSink(kind, siem.url, { secret, allow_private: false })
    await world.write(1)
    await world.runner()()
    expect((await world.state()).last_error).toContain('private address')
    expect(siem.received).toEqual([])
    world.clock.advance(1_000)
    await world.runner({ outboundAllowed: [{ address: '127.0.0.1', prefix: 32, family: 'ipv4' }] })()
    expect(await world.state()).toMatchObject({ last_error: null })
    expect(siem.received).not.toEqual([])
    await db.sql.deleteFrom('audit_sinks').execute()
  }
})

test('a webhook has every event in order, each signed over its id, its time and its exact body', async () => {
  await using siem = await receiver()
  await world.addSink('webhook', `${siem.url}/in?x=1`, { secret })
  await world.write(12)
  await world.runner()()
  expect(idsAt(siem)).toEqual(await world.ids())
  for (const [index, { path, headers, body }] of siem.received.entries()) {
    const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature } = headers
    const signed = createHmac('sha256', key)
      .update(`${String(id)}.${String(timestamp)}.${body}`)
      .digest('base64')
    expect(signature).toBe(`v1,${signed}`)
    expect(timestamp).toBe(String(world.clock.now().getTime() / 1000))
    expect(path).toBe('/in?x=1')
    expect(JSON.parse(body)).toMatchObject({ type: 'audit.thing.write', data: { id, seq: index + 1 } })
  }
})

test('an OTLP receiver has every event in order, in pieces, with the token', async () => {
  await using siem = await receiver((res) => void res.writeHead(200).end('{}'))
  await world.addSink('otlp', `${siem.url}/`, { secret: 'token-of-the-collector' })
  await world.write(450)
  await world.runner()()
  const records = siem.received.map(({ body }) => JSON.parse(body).resourceLogs[0].scopeLogs[0].logRecords)
  expect(records.map(({ length }) => length)).toEqual([200, 200, 50])
  expect(records.flat().map(({ attributes }) => attributes[0].value.stringValue)).toEqual(await world.ids())
  expect(records[0][0]).toMatchObject({ eventName: 'thing.write', severityText: 'INFO' })
  expect(JSON.parse(records[0][0].body.stringValue)).toMatchObject({ seq: 1, resource_target: 'é\n"' })
  for (const { path, headers } of siem.received) {
    expect([path, headers.authorization]).toEqual(['/v1/logs', 'Bearer token-of-the-collector'])
  }
  expect(await world.state()).toMatchObject({ delivered_seq: 450, leased_by: null })
})
