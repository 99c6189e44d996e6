import { fork } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import { manualClock, Secret } from '@reeve/base'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../db/testing.ts'
import { enqueue } from '../outbox/outbox.ts'
import { addPerson, statusesOf, testNotifier, webhookSecret, webhookSink } from './testing.ts'

let db: TestDatabase
beforeEach(async () => void (db = await testDatabase()))
afterEach(() => db[Symbol.asyncDispose]())

const minute = 60_000
const tell = (userIds: string[], at: Date, token = 'ci') =>
  db.transaction((tx) =>
    enqueue(tx, {
      event: 'token-expiring',
      userIds,
      facts: { token, owner: 'max', expires: '2026-06-02T00:00:00Z' },
      at,
    }),
  )

test('a webhook is signed over its id, time and exact body, with every secret of a change', async () => {
  const clock = manualClock('2026-06-01T12:00:00Z')
  const max = await addPerson(db, 'max')
  await using sink = await webhookSink()
  const next = new Secret(`whsec_${Buffer.alloc(24, 9).toString('base64')}`)
  const secrets = [webhookSecret, next]
  await using sender = testNotifier(db, clock, { webhook: { endpoint: sink.url, secrets } })
  await tell([max], clock.now())
  await sender.round()
  const [call] = sink.calls
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature } = call?.headers ?? {}
  const sign = (secret: Secret) =>
    `v1,${createHmac('sha256', Buffer.from(secret.reveal().slice(6), 'base64'))
      .update(`${String(id)}.${String(timestamp)}.${call?.body}`)
      .digest('base64')}`
  expect(signature).toBe(secrets.map(sign).join(' '))
  expect(timestamp).toBe(String(clock.now().getTime() / 1000))
  expect(JSON.parse(call?.body ?? '')).toMatchObject({
    msg_id: id,
    payload: { notification_template_id: 'token-expiring', user_username: 'max', labels: { token: 'ci' } },
    title: 'The token “ci” is about to expire',
  })
})

test('with two notifiers, one of them killed with messages in its hands, each is taken once, under one id', async () => {
  const people = await Promise.all(Array.from({ length: 10 }, (_, i) => addPerson(db, `person-${i}`)))
  const taken: string[] = []
  const held: string[] = []
  const full = Promise.withResolvers<void>()
  let isHolding = true
  await using sink = await webhookSink(({ id }, res) => {
    // The first ones are held unanswered, as by a receiver that is busy, until their sender is dead.
    if (isHolding) {
      held.push(id)
      if (held.length === 4) full.resolve()
      return
    }
    taken.push(id)
    res.writeHead(204).end()
  })
  await tell(people, new Date())
  const script = join(import.meta.dirname, 'webhook-child.ts')
  const child = fork(script, [JSON.stringify(db.connection), sink.url, webhookSecret.reveal()])
  await full.promise
  child.kill('SIGKILL')
  await once(child, 'exit')
  isHolding = false

  const clock = manualClock(new Date())
  const webhook = { endpoint: sink.url, secrets: [webhookSecret] }
  await using one = testNotifier(db, clock, { webhook })
  await using other = testNotifier(db, clock, { webhook })
  await Promise.all([one.round(), other.round()])
  // What the dead one had leased is nobody else's until its lease ends.
  expect(taken).toHaveLength(6)
  expect(taken.filter((id) => held.includes(id))).toEqual([])
  clock.advance(5 * minute)
  await Promise.all([one.round(), other.round()])
  expect(taken).toHaveLength(10)
  expect(new Set(taken).size).toBe(10)
  expect(taken.slice(6).toSorted()).toEqual(held.toSorted())
  expect(new Set(await statusesOf(db))).toEqual(new Set(['sent']))
})

test('of many notifiers at once each message is sent by one', async () => {
  const clock = manualClock('2026-06-01T12:00:00Z')
  const people = await Promise.all(Array.from({ length: 20 }, (_, i) => addPerson(db, `person-${i}`)))
  await using sink = await webhookSink()
  const webhook = { endpoint: sink.url, secrets: [webhookSecret] }
  await tell(people, clock.now())
  await using senders = new AsyncDisposableStack()
  const all = Array.from({ length: 4 }, () => senders.use(testNotifier(db, clock, { webhook })))
  await Promise.all(all.map((sender) => sender.round()))
  await Promise.all(all.map((sender) => sender.round()))
  expect(sink.calls).toHaveLength(20)
  expect(new Set(sink.calls.map(({ id }) => id)).size).toBe(20)
})

test('a redirect is not followed, an error is tried again, and an endless answer is cut off', async () => {
  const clock = manualClock('2026-06-01T12:00:00Z')
  const max = await addPerson(db, 'max')
  await using elsewhere = await webhookSink()
  const answers = [
    (res: ServerResponse) => void res.writeHead(307, { location: elsewhere.url }).end(),
    (res: ServerResponse) => void res.writeHead(500).end(),
  ]
  let endless: NodeJS.Timeout | undefined
  await using sink = await webhookSink((_, res) => {
    const answer = answers.shift()
    if (answer !== undefined) return answer(res)
    res.writeHead(200)
    const more = () => {
      if (res.destroyed) return
      if (res.write('x'.repeat(65_536))) endless = setTimeout(more, 1)
      else res.once('drain', more)
    }
    more()
  })
  const webhook = { endpoint: sink.url, secrets: [webhookSecret] }
  await using sender = testNotifier(db, clock, { webhook })
  await tell([max], clock.now())
  for (let times = 0; times < 3; times++) {
    await sender.round()
    clock.advance(5 * minute)
  }
  clearTimeout(endless)
  expect(sender.outcomes).toEqual(['webhook retried', 'webhook retried', 'webhook sent'])
  expect(elsewhere.calls).toEqual([])
  expect(new Set(sink.calls.map(({ id }) => id)).size).toBe(1)
})
