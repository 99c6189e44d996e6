import type { ServerResponse } from 'node:http'
import { Fault } from '@reeve/base'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../db/testing.ts'
import { testKeyring } from '../../keyring/testing.ts'
import { sinkUpdated } from '../events.ts'
import { changesOf, type SinkPatch } from './change.ts'
import { lockSink, type SinkRow, updateSink } from './queries.ts'
import { receiver, sinkWorld } from './testing.ts'
import { secretContext } from './target.ts'

let db: TestDatabase
let world: ReturnType<typeof sinkWorld>
beforeEach(async () => {
  db = await testDatabase()
  world = sinkWorld(db)
})
afterEach(() => db[Symbol.asyncDispose]())

const keyring = testKeyring()
const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const pem = '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n'

const change = (patch: SinkPatch) =>
  db.transaction(async (tx) => {
    const sink = await lockSink(tx, 'siem')
    if (sink === undefined) throw new Error('there is no sink')
    const { columns, shown } = changesOf(sink, patch, keyring, world.clock.now())
    return { before: sink, after: await updateSink(tx, sink.id, columns), shown }
  })

const problemOf = (sink: SinkRow, patch: SinkPatch) => {
  try {
    changesOf(sink, patch, keyring, world.clock.now())
    return null
  } catch (thrown) {
    if (!(thrown instanceof Fault)) throw thrown
    return `${thrown.problems[0]?.field} ${thrown.problems[0]?.detail}`
  }
}

test('a token goes to no address that it was not entered for', async () => {
  const sink = await world.addSink('otlp', 'https://otel.example.com/v1', { secret: 'a-bearer-token-of-it' })
  const [elsewhere, samePlace] = ['https://evil.example.com/v1', 'https://otel.example.com/other']
  expect(problemOf(sink, { url: elsewhere })).toBe(
    'secret belongs to the address so far: enter it again, or null to send none',
  )
  expect(problemOf(sink, { url: 'https://otel.example.com:8443/v1' })).toContain('secret belongs')
  expect(problemOf(sink, { url: samePlace })).toBeNull()
  expect(problemOf(sink, { url: elsewhere, secret: null })).toBeNull()
  expect(problemOf(sink, { url: elsewhere, secret: 'a-token-of-the-other' })).toBeNull()
  const { after } = await change({ url: elsewhere, secret: null })
  expect(after).toMatchObject({ url: elsewhere, secret: null })
})

test('what a sink cannot be is refused as when it was made', async () => {
  const sink = await world.addSink('webhook', 'https://example.com/', { secret })
  expect(problemOf(sink, { url: 'tls://example.com' })).toBe('url must be like https://host/path')
  expect(problemOf(sink, { url: 'https://user:word@example.com/' })).toContain('url must not contain a user name')
  expect(problemOf(sink, { secret: 'not-a-webhook-secret' })).toContain('secret must be whsec_')
  expect(problemOf(sink, { ca: 'not a certificate' })).toBe('ca holds no certificate in PEM')
})

test('a secret that is made anew is shown once, opens where it stands, and is on record only as changed', async () => {
  const before = await world.addSink('webhook', 'https://example.com/', { secret })
  const { after, shown } = await change({ secret: null, ca: pem })
  expect(shown).toMatch(/^whsec_/)
  expect(shown).not.toBe(secret)
  expect(keyring.open(after.secret ?? '', secretContext(after.id)).reveal()).toBe(shown)
  const { diff } = sinkUpdated(before, after)
  expect(diff).toEqual({
    ca: { old: null, new: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) },
    secret: { old: before.secret, new: after.secret, secret: true },
  })
  expect((await change({ ca: null })).after.ca).toBeNull()
})

test('a change ends the pause of a sink that fails: the next attempt is made at once, at the new address', async () => {
  await using next = await receiver()
  await world.addSink('webhook', 'http://127.0.0.1:9/', { secret })
  await world.write(3)
  await world.runner()()
  expect(await world.state()).toMatchObject({ delivered_seq: 0, attempts: 1, failing_since: world.clock.now() })
  await change({ url: next.url })
  await world.runner()()
  expect(next.received.map(({ headers }) => headers['webhook-id'])).toEqual(await world.ids())
  expect(await world.state()).toMatchObject({ delivered_seq: 3, failing_since: null, last_error: null })
})

test('a sink that is switched off gets nothing and does not fail; switched on again it has all that it missed', async () => {
  await using siem = await receiver()
  await world.addSink('webhook', siem.url, { secret })
  await world.write(2)
  const { before, after } = await change({ enabled: false })
  expect(sinkUpdated(before, after).diff).toEqual({ enabled: { old: true, new: false } })
  world.clock.advance(60_000)
  await world.runner()()
  expect(siem.received).toEqual([])
  const { after: again } = await change({ enabled: false })
  expect(again.disabled_at).toEqual(after.disabled_at)
  await change({ enabled: true })
  await world.runner()()
  expect(siem.received.map(({ headers }) => headers['webhook-id'])).toEqual(await world.ids())
})

test('who is sending while a sink is switched off finishes what is on its way, and no more', async () => {
  const held = Promise.withResolvers<ServerResponse>()
  await using siem = await receiver((res, number) => (number === 1 ? held.resolve(res) : void res.writeHead(204).end()))
  await world.addSink('webhook', siem.url, { secret })
  await world.write(3)
  const running = world.runner()()
  const res = await held.promise
  await change({ enabled: false })
  res.writeHead(204).end()
  await running
  expect(siem.received).toHaveLength(1)
  expect(await world.state()).toMatchObject({ delivered_seq: 0, leased_by: null })
})
