import { silentLog } from '@reeve/base'
import { readNote } from '@reeve/sdk'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../db/testing.ts'
import { takeCheckpoint } from '../checkpoints.ts'
import { verifySignature } from '../proof.ts'
import { memoryCheckpointLog, testSigner } from '../testing.ts'
import { receiver, sinkWorld } from './testing.ts'

let db: TestDatabase
let world: ReturnType<typeof sinkWorld>
beforeEach(async () => {
  db = await testDatabase()
  world = sinkWorld(db)
})
afterEach(() => db[Symbol.asyncDispose]())

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`

function signing() {
  const signer = testSigner(world.clock)
  const checkpointLog = memoryCheckpointLog()
  return {
    signer,
    notes: checkpointLog.notes,
    async sign() {
      world.clock.advance(60_000)
      await takeCheckpoint({ db, clock: world.clock, log: silentLog, signer, checkpointLog })
    },
  }
}

test('each checkpoint comes once, after the events that it covers, as it was signed', async () => {
  await using siem = await receiver()
  await world.addSink('webhook', siem.url, { secret })
  const { signer, notes, sign } = signing()
  const deliver = world.runner()
  await world.write(2)
  await sign()
  await world.write(1)
  await deliver()
  await sign()
  await deliver()
  await deliver()
  const bodies = siem.received.map(({ body }) => JSON.parse(body))
  expect(bodies.map(({ type }) => type)).toEqual([
    'audit.thing.write',
    'audit.thing.write',
    'audit.thing.write',
    'audit.audit_log.checkpoint',
    'audit.audit_log.checkpoint',
  ])
  expect(bodies.slice(3).map(({ data }) => data)).toMatchObject([
    { kind: 'checkpoint', number: 1, seq: 2, note: notes[0], key_id: signer.key.id },
    { kind: 'checkpoint', number: 2, seq: 3, note: notes[1] },
  ])
  expect(siem.received.at(-1)?.headers['webhook-id']).toBe(`checkpoint-2-${signer.key.id}`)
  expect(readNote(bodies[3].data.note, [signer.key], verifySignature)).toMatchObject({ kind: 'signed' })
})

test('one that was not taken comes again, and the events before it do not', async () => {
  await using siem = await receiver((res, number) => void res.writeHead(number === 3 ? 503 : 204).end())
  await world.addSink('webhook', siem.url, { secret })
  const { sign } = signing()
  await world.write(2)
  await sign()
  await world.runner()()
  expect(await world.state()).toMatchObject({
    delivered_seq: 2,
    delivered_checkpoint: 0,
    failing_since: expect.any(Date),
  })
  world.clock.advance(60_000)
  await world.runner()()
  expect(await world.state()).toMatchObject({ delivered_seq: 2, delivered_checkpoint: 1, failing_since: null })
  const ids = siem.received.map(({ headers }) => headers['webhook-id'])
  expect(ids).toHaveLength(4)
  expect(ids[3]).toBe(ids[2])
})

test('OTLP and OCSF have checkpoints too', async () => {
  await using siem = await receiver()
  await world.addSink('otlp', siem.url, { format: 'ocsf' })
  const { notes, sign } = signing()
  await world.write(1)
  await sign()
  await world.runner()()
  const [, checkpoint] = siem.received.flatMap(({ body }) => JSON.parse(body).resourceLogs[0].scopeLogs[0].logRecords)
  expect(checkpoint).toMatchObject({ eventName: 'audit_log.checkpoint' })
  const event = JSON.parse(checkpoint.body.stringValue)
  expect(event).toMatchObject({ class_uid: 6003, unmapped: { kind: 'checkpoint', number: 1, note: notes[0] } })
})
