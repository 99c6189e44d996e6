import { hash } from 'node:crypto'
import type { StartFacts } from '@reeve/bridge'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../db/testing.ts'
import { readBody } from '../interceptions.ts'
import { findInterception } from '../queries.ts'
import { Slices } from '../record/slices.ts'
import { bodyOf, endFacts, record, recordedBody, someone, startFacts, streamOf, testRecord } from '../testing.ts'

let db: TestDatabase
beforeAll(async () => void (db = await testDatabase()))
afterAll(() => db[Symbol.asyncDispose]())

const items = (id: string) =>
  db.sql.selectFrom('interception_items').selectAll().where('interception_id', '=', id).orderBy('seq').execute()
const interception = (id: string) =>
  db.sql.selectFrom('interceptions').selectAll().where('id', '=', id).executeTakeFirstOrThrow()

test('hostile text is stored without what PostgreSQL cannot hold, and cut at the bound; the bytes stay exact', async () => {
  await using kept = await testRecord({ db })
  const who = someone()
  const body = Buffer.from(
    `{"model":"m\\u0000","messages":[{"role":"user","content":"nul \\u0000 half \\ud800 ${'x'.repeat(300_000)}"}]}`,
  )
  const start = startFacts(who, body, { model: 'm\0', userAgent: 'a\0b\ud800' })
  await record(kept.recorder, start, streamOf({ text: 'fine' }))
  await kept.drain()
  const [item] = await items(start.id)
  expect(item!.text!.startsWith('nul \uFFFD half \uFFFD x')).toBe(true)
  expect(item).toMatchObject({ truncated: true })
  expect(Buffer.byteLength(item!.text!)).toBeLessThanOrEqual(256 * 1024 + 8)
  expect(body.equals(await bytesOf(start.id, 'request'))).toBe(true)
})

test('segments are retired when everything that began in them has ended and is in the database', async () => {
  await using kept = await testRecord({ db, segmentBytes: 32 * 1024 })
  const who = someone()
  const big = (n: number) => bodyOf([{ role: 'user', content: `${n} ${'y'.repeat(20_000)}` }])
  const long = await kept.recorder.begin(startFacts(who, big(0)))
  long.response(streamOf({ text: 'begun' }).subarray(0, 100))
  for (let i = 1; i < 8; i++) await record(kept.recorder, startFacts(who, big(i)), streamOf({ text: 'ok' }))
  await kept.drain()
  const retired = () =>
    kept.told.reduce((most, message) => (message.kind === 'retire' ? message.belowSegment : most), 0)
  const whileOpen = retired()
  await long.end(endFacts({ outcome: 'client_disconnected' }))
  await kept.drain()
  expect(whileOpen).toBeLessThanOrEqual(1)
  expect(retired()).toBeGreaterThan(3)
})

test('a long answer comes in chunks, is found again after a restart of the drain, and keeps its bytes', async () => {
  const who = someone()
  const answer = streamOf({ text: 'z'.repeat(300_000) })
  await using kept = await testRecord({ db })
  const start = startFacts(who, bodyOf([{ role: 'user', content: 'long' }]))
  const recording = await kept.recorder.begin(start)
  for (let at = 0; at < answer.length; at += 7_000) recording.response(answer.subarray(at, at + 7_000))
  await record(kept.recorder, startFacts(who, bodyOf([{ role: 'user', content: 'other' }])), streamOf({ text: 'x' }))
  await kept.drain()
  await sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'reeve drain' and datname = current_database()`.execute(
    db.sql,
  )
  await recording.end(endFacts())
  await recording.trailer(Buffer.from(': late\n\n'))
  await kept.drain()
  const whole = Buffer.concat([answer, Buffer.from(': late\n\n')])
  expect(whole.equals(await bytesOf(start.id, 'response'))).toBe(true)
  const row = await interception(start.id)
  expect(row.response_sha256).toEqual(hash('sha256', whole, 'buffer'))
  expect(row).toMatchObject({ response_bytes: whole.length, stop_reason: 'end_turn' })
})

test('bodies that grow, shrink and are edited anywhere come back exactly', async () => {
  await using kept = await testRecord({ db })
  const who = someone()
  let seed = 7
  const random = (below: number) => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) % below
  let body = bodyOf([{ role: 'user', content: 'begin' }])
  let base: StartFacts['body']['base'] = null
  const sent = new Map<string, Buffer>()
  for (let i = 0; i < 90; i++) {
    const start = startFacts(who, body, { body: recordedBody(body, base) })
    await record(kept.recorder, start, streamOf({ text: 'ok' }))
    sent.set(start.id, body)
    if (i % 17 === 0) await kept.drain()
    const at = random(body.length + 1)
    const removed = random(5) === 0 ? random(body.length - at + 1) : 0
    const added = Buffer.from(`,${'q'.repeat(random(400))}${i}`)
    const next: Buffer = Buffer.concat([body.subarray(0, at), added, body.subarray(at + removed)])
    base = random(9) === 0 ? null : sharedWith(start.id, body, next)
    body = next
  }
  await kept.drain()
  for (const [id, bytes] of sent) expect(bytes.equals(await bytesOf(id, 'request'))).toBe(true)
  const rows = await db.sql
    .selectFrom('interceptions')
    .select('request_slices')
    .where('user_id', '=', who.userId)
    .execute()
  expect(Math.max(...rows.map((row) => Slices.parse(row.request_slices).length))).toBeLessThanOrEqual(32)
  expect(kept.lines.filter((line) => line.level === 'error')).toEqual([])
})

function sharedWith(interceptionId: string, a: Buffer, b: Buffer): StartFacts['body']['base'] {
  const most = Math.min(a.length, b.length)
  let prefixBytes = 0
  while (prefixBytes < most && a[prefixBytes] === b[prefixBytes]) prefixBytes++
  let suffixBytes = 0
  while (suffixBytes < most - prefixBytes && a[a.length - 1 - suffixBytes] === b[b.length - 1 - suffixBytes])
    suffixBytes++
  return { interceptionId, prefixBytes, suffixBytes }
}

async function bytesOf(id: string, side: 'request' | 'response'): Promise<Buffer> {
  const row = await findInterception(db.sql, id)
  return Buffer.from((await readBody(db, row!, side)).bytes)
}
