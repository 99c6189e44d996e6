import { recordingLog, silentLog } from '@reeve/base'
import { sql } from 'kysely'
import { Registry } from 'prom-client'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  newDenial,
  registrationOf,
  type TestBoundary,
  testBoundary,
  web,
} from '../../../test/support/boundary-lines.ts'
import { registerAuditMetrics } from '../audit/metrics.ts'
import { noRecords, receiver, type Receiver, sinkWorld } from '../audit/sinks/testing.ts'
import { syslogLine } from '../audit/sinks/syslog.ts'
import { mustBeOcsf } from '../audit/testing-ocsf.ts'
import { createBoundaryRecords } from './boundary-records.ts'
import { takeNumbers } from './record-queries.ts'
import { type BoundaryWorld, boundaryWorld } from './testing.ts'

let world: BoundaryWorld
let sinks: ReturnType<typeof sinkWorld>
let max: string
beforeEach(async () => {
  world = await boundaryWorld()
  sinks = sinkWorld(world.identity.db)
  await world.identity.owner()
  max = await world.identity.person('max')
})
afterEach(() => world[Symbol.asyncDispose]())

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const wanted = { secret, sends: ['boundaries'] }
const sessions = '/api/v2/boundaries/sessions'

async function begin(): Promise<TestBoundary> {
  const boundary = testBoundary(world.identity.clock)
  const body = registrationOf(boundary, world.identity.clock)
  expect((await world.call('POST', sessions, { token: max, body })).status).toBe(201)
  return boundary
}
const deliver = ({ id }: TestBoundary, ...facts: readonly Record<string, unknown>[]) =>
  world.call('POST', `${sessions}/${id}/events`, { token: max, body: { events: facts } })

const runner = (given = {}) =>
  sinks.runner({ records: { ...noRecords, boundaries: createBoundaryRecords(world.identity.db) }, ...given })

type Told = Record<string, unknown>
const recordsAt = (received: Receiver['received']): Told[] =>
  received.flatMap(({ body }) => {
    const { type, data } = JSON.parse(body)
    expect(type).toBe('boundaries.records')
    return data.records
  })
const placesOf = (records: readonly Told[]) => records.map((one) => [one['boundary_session'], one['boundary_seq']])
const pages = (count: number, from = 0) =>
  Array.from({ length: count }, (_, n) => web(`https://h${from + n}.example.com/page`))

test('a receiver that was away is sent every line when it is back, in order, and nothing twice after that', async () => {
  let isAway = true
  await using siem = await receiver((res) => void res.writeHead(isAway ? 503 : 204).end())
  await sinks.addSink('webhook', siem.url, wanted)
  const boundary = await begin()
  const denied = newDenial()
  const lines = boundary.next(
    { kind: 'session' },
    web('https://a.example.com/x?y=1', { rule: 'docs' }),
    web('https://b.example.com/', { verdict: 'denied', denial: denied, method: 'POST' }),
    ...pages(430),
  )
  await deliver(boundary, ...lines.slice(0, 3))
  const run = runner()
  await run()
  expect(await sinks.state()).toMatchObject({ attempts: 1, last_error: expect.stringContaining('503') })
  const tried = siem.received.length
  await deliver(boundary, ...lines.slice(3))
  isAway = false
  sinks.clock.advance(60_000)
  await run()
  const records = recordsAt(siem.received.slice(tried))
  expect(placesOf(records)).toEqual(lines.map((_, seq) => [boundary.id, seq]))
  expect(new Set(records.map((one) => one['id'])).size).toBe(433)
  expect(records[0]).toMatchObject({ record_type: 'boundary_session', kind: 'session', owner: 'max' })
  expect(records[1]).toMatchObject({
    record_type: 'boundary_request',
    decision: 'allow',
    owner: 'max',
    workspace_id: '',
    http_method: 'GET',
    http_url: 'https://a.example.com/x?y=1',
    matched_rule: 'docs',
    process_tree: 'claude > bash > curl',
    tier: 1,
    policy: 'base@v1',
  })
  expect(records[2]).toMatchObject({ decision: 'deny', matched_rule: '', denial: denied })
  const had = siem.received.length
  expect(had - tried).toBeLessThan(20)
  await run()
  expect(siem.received.length).toBe(had)
})

test('what one server has not committed yet is not overtaken by what another has', async () => {
  await using siem = await receiver()
  await sinks.addSink('webhook', siem.url, wanted)
  const { db } = world.identity
  const first = await begin()
  const second = await begin()
  await deliver(first, ...first.next({ kind: 'session' }))
  const taken = Promise.withResolvers<void>()
  const go = Promise.withResolvers<void>()
  const slow = db.transaction(async (tx) => {
    await takeNumbers(tx, 2)
    taken.resolve()
    await go.promise
    // As if both of its lines had been removed again: whatever is below a number is decided before it is sent.
  })
  await taken.promise
  const quick = deliver(second, ...second.next({ kind: 'session' }, ...pages(3)))
  await waitsForLock()
  const run = runner()
  await run()
  expect(placesOf(recordsAt(siem.received))).toEqual([[first.id, 0]])
  go.resolve()
  await slow
  expect((await quick).status).toBe(200)
  await run()
  const [, gap, ...rest] = recordsAt(siem.received)
  expect(gap).toMatchObject({ record_type: 'gap', from_record: 2, to_record: 3, events: 2 })
  expect(placesOf(rest)).toEqual([0, 1, 2, 3].map((seq) => [second.id, seq]))
})

/** Somebody waits for the row that numbers. */
async function waitsForLock(): Promise<void> {
  for (;;) {
    const { rows } = await sql<{ n: number }>`select count(*)::int as n from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock' and query like '%boundary_records%'`.execute(
      world.identity.db.sql,
    )
    if ((rows[0]?.n ?? 0) > 0) return
    await new Promise(setImmediate)
  }
}

test('two servers that take lines, and two that deliver, lose nothing and keep the order of every boundary', async () => {
  await using siem = await receiver()
  await sinks.addSink('webhook', siem.url, wanted)
  const boundaries = await Promise.all(Array.from({ length: 6 }, begin))
  const replicas = [runner(), runner()]
  const over = new AbortController()
  const delivering = replicas.map(async (run) => {
    while (!over.signal.aborted) await run()
  })
  const all = boundaries.map(async (boundary) => {
    const answers = []
    for (let n = 0; n < 8; n++) answers.push(await deliver(boundary, ...boundary.next(...pages(7, n))))
    return answers.map(({ status, json }) => (status === 200 ? 200 : json))
  })
  const answers = await Promise.all(all)
  over.abort()
  await Promise.all(delivering)
  expect([...new Set(answers.flat())]).toEqual([200])
  for (const run of replicas) await run()
  const records = recordsAt(siem.received)
  expect(records.filter((one) => one['record_type'] === 'gap')).toEqual([])
  expect(new Set(records.map((one) => one['id'])).size).toBe(6 * 56)
  for (const { id } of boundaries) {
    const seqs = [...new Set(records.filter((one) => one['boundary_session'] === id).map((one) => one['boundary_seq']))]
    expect(seqs).toEqual(Array.from({ length: 56 }, (_, n) => n))
  }
})

test('a batch that is refused takes no numbers: nothing seems to be missing', async () => {
  await using siem = await receiver()
  await sinks.addSink('webhook', siem.url, wanted)
  const boundary = await begin()
  const lines = boundary.next({ kind: 'session' }, ...pages(1))
  await deliver(boundary, ...lines)
  const forged = await deliver(boundary, { ...lines[1], rule: 'other' }, ...boundary.next(...pages(1)))
  expect(forged.status).toBe(409)
  await deliver(boundary, ...lines)
  const other = await begin()
  await deliver(other, ...other.next({ kind: 'session' }))
  await runner()()
  expect(placesOf(recordsAt(siem.received))).toEqual([
    [boundary.id, 0],
    [boundary.id, 1],
    [other.id, 0],
  ])
})

test('what retention removed before it could be sent is told as one gap, however much it was', async () => {
  await using siem = await receiver()
  await sinks.addSink('webhook', siem.url, wanted)
  const boundary = await begin()
  for (let n = 0; n < 3; n++) expect((await deliver(boundary, ...boundary.next(...pages(200)))).status).toBe(200)
  await sql`delete from boundary_events where record_no between 2 and 590`.execute(world.identity.db.sql)
  const log = recordingLog()
  const missed: [string, number][] = []
  const removed = (_: string, stream: string, count: number) => void missed.push([stream, count])
  await runner({ log, meter: { delivered() {}, failed() {}, removed } })()
  const records = recordsAt(siem.received)
  expect(records.filter((one) => one['record_type'] === 'gap')).toMatchObject([
    { from_record: 2, to_record: 590, events: 589 },
  ])
  expect(records).toHaveLength(1 + 1 + 10)
  expect(missed).toEqual([['boundaries', 589]])
  expect(log.lines.filter((line) => line.level === 'error')).toHaveLength(1)
})

test('where everything is gone a new sink begins behind it, and a day that is dropped leaves no error', async () => {
  const source = createBoundaryRecords(world.identity.db)
  expect(await source.beginnings()).toEqual(new Map())
  const boundary = await begin()
  await deliver(boundary, ...boundary.next({ kind: 'session' }, ...pages(4)))
  await world.identity.db.sql.deleteFrom('boundary_events').where('record_no', '<=', 2).execute()
  expect([...(await source.beginnings()).values()]).toEqual([2])
  await world.identity.db.sql.deleteFrom('boundary_events').execute()
  expect([...(await source.beginnings()).values()]).toEqual([5])
})

test('over syslog each is a line of its own, a denial a warning', async () => {
  const boundary = await begin()
  const url = 'https://a.example.com/\n<0>1 forged'
  const lines = boundary.next(web(url), web(url, { verdict: 'denied', rule: 'a"]\n' }))
  expect((await deliver(boundary, ...lines)).status).toBe(200)
  const wishes = { limit: 10, words: false, format: 'reeve' } as const
  const batch = await createBoundaryRecords(world.identity.db).next(new Map(), wishes)
  const told: string[] = []
  for await (const message of batch?.messages ?? []) told.push(syslogLine(message))
  expect(told.map((line) => line.slice(0, 6))).toEqual(['<109>1', '<108>1'])
  expect(told.join('')).not.toContain('\n')
  expect(told[1]).toMatch(/ boundary_request \[reeve@32473 id="[0-9a-f-]{36}" seq="2"\] \{/)
})

test('how far a sink is behind is told for each stream, and for streams that it wants alone', async () => {
  await using siem = await receiver((res) => void res.writeHead(503).end())
  await sinks.addSink('webhook', siem.url, { ...wanted, sends: ['audit', 'boundaries'] })
  await sinks.addSink('webhook', siem.url, { ...wanted, name: 'other', sends: ['interceptions'] })
  const { db } = world.identity
  const registry = new Registry()
  const records = { ...noRecords, boundaries: createBoundaryRecords(db) }
  registerAuditMetrics(registry, { db, clock: world.identity.clock, log: silentLog, records })
  const boundary = await begin()
  await deliver(boundary, ...boundary.next({ kind: 'session' }, ...pages(4)))
  await runner()()
  const told = await registry.metrics()
  expect(told).toContain('reeve_sink_record_lag{sink="siem",stream="boundaries"} 5')
  expect(told).toContain('reeve_sink_record_lag{sink="other",stream="interceptions"} 0')
  expect(told).not.toContain('stream="boundaries"} 0')
})

test('OTLP and OCSF carry every kind of line, with what each class asks for', async () => {
  await using siem = await receiver()
  await sinks.addSink('otlp', siem.url, { sends: ['boundaries'], format: 'ocsf' })
  const boundary = await begin()
  const long = 'x'.repeat(60_000)
  const process = { pid: 7, exe: null, argv: ['curl'], tree: ['curl'] }
  const connection = web('https://c.example.com/') as { net: object }
  const lines = boundary.next(
    { kind: 'session', process: null },
    web('https://a.example.com/', { method: 'PROPFIND' }),
    web('https://b.example.com/', { verdict: 'denied' }),
    { ...connection, process, net: { ...connection.net, method: null, url: null, address: '203.0.113.9' } },
    { kind: 'dns', decision: 'deny', would: 'deny', dns: { name: 'x.example.com', type: 'AAAA', count: 1 } },
    { kind: 'file', file: { op: 'read', path: '/root/.ssh/', count: 1 } },
    { kind: 'exec', exec: { path: '/usr/bin/rm', argv: ['rm', '-rf', '/'], cwd: '/' } },
    { kind: 'exec', exec: { path: `/${long}`, argv: [long, long, long], cwd: `/${long}` } },
    { kind: 'tamper' },
    { kind: 'end' },
  )
  expect((await deliver(boundary, ...lines)).status).toBe(200)
  await world.identity.db.sql.deleteFrom('boundary_events').where('record_no', '=', 10).execute()
  await runner()()
  const [{ scopeLogs }] = JSON.parse(siem.received[0]!.body).resourceLogs
  expect(scopeLogs[0].scope).toEqual({ name: 'reeve.boundaries' })
  const told = scopeLogs[0].logRecords.map((one: { body: { stringValue: string } }) => JSON.parse(one.body.stringValue))
  const classes = told.map((one: Told) => [one['class_uid'], one['activity_id'], one['action']])
  expect(classes).toEqual([
    // Gaps are told before what came with them.
    [6003, 99, undefined],
    [6003, 99, 'Allowed'],
    [4002, 99, 'Allowed'],
    [4002, 3, 'Denied'],
    [4001, 1, 'Allowed'],
    [4003, 1, 'Denied'],
    [1001, 99, 'Allowed'],
    [1007, 1, 'Allowed'],
    [1007, 1, 'Allowed'],
    [6003, 99, 'Allowed'],
  ])
  for (const event of told) mustBeOcsf(event)
  // A message that is too long would be cut in its middle, and be no JSON.
  expect(Math.max(...told.map((one: Told) => JSON.stringify(one).length))).toBeLessThan(32_000)
})
