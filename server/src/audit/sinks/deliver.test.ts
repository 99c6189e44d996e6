import type { ServerResponse } from 'node:http'
import { uuidv7 } from '@reeve/base'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../db/testing.ts'
import { startDelivery } from './deliver.ts'
import { leaseSinks } from './queries.ts'
import { type Receiver, receiver, sinkWorld } from './testing.ts'

let db: TestDatabase
let world: ReturnType<typeof sinkWorld>
beforeEach(async () => {
  db = await testDatabase()
  world = sinkWorld(db)
})
afterEach(() => db[Symbol.asyncDispose]())

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const idsAt = ({ received }: Receiver) => received.map(({ headers }) => headers['webhook-id'])

/** A receiver that keeps the first request unanswered until it is told to answer. */
async function holding() {
  const held = Promise.withResolvers<ServerResponse>()
  const siem = await receiver((res, number) => {
    if (number === 1) held.resolve(res)
    else res.writeHead(204).end()
  })
  return { ...siem, held: held.promise }
}

test('a replica that died with a lease is followed by another when the lease has run out, and not before', async () => {
  await using siem = await receiver()
  await world.addSink('webhook', siem.url, { secret })
  await world.write(5)
  const now = world.clock.now()
  const dead = uuidv7(now)
  expect(await leaseSinks(db.sql, dead, now, new Date(now.getTime() + 90_000), new Map())).toHaveLength(1)
  const deliver = world.runner()
  world.clock.advance(89_999)
  await deliver()
  expect(siem.received).toEqual([])
  world.clock.advance(1)
  await deliver()
  expect(idsAt(siem)).toEqual(await world.ids())
})

test('a replica that was only slow finds its lease gone, stops, and does not move the cursor back', async () => {
  await using siem = await holding()
  await world.addSink('webhook', siem.url, { secret })
  await world.write(5)
  const slow = world.runner()()
  const res = await siem.held
  world.clock.advance(90_000)
  await world.runner()()
  expect(await world.state()).toMatchObject({ delivered_seq: 5, leased_by: null })
  res.writeHead(204).end()
  await slow
  const [first, ...rest] = await world.ids()
  expect(idsAt(siem)).toEqual([first, first, ...rest])
  expect(await world.state()).toMatchObject({ delivered_seq: 5, leased_by: null, last_error: null })
})

test('a slow replica that fails after its lease went over says nothing about the sink of another', async () => {
  await using siem = await holding()
  await world.addSink('webhook', siem.url, { secret })
  await world.write(2)
  const slow = world.runner()()
  const res = await siem.held
  world.clock.advance(90_000)
  await world.runner()()
  res.writeHead(500).end()
  await slow
  expect(await world.state()).toMatchObject({ delivered_seq: 2, attempts: 0, last_error: null, next_attempt_at: null })
})

test('while one replica delivers, another has nothing to do', async () => {
  await using siem = await holding()
  await world.addSink('webhook', siem.url, { secret })
  await world.write(5)
  const [one, other] = [world.runner(), world.runner()]
  const running = one()
  const res = await siem.held
  await other()
  expect(siem.received).toHaveLength(1)
  res.writeHead(204).end()
  await running
  expect(idsAt(siem)).toEqual(await world.ids())
})

test('two replicas that look at the same moment deliver each event once, in order', async () => {
  await using siem = await receiver()
  await world.addSink('webhook', siem.url, { secret })
  const [one, other] = [world.runner(), world.runner()]
  for (let round = 0; round < 10; round++) {
    await Promise.all([world.write(3), one(), other()])
  }
  await Promise.all([one(), other()])
  expect(idsAt(siem)).toEqual(await world.ids())
  expect(await world.state()).toMatchObject({ delivered_seq: 30, leased_by: null })
})

test('a replica that stops in the middle gives its lease back, and the event goes to the next one', async () => {
  await using siem = await holding()
  await world.addSink('webhook', siem.url, { secret })
  await world.write(2)
  const delivery = startDelivery(world.context())
  await siem.held
  await delivery[Symbol.asyncDispose]()
  expect(await world.state()).toMatchObject({ delivered_seq: 0, leased_by: null, leased_until: null, last_error: null })
  await world.runner()()
  const [first, second] = await world.ids()
  expect(idsAt(siem)).toEqual([first, first, second])
})
