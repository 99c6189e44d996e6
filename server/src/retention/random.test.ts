import fc from 'fast-check'
import { manualClock, type Uuid, uuidv7, uuidv7Floor, uuidv7Time } from '@reeve/base'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../db/testing.ts'
import { dayMs } from './policies.ts'
import { planRetention } from './plan.ts'
import { selectDecisions } from './policy-queries.ts'
import { runRetention } from './run.ts'
import { type TestRetention, testRetention } from './testing.ts'

const clock = manualClock('2026-06-30T12:00:00Z')
const now = clock.now().getTime()
const [acme, globex] = [uuidv7(clock.now()), uuidv7(clock.now())]
const people = [uuidv7(clock.now()), uuidv7(clock.now()), uuidv7(clock.now())]

let db: TestDatabase
let world: TestRetention
beforeAll(async () => {
  db = await testDatabase()
  world = await testRetention(db, clock)
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await db[Symbol.asyncDispose]()
})

const organization = fc.constantFrom(acme, globex)
const keepDays = fc.constantFrom(0, 2, 5, 9)
const row = fc.record({
  organization,
  user: fc.constantFrom(...people),
  hoursAgo: fc.integer({ min: 0, max: 12 * 24 }),
})
const hold = fc.record({
  user: fc.option(fc.constantFrom(...people)),
  fromDays: fc.option(fc.integer({ min: 0, max: 12 })),
  toDays: fc.option(fc.integer({ min: 0, max: 12 })),
})
const policies = fc.record({
  content: keepDays,
  metadata: keepDays,
  own: fc.option(fc.record({ content: keepDays, metadata: keepDays })),
})
type Row = typeof row extends fc.Arbitrary<infer T> ? T : never
type Hold = typeof hold extends fc.Arbitrary<infer T> ? T : never

const ago = (days: number) => new Date(now - days * dayMs)
/** Whole days of UTC are over, and 0 never is. */
const isOver = (id: Uuid, keep: number): boolean => {
  const at = uuidv7Time(id)?.getTime() ?? now
  return keep > 0 && Math.floor(at / dayMs) * dayMs + dayMs <= now - keep * dayMs
}
const shorter = (a: number, b: number) => (a === 0 ? b : b === 0 ? a : Math.min(a, b))

async function fill(rows: readonly Row[]): Promise<Uuid[]> {
  await sql`truncate interceptions, interception_items, sessions, legal_holds, retention_policies`.execute(db.sql)
  const ids = rows.map(({ hoursAgo }, index) => {
    const floor = uuidv7Floor(new Date(now - hoursAgo * 3_600_000))
    return floor.slice(0, -4) + index.toString(16).padStart(4, '0')
  })
  for (let day = 0; day <= 13; day++) {
    await sql`select ensure_day_partitions(${ago(day).toISOString().slice(0, 10)}::date)`.execute(db.sql)
  }
  for (const [index, { organization: organization_id, user: user_id }] of rows.entries()) {
    const id = ids[index] ?? ''
    const at = uuidv7Time(id) ?? clock.now()
    await sql`insert into sessions (id, organization_id, user_id, session_key, grouped_by, client, started_at, last_active_at,
        first_prompt, first_prompt_from)
      values (${id}, ${organization_id}, ${user_id}, ${id}, 'request', 'c', ${at}, ${at}, 'words', ${id})`.execute(
      db.sql,
    )
    await sql`insert into interceptions (id, replica_id, replica_seq, organization_id, user_id, api_key_id, session_id, thread_id,
        provider, provider_name, route, model, streaming, client, started_at, ended_at, outcome, capture, request_bytes, prompt)
      values (${id}, ${id}, ${index}, ${organization_id}, ${user_id}, 'k', ${id}, ${id}, 'p', 'p', 'messages', 'm', true, 'c',
        ${at}, ${at}, 'ok', 'full', 1, 'words')`.execute(db.sql)
    await sql`insert into interception_items (interception_id, seq, session_id, user_id, kind, origin, at, text)
      values (${id}, 1, ${id}, ${user_id}, 'prompt', 'human', ${at}, 'words')`.execute(db.sql)
  }
  return ids
}

const covers = ({ user, fromDays, toDays }: Hold, { user: whose }: Row, id: Uuid): boolean =>
  (user === null || user === whose) &&
  (fromDays === null || id >= uuidv7Floor(ago(fromDays))) &&
  (toDays === null || id < uuidv7Floor(ago(toDays)))

test('nothing held or younger goes, everything else does, the plan counts it, and a second run changes nothing', async () => {
  const property = fc.asyncProperty(
    fc.array(row, { minLength: 1, maxLength: 14 }),
    fc.array(hold, { maxLength: 2 }),
    policies,
    async (rows, given, { content, metadata, own }) => {
      const ids = await fill(rows)
      const holds = given.filter(({ user, fromDays, toDays }) => user !== null || fromDays !== null || toDays !== null)
      for (const { user, fromDays, toDays } of holds) {
        await world.hold({
          ...(user === null ? {} : { user_id: user }),
          ...(fromDays === null ? {} : { from_at: ago(fromDays) }),
          ...(toDays === null ? {} : { to_at: ago(toDays) }),
        })
      }
      await world.decide('content', content)
      await world.decide('metadata', metadata)
      if (own !== null) await world.decide('content', own.content, acme)
      if (own !== null) await world.decide('metadata', own.metadata, acme)

      const expected = rows.flatMap((each, index) => {
        const id = ids[index] ?? ''
        const keeps = each.organization === acme && own !== null ? own : { content, metadata }
        const free = !holds.some((one) => covers(one, each, id))
        if (free && isOver(id, keeps.metadata)) return []
        return [{ id, words: !(free && isOver(id, shorter(keeps.content, keeps.metadata))) }]
      })
      const wordsGone = rows.length - expected.filter(({ words }) => words).length
      const plan = await planRetention(db.sql, await selectDecisions(db.sql), clock.now())
      const planned = (dataClass: string) =>
        plan.portions
          .filter((one) => one.unit === 'requests' && one.dataClass === dataClass)
          .reduce((sum, { free }) => sum + free, 0)
      expect([planned('content'), planned('metadata')]).toEqual([wordsGone, rows.length - expected.length])

      await runRetention(world)
      expect(await left()).toEqual(expected.toSorted((a, b) => (a.id < b.id ? -1 : 1)))
      expect((await runRetention(world)).removed).toEqual([])
    },
  )
  await fc.assert(property, { numRuns: Number(process.env['REEVE_RETENTION_RUNS'] ?? 8) })
})

/** What is left, and whether its words are, wherever they were. */
async function left(): Promise<{ id: Uuid; words: boolean }[]> {
  const { rows } = await sql<{ id: Uuid; words: number }>`
    select i.id, (i.prompt is not null)::int + (t.text is not null)::int + (s.first_prompt is not null)::int as words
    from interceptions i left join interception_items t on t.interception_id = i.id
    left join sessions s on s.id = i.session_id order by i.id`.execute(db.sql)
  for (const { words } of rows) expect([0, 3]).toContain(words)
  return rows.map(({ id, words }) => ({ id, words: words === 3 }))
}
