import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { recordingLog, silentLog, systemClock } from '@reeve/base'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { emptyDatabase, type TestDatabase, testDatabase } from '../../db/testing.ts'
import { migrate } from '../../db/migrate.ts'
import { openJournal } from '../../journal/journal.ts'
import { createRecorder } from '../record/recorder.ts'
import { bodyOf, record, someone, startFacts, streamOf } from '../testing.ts'
import { type Drain, startDrain } from './drain.ts'

let db: TestDatabase
beforeAll(async () => void (db = await testDatabase()))
afterAll(() => db[Symbol.asyncDispose]())

async function opened(connection = db.connection) {
  await using undo = new AsyncDisposableStack()
  const dir = await mkdtemp(join(tmpdir(), 'reeve-worker-'))
  undo.defer(() => rm(dir, { recursive: true }))
  const log = recordingLog()
  const journal = undo.use(await openJournal({ dir, clock: systemClock, log, reserveBytes: 4096 }))
  const onBatch = () => {}
  const drain: Drain = undo.use(
    startDrain({ journal, connection, structuredLogging: true, tracing: null, clock: systemClock, log, onBatch }),
  )
  const recorder = undo.use(
    createRecorder({ journal, capture: 'full', masker: null, watch: { durable: drain.nudge, amend: (_, end) => end } }),
  )
  const running = undo.move()
  return { journal, drain, recorder, log, [Symbol.asyncDispose]: () => running.disposeAsync() }
}

const outcome = async (id: string) =>
  (await db.sql.selectFrom('interceptions').select('outcome').where('id', '=', id).executeTakeFirst())?.outcome

test('the thread drains on its own, prints the record lines, and reports no lag when it is done', async () => {
  await using kept = await opened()
  const id = await record(
    kept.recorder,
    startFacts(someone(), bodyOf([{ role: 'user', content: 'hi' }])),
    streamOf({ text: 'yes' }),
  )
  expect(await kept.drain.settle(120_000)).toBe(true)
  expect(await outcome(id)).toBe('ok')
  expect(kept.drain.status()).toMatchObject({ detail: '', lagSeconds: 0, restarts: 0 })
  expect(kept.journal.bytesAfter(kept.drain.status().drained)).toBe(0)
  // They follow the commit, and what is drained is told with it.
  const printed = () =>
    kept.log.lines
      .filter((line) => line.message === 'interception log')
      .map((line) => ('record_type' in line.facts ? line.facts.record_type : null))
  await expect.poll(printed).toContain('interception_end')
})

test('while the database cannot take the record it is kept, the status says so, and the drain catches up', async () => {
  await using later = await emptyDatabase()
  await using kept = await opened(later.connection)
  await record(
    kept.recorder,
    startFacts(someone(), bodyOf([{ role: 'user', content: 'hi' }])),
    streamOf({ text: 'yes' }),
  )
  while (kept.drain.status().detail === '') expect(await kept.drain.settle(100)).toBe(false)
  expect(kept.drain.status().detail).toContain('kept on disk')
  expect(kept.drain.status().lagSeconds).toBeGreaterThan(0)
  expect(kept.journal.bytesAfter(kept.drain.status().drained)).toBeGreaterThan(0)
  await migrate(later.connection, { log: silentLog })
  expect(await kept.drain.settle(120_000)).toBe(true)
  expect(kept.drain.status().detail).toBe('')
})

test('a thread that dies is started again and carries on where it was', async () => {
  await using kept = await opened()
  const who = someone()
  const first = await record(
    kept.recorder,
    startFacts(who, bodyOf([{ role: 'user', content: 'a' }])),
    streamOf({ text: 'a' }),
  )
  expect(await kept.drain.settle(120_000)).toBe(true)
  await kept.drain.restart()
  const second = await record(
    kept.recorder,
    startFacts(who, bodyOf([{ role: 'user', content: 'b' }])),
    streamOf({ text: 'b' }),
  )
  expect(await kept.drain.settle(120_000)).toBe(true)
  expect(kept.drain.status().restarts).toBe(1)
  expect([await outcome(first), await outcome(second)]).toEqual(['ok', 'ok'])
})
