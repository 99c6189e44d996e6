import { existsSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type TestDatabase, testDatabase } from '../../db/testing.ts'
import { nodeFs } from '../../journal/node-fs.ts'
import { type Frame, readFrames } from '../../journal/read.ts'
import { segmentName } from '../../journal/segment-header.ts'
import { frameKind } from '../record/frames.ts'
import {
  bodyOf,
  endFacts,
  type Ids,
  record,
  someone,
  startFacts,
  streamOf,
  type TestRecord,
  testRecord,
} from '../testing.ts'

let db: TestDatabase
beforeAll(async () => void (db = await testDatabase()))
afterAll(() => db[Symbol.asyncDispose]())

const frames = (kept: TestRecord): Promise<Frame[]> =>
  Array.fromAsync(readFrames({ dir: kept.dir, from: { segment: 0, offset: 0 }, onDamage() {} }))

/** Changes the last byte of a frame, as a disk that forgets does. */
async function spoil(kept: TestRecord, frame: Frame): Promise<void> {
  await using file = await open(join(kept.dir, segmentName(frame.segment)), 'r+')
  const byte = Buffer.alloc(1)
  await file.read(byte, 0, 1, frame.end - 1)
  byte[0]! ^= 1
  await file.write(byte, 0, 1, frame.end - 1)
}

async function say(kept: TestRecord, who: Ids, times: number): Promise<string[]> {
  const ids: string[] = []
  for (let i = 0; i < times; i++) {
    const start = startFacts(who, bodyOf([{ role: 'user', content: `prompt ${i}` }]))
    ids.push(await record(kept.recorder, start, streamOf({ text: `answer ${i}` })))
  }
  return ids
}

/** Retires what the drain says is not needed any more, as the server does. */
async function retire(kept: TestRecord): Promise<number> {
  const below = kept.told.reduce((at, message) => (message.kind === 'retire' ? message.belowSegment : at), 0)
  await kept.journal.retire(below)
  return below
}

const isThere = (kept: TestRecord, segment: number, suffix = '') =>
  existsSync(join(kept.dir, segmentName(segment) + suffix))

test('a segment that the drain finds damaged outlives its retirement under a second name', async () => {
  await using kept = await testRecord({ db, segmentBytes: 16 * 1024 })
  const who = someone()
  const ids = await say(kept, who, 40)
  const hit = (await frames(kept)).find((frame) => frame.segment === 2 && frame.kind === frameKind.start)!
  await spoil(kept, hit)
  await kept.drain()
  expect(await retire(kept)).toBeGreaterThan(2)
  expect([isThere(kept, 1), isThere(kept, 2), isThere(kept, 2, '.damaged')]).toEqual([false, false, true])
  const rejects = await db.sql.selectFrom('drain_rejects').selectAll().where('segment', '=', 2).execute()
  expect(rejects.find((row) => row.payload === null)?.byte_offset).toBe(hit.start)
  const rows = await db.sql.selectFrom('interceptions').select('outcome').where('user_id', '=', who.userId).execute()
  expect(rows.map((row) => row.outcome)).toEqual(ids.slice(1).map(() => 'ok'))
})

test('a damaged segment that cannot be given a second name is not retired until it can', async () => {
  await using kept = await testRecord({ db, segmentBytes: 16 * 1024 })
  const who = someone()
  await say(kept, who, 40)
  await spoil(
    kept,
    (await frames(kept)).find((frame) => frame.segment === 2 && frame.kind === frameKind.start)!,
  )
  const refusal = vi
    .spyOn(nodeFs, 'link')
    .mockRejectedValue(Object.assign(new Error('no links here'), { code: 'EPERM' }))
  await kept.drain()
  expect(await retire(kept)).toBe(2)
  expect([isThere(kept, 2), isThere(kept, 2, '.damaged')]).toEqual([true, false])
  refusal.mockRestore()
  await say(kept, who, 1)
  await kept.drain()
  expect(await retire(kept)).toBeGreaterThan(2)
  expect([isThere(kept, 2), isThere(kept, 2, '.damaged')]).toEqual([false, true])
})

test('an answer that is damaged while it waits for its end: its segment is kept, too', async () => {
  await using kept = await testRecord({ db, segmentBytes: 64 * 1024 })
  const start = startFacts(someone(), bodyOf([{ role: 'user', content: 'long' }]))
  const recording = await kept.recorder.begin(start)
  recording.response(streamOf({ text: 'w'.repeat(100_000) }).subarray(0, 80_000))
  await say(kept, someone(), 40)
  await kept.drain()
  const chunk = (await frames(kept)).find((frame) => frame.kind === frameKind.chunk)!
  expect(chunk.segment).toBeLessThan(kept.journal.durable().segment)
  await spoil(kept, chunk)
  await recording.end(endFacts())
  await kept.drain()
  expect(await retire(kept)).toBeGreaterThan(chunk.segment)
  expect([isThere(kept, chunk.segment), isThere(kept, chunk.segment, '.damaged')]).toEqual([false, true])
  const row = await db.sql.selectFrom('interceptions').select('outcome').where('id', '=', start.id).executeTakeFirst()
  expect(row?.outcome).toBe('ok')
})
