import { randomInt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { silentLog, systemClock } from '@reeve/base'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../db/testing.ts'
import { tokenColumns } from '../record/token-classes.ts'
import { bodyOf, endFacts, type Ids, record, someone, startFacts, streamOf, testRecord } from '../testing.ts'
import { DrainLoop } from './loop.ts'

let db: TestDatabase
beforeAll(async () => void (db = await testDatabase()))
afterAll(() => db[Symbol.asyncDispose]())

const classes = Object.values(tokenColumns)
const sums = sql.raw(classes.map((name) => `sum(${name})::bigint as ${name}`).join(', '))
const key = sql.raw('organization_id, user_id, provider, provider_name, model, client')

const counted = async () =>
  (
    await sql`select hour, ${key}, requests, errors, ${sql.raw(classes.join(', '))} from usage_hourly
    order by hour, ${key}`.execute(db.sql)
  ).rows
const recorded = async () =>
  (
    await sql`select date_trunc('hour', ended_at, 'UTC') as hour, ${key}, count(*) as requests,
      count(*) filter (where outcome not in ('ok', 'client_disconnected')) as errors, ${sums}
    from interceptions where ended_at is not null group by 1, ${key} order by 1, ${key}`.execute(db.sql)
  ).rows

const hello = bodyOf([{ role: 'user', content: 'hello' }])
const hourMs = 3_600_000
const outcomes = ['ok', 'client_disconnected', 'upstream_error', 'timeout'] as const
const among = <T>(values: readonly T[]): T => values[randomInt(values.length)]!

/** As many requests with tokens at random, of these people, some of them of hours ago. */
async function work(kept: Awaited<ReturnType<typeof testRecord>>, people: readonly Ids[], requests: number) {
  for (let n = 0; n < requests; n++) {
    const endedAt = new Date(systemClock.now().getTime() - randomInt(4) * hourMs)
    const facts = startFacts(among(people), hello, { model: among(['m-1', 'm-2', '']), client: among(['Codex', 'é']) })
    const tokens = { input: randomInt(1_000), output: randomInt(1_000) }
    await record(kept.recorder, facts, streamOf({ text: 'x', tokens }), { endedAt, outcome: among(outcomes) })
  }
}

test('usage adds up to the requests, for random ones, with late ones and two drains of one journal', async () => {
  await using kept = await testRecord({ db })
  const people = [someone(), someone(), someone()]
  await work(kept, people, 40)
  const told: number[] = []
  const other = new DrainLoop({
    journalDir: kept.dir,
    replicaId: kept.journal.replicaId,
    connection: db.connection,
    structuredLogging: false,
    clock: systemClock,
    log: silentLog,
    tell: (message) => void (message.kind === 'drained' && told.push(message.to.seq)),
  })
  const running = other.run()
  try {
    for (let round = 0; round < 4; round++) {
      other.advance({ ...kept.journal.durable() })
      await kept.drain()
      await work(kept, people, 10)
    }
    await kept.drain()
  } finally {
    other.stop()
    await running
  }
  expect(await counted()).toEqual(await recorded())
  const { rows } = await sql<{ n: number }>`select sum(requests)::int as n from usage_hourly`.execute(db.sql)
  expect(rows).toEqual([{ n: 80 }])
})

test('replicas that write the same hours at once neither wait for each other for ever nor lose a count', async () => {
  await using one = await testRecord({ db })
  await using two = await testRecord({ db })
  const people = Array.from({ length: 6 }, () => someone())
  for (let round = 0; round < 5; round++) {
    await Promise.all([work(one, people, 15), work(two, people.toReversed(), 15)])
    await Promise.all([one.drain(), two.drain()])
  }
  expect(await counted()).toEqual(await recorded())
  for (const { told, lines } of [one, two]) {
    expect(
      told.filter(({ kind }) => kind === 'trouble').every((each) => each.kind === 'trouble' && each.detail === null),
    ).toBe(true)
    expect(lines.filter(({ level }) => level === 'warn' || level === 'error')).toEqual([])
  }
})

test('what has not ended is not counted yet, and is when a later batch ends it', async () => {
  await using kept = await testRecord({ db })
  const who = someone()
  const recording = await kept.recorder.begin(startFacts(who, hello))
  await kept.drain()
  const of = async () => (await counted()).filter((row) => (row as { user_id: string }).user_id === who.userId)
  expect(await of()).toEqual([])
  recording.response(streamOf({ text: 'x', tokens: { input: 5, output: 6 } }))
  await recording.end(endFacts({ outcome: 'upstream_aborted' }))
  await kept.drain()
  expect(await of()).toMatchObject([
    { requests: 1, errors: 1, input_tokens: 5, output_tokens: 6, cache_read_tokens: 3, cache_write_tokens: 2 },
  ])
})

test('what was recorded before there was usage is counted by the migration as the drain would have', async () => {
  await using kept = await testRecord({ db })
  await work(kept, [someone(), someone()], 20)
  await kept.recorder.begin(startFacts(someone(), hello))
  await kept.drain()
  const migration = readFileSync(new URL('../../db/migrations/0016_usage.sql', import.meta.url), 'utf8')
  const before = await counted()
  await db.sql.deleteFrom('usage_hourly').execute()
  await sql.raw(migration.slice(migration.indexOf('insert into usage_hourly'))).execute(db.sql)
  expect(await counted()).toEqual(before)
})

test('a batch that is not committed counts nothing', async () => {
  await using kept = await testRecord({ db })
  const who = someone()
  await sql`create function refuse() returns trigger language plpgsql as $$
    begin raise exception 'not now' using errcode = '40001'; end $$`.execute(db.sql)
  await sql`create constraint trigger refuse after insert or update on usage_hourly deferrable initially deferred
    for each row execute function refuse()`.execute(db.sql)
  await record(kept.recorder, startFacts(who, hello), streamOf({ text: 'x' }))
  const drained = kept.drain()
  while (!kept.told.some((message) => message.kind === 'trouble' && message.detail !== null)) {
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  await sql`drop trigger refuse on usage_hourly`.execute(db.sql)
  await drained
  expect(await counted()).toEqual(await recorded())
})
