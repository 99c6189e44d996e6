import { cp, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { recordingLog, silentLog, systemClock } from '@reeve/base'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventStream } from '../../../test/support/replies.ts'
import { messageEvents } from '../../../test/support/messages.ts'
import { startUpstream, type Upstream } from '../../../test/support/upstream.ts'
import { type TestDatabase, testDatabase } from '../db/testing.ts'
import { bringIn, removeBroughtIn } from './bring-in.ts'
import { person, testGateway } from './gateway-testing.ts'
import { saveGateway } from './gateway-queries.ts'
import { listGateways } from './gateways.ts'

const turn = { blocks: [{ type: 'text', text: 'Late.' }], usage: { input_tokens: 7, output_tokens: 3 } } as const
const body = JSON.stringify({ model: 'm', max_tokens: 9, stream: true, messages: [{ role: 'user', content: 'hello' }] })

let folder: string
let journalDir: string
let upstream: Upstream
let lost: TestDatabase
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reeve-bring-in-'))
  journalDir = join(folder, 'journal')
  upstream = await startUpstream(() => eventStream(messageEvents(turn)))
  lost = await testDatabase()
  // Whatever it wrote into that database is not in the ones of the tests.
  await using gateway = await testGateway(lost, upstream.url, {}, { journalDir })
  const dana = await person(lost, 'dana')
  for (let asked = 0; asked < 3; asked++) await (await gateway.ask(dana.token, body)).text()
})
afterAll(async () => {
  await upstream[Symbol.asyncDispose]()
  await lost[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

const given = { structuredLogging: false, clock: systemClock, log: silentLog, signal: new AbortController().signal }

test('a journal of a gateway that does not come back is brought in, once, and the gateway has nothing left', async () => {
  await using db = await testDatabase()
  const dir = join(folder, 'copy')
  await cp(journalDir, dir, { recursive: true })
  const first = await bringIn({ ...given, dir, db })
  expect(first).toMatchObject({ complete: true, interrupted: 0, detail: '' })
  expect(first.records).toBeGreaterThanOrEqual(6)
  const rows = await db.sql.selectFrom('interceptions').select(['outcome', 'output_tokens']).execute()
  expect(rows).toEqual(Array.from({ length: 3 }, () => ({ outcome: 'ok', output_tokens: 3 })))
  const again = await bringIn({ ...given, dir, db })
  expect(again).toMatchObject({ complete: true, records: 0 })
  expect(await db.sql.selectFrom('interceptions').select('id').execute()).toHaveLength(3)
})

test('a silent gateway counts as stopped when its journal is in', async () => {
  await using db = await testDatabase()
  const dir = join(folder, 'silent')
  await cp(journalDir, dir, { recursive: true })
  const [row] = await lost.sql.selectFrom('gateways').selectAll().execute()
  await saveGateway(db.sql, { ...row!, stopped_at: null, seen_at: new Date(0), provider_standings: null })
  const [silent] = await listGateways(db.sql, systemClock)
  expect(silent).toMatchObject({ state: 'silent' })
  expect(silent!.pending_records).toBeGreaterThanOrEqual(6)
  await bringIn({ ...given, dir, db })
  expect(await listGateways(db.sql, systemClock)).toMatchObject([{ state: 'stopped', pending_records: 0 }])
})

test('what is no journal is not made one', async () => {
  await using db = await testDatabase()
  const dir = await mkdtemp(join(folder, 'none-'))
  await expect(bringIn({ ...given, dir, db })).rejects.toMatchObject({ code: 'not_found' })
  expect(await readdir(dir)).toEqual([])
})

test('a journal that a gateway is writing is left alone', async () => {
  await using db = await testDatabase()
  const dir = await mkdtemp(join(folder, 'live-'))
  await using _ = await testGateway(db, upstream.url, {}, { journalDir: dir })
  await expect(bringIn({ ...given, dir, db })).rejects.toMatchObject({ code: 'conflict' })
})

test('bringing in is left when asked to stop, and says that it is not complete', async () => {
  await using db = await testDatabase()
  const dir = join(folder, 'stopped')
  await cp(journalDir, dir, { recursive: true })
  const done = await bringIn({ ...given, dir, db, log: recordingLog(), signal: AbortSignal.abort() })
  expect(done.complete).toBe(false)
})

test('what was brought in is removed, but not what the disk damaged', async () => {
  const dir = await mkdtemp(join(folder, 'done-'))
  const damaged = await mkdtemp(join(folder, 'done-'))
  await cp(join(journalDir, 'replica-id'), join(damaged, '000001.damaged'))
  expect(await removeBroughtIn(dir)).toBe(true)
  expect(await removeBroughtIn(damaged)).toBe(false)
  expect(await readdir(folder)).not.toContain(dir.split('/').at(-1))
})
