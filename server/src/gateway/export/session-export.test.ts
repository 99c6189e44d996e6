import { createHash } from 'node:crypto'
import { SessionExportLine } from '@reeve/sdk'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../db/testing.ts'
import { person, type Person, testGateway, type TestGateway } from '../gateway-testing.ts'
import { bodyOf, record, startFacts, streamOf, testRecord } from '../testing.ts'
import { bodyLines } from './body-lines.ts'

let db: TestDatabase
let gateway: TestGateway
let dana: Person
let erin: Person
let auditor: Person
let reviewer: Person
const canary = 'zebrafish'
const asked = new Map<string, Buffer>()

beforeAll(async () => {
  db = await testDatabase()
  gateway = await testGateway(db, 'http://127.0.0.1:9')
  dana = await person(db, 'dana')
  erin = await person(db, 'erin')
  auditor = await person(db, 'audrey', { roles: ['auditor'] })
  reviewer = await person(db, 'rita', { roles: ['content-reviewer'] })
  await using kept = await testRecord({ db })
  for (const [who, name] of [
    [dana, 'one'],
    [erin, 'two'],
    [dana, 'three'],
  ] as const) {
    const of = { userId: who.actor.userId, organizationId: who.actor.organizationIds[0]! }
    const body = bodyOf([{ role: 'user', content: `${canary} ${name} — é` }])
    const start = startFacts(of, body, { clientSessionId: name })
    const call = { id: `call-${name}`, name: 'Bash', input: { command: canary } }
    asked.set(await record(kept.recorder, start, streamOf({ thinking: canary, text: canary, call })), body)
  }
  await kept.drain()
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await db[Symbol.asyncDispose]()
})
beforeEach(async () => void (await sql`truncate content_reads`.execute(db.sql)))

const begin = async (who: Person, query: object): Promise<AsyncIterable<Buffer>> =>
  // SAFETY: the route of an export answers with pieces of bytes.
  (await gateway.call('exportSessions', who.actor, { query })) as AsyncIterable<Buffer>

async function exported(who: Person, query: object = {}): Promise<SessionExportLine[]> {
  const bytes = Buffer.concat(await Array.fromAsync(await begin(who, query)))
  const lines = bytes.toString().trimEnd().split('\n')
  const parsed = lines.map((line) => SessionExportLine.parse(JSON.parse(line)))
  const manifest = parsed.at(-1)
  const before = bytes.subarray(0, bytes.lastIndexOf(10, bytes.length - 2) + 1)
  const sha256 = createHash('sha256').update(before).digest('hex')
  expect(manifest).toMatchObject({ kind: 'manifest', lines: lines.length - 1, sha256 })
  return parsed
}
const of = <Kind extends SessionExportLine['kind']>(lines: readonly SessionExportLine[], kind: Kind) =>
  lines.filter((line): line is Extract<SessionExportLine, { kind: Kind }> => line.kind === kind)
const reads = () => db.sql.selectFrom('content_reads').selectAll().orderBy('owner_id').execute()

test('an export has every session with its requests, what happened in them, and their bytes as they were recorded', async () => {
  const lines = await exported(reviewer, { reason: 'incident 7', bodies: 'true' })
  expect(of(lines, 'session').map(({ session }) => session.client_session_id)).toEqual(['one', 'two', 'three'])
  expect(of(lines, 'request').map(({ request }) => request.id)).toEqual([...asked.keys()])
  expect(of(lines, 'event').map(({ event }) => event.kind)).toEqual(
    [1, 2, 3].flatMap(() => ['prompt', 'thinking', 'text', 'tool_call']),
  )
  for (const [id, body] of asked) {
    const parts = of(lines, 'body').filter((line) => line.request_id === id && line.side === 'request')
    expect(parts.map(({ data, encoding }) => Buffer.from(data, encoding).toString()).join('')).toBe(body.toString())
  }
  expect(of(lines, 'manifest')[0]).toMatchObject({ sessions: 3, requests: 3, events: 12, bodies: 6 })
})

test('each person whose words went out has it on record with the reason, and the audit log knows the file', async () => {
  const [manifest] = of(await exported(reviewer, { reason: 'incident 7' }), 'manifest')
  expect(await reads()).toMatchObject([
    { owner_id: dana.actor.userId, reader_id: reviewer.actor.userId, how: 'export', reason: 'incident 7' },
    { owner_id: erin.actor.userId, reader_id: reviewer.actor.userId, how: 'export', reason: 'incident 7' },
  ])
  const events = await db.sql.selectFrom('audit_events').selectAll().orderBy('id', 'desc').limit(4).execute()
  const finished = events.find(({ action }) => action === 'finish_export')
  expect(finished?.diff).toMatchObject({ sha256: { new: manifest?.sha256 }, sessions: { new: 3 } })
  expect(events.find(({ action }) => action === 'export')).toMatchObject({
    reason: 'incident 7',
    resource_type: 'session',
  })
})

test('who may not read words gets the facts without them, and nobody is on record', async () => {
  const lines = await exported(auditor, { bodies: 'true' })
  expect(of(lines, 'request')).toHaveLength(3)
  expect(JSON.stringify(lines)).not.toContain(canary)
  expect(of(lines, 'body')).toEqual([])
  expect(of(lines, 'event').every(({ event }) => event.content_withheld && event.text === null)).toBe(true)
  expect(await reads()).toEqual([])
  const own = await exported(dana, { bodies: 'true' })
  expect(of(own, 'session').map(({ session }) => session.client_session_id)).toEqual(['one', 'three'])
  expect(JSON.stringify(own)).toContain(canary)
  expect(await reads()).toEqual([])
})

test('words of others do not leave without a reason, and not before their owners have it on record', async () => {
  await expect(begin(reviewer, {})).rejects.toMatchObject({ code: 'invalid', problems: [{ field: 'reason' }] })
  expect(JSON.stringify(await exported(reviewer, { content: 'false' }))).not.toContain(canary)
  expect(await reads()).toEqual([])
  let soFar = ''
  for await (const piece of await begin(reviewer, { reason: 'x' })) {
    soFar += piece.toString()
    const known = await reads()
    expect(known.length >= (soFar.includes(`${canary} two`) ? 2 : soFar.includes(canary) ? 1 : 0)).toBe(true)
  }
})

test('a filter narrows it, and it goes on behind a session', async () => {
  const narrow = await exported(auditor, { q: 'initiator:erin' })
  expect(of(narrow, 'session').map(({ session }) => session.client_session_id)).toEqual(['two'])
  const [first] = of(await exported(auditor), 'session')
  const rest = await exported(auditor, { after_session_id: first!.session.id })
  expect(of(rest, 'session').map(({ session }) => session.client_session_id)).toEqual(['two', 'three'])
  expect(of(rest, 'manifest')[0]?.last_session_id).toBe(of(rest, 'session')[1]?.session.id)
})

test('a client that goes away ends it: nothing more is read, and no end is on record', async () => {
  const before = await db.sql.selectFrom('audit_events').select('id').where('action', '=', 'finish_export').execute()
  for await (const piece of await begin(reviewer, { reason: 'x' })) {
    if (piece.toString().includes('"session"')) break
  }
  const after = await db.sql.selectFrom('audit_events').select('id').where('action', '=', 'finish_export').execute()
  expect(after).toEqual(before)
})

test('a body is cut into parts that add up to it, never within a character', () => {
  const text = Buffer.from('aé€😀'.repeat(120_000))
  const binary = Buffer.concat([text, Buffer.from([0xff, 0xfe])])
  for (const [bytes, encoding] of [
    [text, 'utf8'],
    [binary, 'base64'],
  ] as const) {
    const lines = of([...bodyLines('019a0000-0000-7000-8000-000000000000', 'response', bytes)], 'body')
    expect(lines.length).toBeGreaterThan(2)
    expect(lines.every((line) => line.encoding === encoding && line.parts === lines.length)).toBe(true)
    expect(Buffer.concat(lines.map(({ data }) => Buffer.from(data, encoding))).equals(bytes)).toBe(true)
  }
  expect([...bodyLines('019a0000-0000-7000-8000-000000000000', 'response', Buffer.alloc(0))]).toEqual([])
})
