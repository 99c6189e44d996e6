import { systemClock, type Uuid, uuidv7Floor } from '@reeve/base'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { visibility } from '../access/policy.ts'
import type { Executor } from '../db/database.ts'
import { type TestDatabase, testDatabase } from '../db/testing.ts'
import { type Sight, interceptionsMatching, sessionsMatching } from './list-conditions.ts'
import { countInterceptions, countSessions, findInterceptions, findSessions } from './list-queries.ts'
import { findInterceptionsOf, findThreads } from './queries.ts'
import { readSearch } from './search.ts'
import { person, type Person } from './gateway-testing.ts'

/**
 * What PostgreSQL reads for a list. With few rows it would rather read everything, so it is told not to while it can do
 * otherwise: what it reads in full all the same has no index that serves.
 */
let db: TestDatabase
let owner: Person
let member: Person
const days = 60
const now = systemClock.now()

beforeAll(async () => {
  db = await testDatabase()
  owner = await person(db, 'dana', { roles: ['owner'] })
  member = await person(db, 'erin')
  await sql`select ensure_day_partitions((${now}::timestamptz - n * interval '1 day')::date) from generate_series(0, ${days}::int) as n`.execute(
    db.sql,
  )
  for (let day = 0; day < days; day++) await insert(day)
})
afterAll(() => db[Symbol.asyncDispose]())

async function insert(day: number): Promise<void> {
  const at = new Date(now.getTime() - day * 86_400_000)
  const id = uuidv7Floor(at).slice(0, -3) + day.toString().padStart(3, '0')
  const who = day % 2 === 0 ? owner : member
  const { userId } = who.actor
  const organizationId = who.actor.organizationIds[0]!
  await sql`insert into sessions (id, organization_id, user_id, session_key, grouped_by, client, client_session_id, started_at,
    last_active_at, threads, models, provider_names) values (${id}, ${organizationId}, ${userId}, ${id}, 'client_id', 'Codex', ${`c-${day}`},
    ${at}, ${at}, 1, '{m}', '{p}')`.execute(db.sql)
  await sql`insert into interceptions (id, replica_id, replica_seq, organization_id, user_id, api_key_id, session_id, thread_id,
    provider, provider_name, route, model, streaming, client, started_at, capture, request_bytes, prompt, outcome, client_session_id)
    values (${id}, ${id}, ${day + 1}, ${organizationId}, ${userId}, 'k', ${id}, ${id}, 'anthropic', 'p', 'messages', 'm', true, 'Codex',
    ${at}, 'full', 1, ${`a prompt of day ${day}`}, 'ok', ${`c-${day}`})`.execute(db.sql)
}

const sightOf = ({ actor }: Person): Sight => ({
  rows: visibility(actor, 'interception:read'),
  words: visibility(actor, 'interception_content:read'),
})
const page = { limit: 20, offset: 0, afterId: null }

interface Reads {
  /** Partitions of the requests, and the sessions where it was those, that were read in full. */
  readonly full: readonly string[]
  /** How many partitions of the requests were read at all. */
  readonly partitions: number
}

async function reads(work: (tx: Executor) => Promise<unknown>): Promise<Reads> {
  return db.transaction(async (tx) => {
    await sql`set local enable_seqscan = off`.execute(tx)
    const before = await scans(tx)
    await work(tx)
    const after = await scans(tx)
    const more = (name: string, kind: 'full' | 'some') => after.get(name)![kind] - (before.get(name)?.[kind] ?? 0)
    const names = [...after.keys()]
    return {
      full: names.filter((name) => more(name, 'full') > 0),
      partitions: names.filter((name) => name !== 'sessions' && more(name, 'full') + more(name, 'some') > 0).length,
    }
  })
}

/** How often this connection has read which table. */
async function scans(tx: Executor): Promise<Map<string, { full: number; some: number }>> {
  const { rows } = await sql<{ name: string; full: number; some: number }>`
    select relname as name, seq_scan::int as full, coalesce(idx_scan, 0)::int as some from pg_stat_xact_user_tables
    where relname like 'interceptions%' or relname = 'sessions'`.execute(tx)
  return new Map(rows.map((row) => [row.name, row]))
}

const listed = (who: Person, q: string, given: Partial<typeof page> & { afterId?: Uuid | null } = {}) =>
  reads(async (tx) => {
    const filter = readSearch(q, who.actor)
    const where = await interceptionsMatching(tx, sightOf(who), filter)
    await findInterceptions(tx, where, { ...page, ...given, now })
    await countInterceptions(tx, where, 1_000, now)
  })

test('no list of requests reads a partition in full', async () => {
  const filters = [
    '',
    'initiator:me',
    'model:none',
    'client:none',
    'provider_name:none',
    'outcome:timeout',
    'status:error',
    'status:live',
    'session_id:c-9',
    'prompt',
  ]
  for (const q of filters) expect({ q, full: (await listed(owner, q)).full }).toEqual({ q, full: [] })
  expect((await listed(member, '')).full).toEqual([])
})

test('a page that the last days fill does not touch the partitions before them', async () => {
  const first = (limit: number, q = '') =>
    reads(async (tx) => {
      const where = await interceptionsMatching(tx, sightOf(owner), readSearch(q, owner.actor))
      expect(await findInterceptions(tx, where, { ...page, limit, now })).toHaveLength(limit)
    })
  expect((await first(2)).partitions).toBeLessThanOrEqual(5)
  expect((await first(10)).partitions).toBeLessThanOrEqual(35)
  expect((await first(60)).partitions).toBeGreaterThanOrEqual(60)
})

test('pages follow each other without a hole where one stretch of days ends and the next begins', async () => {
  const where = await interceptionsMatching(db.sql, sightOf(owner), readSearch('', owner.actor))
  const seen: Uuid[] = []
  for (let afterId: Uuid | null = null; ;) {
    const rows = await findInterceptions(db.sql, where, { limit: 7, offset: 0, afterId, now })
    seen.push(...rows.map((row) => row.id))
    if (rows.length < 7) break
    afterId = rows.at(-1)!.id
  }
  expect(seen).toHaveLength(days)
  expect(seen).toEqual([...new Set(seen)].toSorted().toReversed())
  expect(await countInterceptions(db.sql, where, 1_000, now)).toBe(days)
  expect(await countInterceptions(db.sql, where, 30, now)).toBe(31)
})

test('a member reads his own sessions by an index, and so does whoever asks for the next page', async () => {
  const of = (who: Person, afterId: Uuid | null) =>
    reads(async (tx) => {
      const where = await sessionsMatching(tx, sightOf(who), readSearch('', who.actor))
      await findSessions(tx, where, { limit: 5, offset: 0, afterId })
    })
  const where = await sessionsMatching(db.sql, sightOf(owner), readSearch('', owner.actor))
  const rows = await findSessions(db.sql, where, { ...page, limit: 5 })
  for (const read of [await of(member, null), await of(owner, null), await of(owner, rows.at(-1)!.id)]) {
    expect(read.full).toEqual([])
  }
  expect(await countSessions(db.sql, where, 10)).toBe(11)
})

test('one session is read from the partitions of its days', async () => {
  const where = await sessionsMatching(db.sql, sightOf(owner), readSearch('session_id:c-40', owner.actor))
  const [session] = await findSessions(db.sql, where, page)
  const read = await reads(async (tx) => {
    expect(await findThreads(tx, session!, { limit: 5, afterId: null, beforeId: null })).toHaveLength(1)
    expect(await findInterceptionsOf(tx, session!)).toHaveLength(1)
  })
  expect(read.partitions).toBeLessThanOrEqual(3)
})

test('words are found in sessions whether many prompts have them or few', async () => {
  const found = async (who: Person, q: string) => {
    const where = await sessionsMatching(db.sql, sightOf(who), readSearch(q, who.actor))
    return (await findSessions(db.sql, where, { ...page, limit: 100 })).map((row) => row.client_session_id)
  }
  expect(await found(member, '"of day 41"')).toEqual(['c-41'])
  // An owner reads no words but his own.
  expect(await found(owner, '"of day 41"')).toEqual([])
  expect(await found(member, 'prompt')).toHaveLength(days / 2)
})
